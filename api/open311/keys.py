"""Routes for administrators: the keys of Open311."""

from uuid import UUID

from fastapi import APIRouter

from doors.dependencies import ServicesDep
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from infra.database import transaction
from models.base import Frozen
from services.open311.keys import KeyView, NewKey, list_keys, make_key, revoke_key

router = APIRouter(
    route_class=StrictRoute, prefix="/api/v1/admin/open311-keys", tags=["administration"], responses=PROBLEMS
)


class KeyList(Frozen):
    """Keys of Open311, those in use first."""

    items: tuple[KeyView, ...]


class MadeKey(Frozen):
    """A key, shown this once: `api_key=glo_…`."""

    id: UUID
    key: str


@router.get("")
async def list_open311_keys(services: ServicesDep, caller: Caller, now: Now) -> KeyList:
    """The keys with which programs report over Open311, revoked ones included."""
    async with services.reading.connect() as connection:
        return KeyList(items=await list_keys(connection, caller, now))


@router.post("", status_code=201)
async def make_open311_key(body: NewKey, services: ServicesDep, caller: Caller, now: Now) -> MadeKey:
    """Makes a key for a unit and those below it, and shows it this once."""
    async with transaction(services.engine) as connection:
        id_, key = await make_key(connection, caller, body, now)
    return MadeKey(id=id_, key=key)


@router.delete("/{id}", status_code=204)
async def revoke_open311_key(id: UUID, services: ServicesDep, caller: Caller, now: Now) -> None:
    """Revokes a key."""
    async with transaction(services.engine) as connection:
        await revoke_key(connection, caller, id, now)
