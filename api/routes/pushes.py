"""Routes for the caller's own browsers that take pushes."""

from typing import Annotated

from fastapi import APIRouter, Header
from pydantic import StringConstraints

from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ServicesDep
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from infra.database import transaction
from models.base import Frozen
from models.sends import PushKeys
from services.accounts.pushes import subscribe, unsubscribe
from services.admin.channels import push_key

router = APIRouter(
    route_class=StrictRoute,
    prefix="/api/v1/me/push",
    tags=["accounts"],
    responses=PROBLEMS,
    dependencies=[KNOWN_PARAMETERS],
)


class PublicKey(Frozen):
    """The key with which a browser subscribes (VAPID, `applicationServerKey`); None where pushes are not set up."""

    public_key: str | None


class Ended(Frozen):
    """The browser that takes no pushes any more, by its address at the push service."""

    endpoint: Annotated[str, StringConstraints(max_length=2_000)]


@router.get("")
async def get_push_key(services: ServicesDep, caller: Caller) -> PublicKey:
    """The public key of pushes, if there is a channel for them."""
    async with services.reading.connect() as connection:
        return PublicKey(public_key=await push_key(connection))


@router.post("", status_code=204)
async def subscribe_browser(
    body: PushKeys, services: ServicesDep, caller: Caller, now: Now, user_agent: Annotated[str, Header()] = ""
) -> None:
    """Sends pushes to this browser from now on."""
    async with transaction(services.engine) as connection:
        await subscribe(connection, caller, body, user_agent, now)


@router.delete("", status_code=204)
async def unsubscribe_browser(body: Ended, services: ServicesDep, caller: Caller) -> None:
    """Sends nothing to this browser any more."""
    async with transaction(services.engine) as connection:
        await unsubscribe(connection, caller, body.endpoint)
