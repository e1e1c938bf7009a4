"""Routes for the caller's personal tokens. They take a session: no token makes or lists tokens."""

from uuid import UUID

from fastapi import APIRouter

from doors.dependencies import ServicesDep
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from infra.database import transaction
from models.base import Frozen
from services.accounts.tokens import NewToken, TokenView, list_tokens, make_token, revoke_tokens

router = APIRouter(route_class=StrictRoute, prefix="/api/v1/me/tokens", tags=["accounts"], responses=PROBLEMS)


class TokenList(Frozen):
    """Personal tokens, the newest first; those that ended in the last thirty days included."""

    items: tuple[TokenView, ...]


class MadeToken(Frozen):
    """A token, shown this once: `Authorization: Bearer glp_…`."""

    id: UUID
    token: str


@router.get("")
async def list_own_tokens(services: ServicesDep, caller: Caller, now: Now) -> TokenList:
    """The caller's personal tokens."""
    async with services.reading.connect() as connection:
        return TokenList(items=await list_tokens(connection, caller.id, now))


@router.post("", status_code=201)
async def make_own_token(body: NewToken, services: ServicesDep, caller: Caller, now: Now) -> MadeToken:
    """Makes a personal token. `admin` is for administrators; a token never lasts longer than a year."""
    async with transaction(services.engine) as connection:
        id_, token = await make_token(connection, caller, body, now)
    return MadeToken(id=id_, token=token)


@router.delete("/{id}", status_code=204)
async def revoke_own_token(id: UUID, services: ServicesDep, caller: Caller, now: Now) -> None:
    """Revokes a personal token."""
    async with transaction(services.engine) as connection:
        await revoke_tokens(connection, caller.id, now, by=caller.id, token=id)
