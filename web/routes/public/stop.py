"""The public page by which a reporter ends the messages about a report."""

from fastapi import APIRouter, Response

from doors.dependencies import ServicesDep
from infra.database import transaction
from models.errors import WrongCode
from services.public.messages import read_stop_token, stop_by
from web.reader import AnyVisitor
from web.routes.public.page import public_page

router = APIRouter()


@router.get("/p/stop/{token}")
async def ask_to_stop(services: ServicesDep, visitor: AnyVisitor, token: str) -> Response:
    """Ask whether no more messages are wanted. A program that opens every link of a mail changes nothing."""
    try:
        read_stop_token(services.settings, token)
    except WrongCode as error:
        return public_page(visitor, "public/stop.html", error.status, token=token, done=False, error=True)
    return public_page(visitor, "public/stop.html", token=token, done=False, error=False)


@router.post("/p/stop/{token}")
async def stop(services: ServicesDep, visitor: AnyVisitor, token: str) -> Response:
    """Send no more messages about the report. Safe to repeat."""
    try:
        async with transaction(services.engine) as connection:
            await stop_by(connection, services.settings, token, visitor.now)
    except WrongCode as error:
        return public_page(visitor, "public/stop.html", error.status, token=token, done=False, error=True)
    return public_page(visitor, "public/stop.html", token=token, done=True, error=False)
