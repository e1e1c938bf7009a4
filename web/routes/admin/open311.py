"""管理: the keys with which programs report over Open311."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from doors.client import public_address
from doors.dependencies import ServicesDep
from infra.database import transaction
from models.errors import DomainError
from services.open311.keys import PER_HOUR, NewKey, list_keys, make_key, revoke_key
from web.pages import go_to
from web.reader import Reader, SignedIn
from web.routes.admin.common import admin_fault, admin_page
from web.routes.common import status_of

router = APIRouter()


@router.get("/admin/open311")
async def show_keys(request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """The keys, and the form of a new one."""
    return await _page(request, services, reader)


async def _page(
    request: Request,
    services: ServicesDep,
    reader: Reader,
    status: int = 200,
    fault: str = "",
    made: str = "",
    typed: dict[str, str] | None = None,
) -> Response:
    async with services.engine.connect() as connection:
        keys = await list_keys(connection, reader.person, reader.now)
    address = public_address(request, "/open311/v2")
    usual = {"name": "", "unit": "", "per_hour": str(PER_HOUR)}
    return admin_page(
        reader, "open311.html", status, keys=keys, fault=fault, made=made, address=address, typed=typed or usual
    )


@router.post("/admin/open311")
async def make(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    name: Annotated[str, Form(max_length=200)] = "",
    unit: Annotated[str, Form(max_length=80)] = "",
    per_hour: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Make a key, which this answer shows once."""
    typed = {"name": name, "unit": unit, "per_hour": per_hour}
    try:
        wanted = NewKey.model_validate(typed)
        async with transaction(services.engine) as connection:
            _, key = await make_key(connection, reader.person, wanted, reader.now)
    except (DomainError, ValidationError) as error:
        return await _page(request, services, reader, status_of(error), admin_fault(error, reader), typed=typed)
    return await _page(request, services, reader, made=key)


@router.post("/admin/open311/revoke")
async def revoke(request: Request, services: ServicesDep, reader: SignedIn, key: Annotated[UUID, Form()]) -> Response:
    """Revoke a key."""
    try:
        async with transaction(services.engine) as connection:
            await revoke_key(connection, reader.person, key, reader.now)
    except DomainError as error:
        return await _page(request, services, reader, error.status, admin_fault(error, reader))
    return go_to(request, "/admin/open311")
