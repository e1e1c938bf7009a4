"""Routes for how the caller is told outside the pages: channels and addresses, quiet hours, digests, mutes."""

from uuid import UUID

from fastapi import APIRouter

from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ServicesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from infra.database import transaction
from models.base import Frozen
from services.mailboxes.addresses import CodeGiven, NewAddress, add_address, remove_address, send_code, verify_address
from services.mailboxes.choices import Choices, Notifications, read_notifications, save_notifications

router = APIRouter(
    route_class=StrictRoute,
    prefix="/api/v1/me/notifications",
    tags=["accounts"],
    responses=PROBLEMS,
    dependencies=[KNOWN_PARAMETERS],
)


class AddedAddress(Frozen):
    """An address that was added. It is used once it is verified."""

    id: UUID


@router.get("")
async def get_own_notifications(services: ServicesDep, caller: Caller, language: Language) -> Notifications:
    """How the caller is told outside the pages, and what the policy leaves no choice about."""
    async with services.reading.connect() as connection:
        return await read_notifications(connection, caller, language)


@router.put("")
async def set_own_notifications(
    body: Choices, services: ServicesDep, caller: Caller, now: Now, language: Language
) -> Notifications:
    """Stores what the caller chose, all of it; addresses are put in the order given."""
    async with transaction(services.engine) as connection:
        await save_notifications(connection, caller, body, now)
        return await read_notifications(connection, caller, language)


@router.post("/addresses", status_code=201)
async def add_own_address(body: NewAddress, services: ServicesDep, caller: Caller, now: Now) -> AddedAddress:
    """Adds an address in a channel. A mail address or a phone number is sent a code, and used once that is given."""
    return AddedAddress(id=await add_address(services.resources, caller, body, now))


@router.post("/addresses/{id}/code", status_code=204)
async def send_own_code(id: UUID, services: ServicesDep, caller: Caller, now: Now) -> None:
    """Sends a new code to an address that is not verified; the earlier code is no longer good."""
    await send_code(services.resources, caller, id, now)


@router.post("/addresses/{id}/verify", status_code=204)
async def verify_own_address(id: UUID, body: CodeGiven, services: ServicesDep, caller: Caller, now: Now) -> None:
    """Takes an address into use by the code that was sent to it: good for 15 minutes and 5 tries."""
    await verify_address(services.resources, caller, id, body.code, now)


@router.delete("/addresses/{id}", status_code=204)
async def remove_own_address(id: UUID, services: ServicesDep, caller: Caller) -> None:
    """Takes an address away."""
    await remove_address(services.resources, caller, id)
