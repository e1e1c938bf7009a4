"""访问令牌: the reader's personal tokens for scripts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from doors.dependencies import ServicesDep
from infra.database import transaction
from models.enums import Role
from models.errors import DomainError, NoSuchToken
from services.accounts.tokens import GIVEN, NewToken, Scope, list_tokens, make_token, revoke_tokens
from web.pages import go_to, page
from web.reader import Reader, SignedIn
from web.routes.common import error_text, status_of
from web.views.accounts import SCOPES

router = APIRouter()


@router.get("/settings/tokens")
async def show_tokens(services: ServicesDep, reader: SignedIn) -> Response:
    """The tokens, and the form of a new one."""
    return await _page(services, reader)


async def _page(services: ServicesDep, reader: Reader, status: int = 200, fault: str = "", made: str = "") -> Response:
    async with services.engine.connect() as connection:
        tokens = await list_tokens(connection, reader.person.id, reader.now)
    offered = [scope for scope in GIVEN if scope is not Scope.ADMIN or reader.acts_as(Role.ADMIN)]
    return page(
        reader, "account/tokens.html", status, tokens=tokens, offered=offered, scopes=SCOPES, fault=fault, made=made
    )


@router.post("/settings/tokens")
async def make(
    services: ServicesDep,
    reader: SignedIn,
    name: Annotated[str, Form(max_length=200)] = "",
    scopes: Annotated[list[str] | None, Form()] = None,
    days: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Make a token, which this answer shows once."""
    try:
        wanted = NewToken.model_validate({"name": name, "scopes": scopes or [], "days": days})
        async with transaction(services.engine) as connection:
            _, token = await make_token(connection, reader.person, wanted, reader.now)
    except (DomainError, ValidationError) as error:
        return await _page(services, reader, status_of(error), error_text(error, reader))
    return await _page(services, reader, made=token)


@router.post("/settings/tokens/revoke")
async def revoke(request: Request, services: ServicesDep, reader: SignedIn, token: Annotated[UUID, Form()]) -> Response:
    """Revoke a token."""
    try:
        async with transaction(services.engine) as connection:
            await revoke_tokens(connection, reader.person.id, reader.now, by=reader.person.id, token=token)
    except NoSuchToken as error:
        return await _page(services, reader, error.status, error.message(reader.language))
    return go_to(request, "/settings/tokens")
