"""Routes for administrators: channels, web hooks, the delivery log."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import StringConstraints

from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ResourcesDep, ServicesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from infra.database import transaction
from models.base import Frozen, Instant, Line
from models.channels import ChannelInput, HookInput
from models.errors import InputError
from models.sends import Purpose, SendStatus
from services.admin import channels, deliveries, hooks
from services.admin.channels import ChannelView
from services.admin.deliveries import DeliveryDetail, DeliveryFilter, DeliveryPage
from services.admin.hooks import HookView

router = APIRouter(
    route_class=StrictRoute,
    prefix="/api/v1/admin",
    tags=["administration"],
    responses=PROBLEMS,
    dependencies=[KNOWN_PARAMETERS],
)

Id = Annotated[str, Path(max_length=40)]
Key = Annotated[str, Path(max_length=200)]
Word = Annotated[str | None, Query(max_length=200)]


class ChannelList(Frozen):
    """All channels."""

    items: tuple[ChannelView, ...]


class HookList(Frozen):
    """All subscriptions of web hooks."""

    items: tuple[HookView, ...]


class HookMade(Frozen):
    """A subscription that was made."""

    id: UUID


class TestOrder(Frozen):
    """Where a test message goes: an e-mail address or a phone number; nothing for robots, web hooks and pushes, of
    which the caller's own browsers get one."""

    address: Annotated[Line, StringConstraints(max_length=320)] = ""


@router.get("/channels")
async def list_channels(services: ServicesDep, caller: Caller, now: Now) -> ChannelList:
    """All channels, without their secrets."""
    async with services.reading.connect() as connection:
        return ChannelList(items=await channels.list_channels(connection, caller, now))


@router.put("/channels/{id}")
async def save_channel(id: Id, body: ChannelInput, services: ServicesDep, caller: Caller, now: Now) -> ChannelView:
    """Adds a channel or changes it. Secrets that are left out stay as they are; none is shown again."""
    if body.id != id:
        raise InputError(pointer="/id", why_zh="与地址中的编号不同", why_en="it is not the id of the address")
    async with transaction(services.engine) as connection:
        await channels.save_channel(connection, caller, body, now)
        return await channels.get_channel(connection, caller, id, now)


@router.delete("/channels/{id}", status_code=204)
async def remove_channel(id: Id, services: ServicesDep, caller: Caller, now: Now) -> None:
    """Removes a disabled channel that nothing needs any more; what it has sent stays in the delivery log."""
    async with transaction(services.engine) as connection:
        await channels.remove_channel(connection, caller, id, now)


@router.post("/channels/{id}/test")
async def test_channel(
    id: Id, body: TestOrder, resources: ResourcesDep, caller: Caller, now: Now, language: Language
) -> DeliveryDetail:
    """Sends a test message, once, and tells what the far side answered."""
    return await deliveries.test_channel(resources, caller, id, body.address, now, language)


@router.get("/hooks")
async def list_hooks(services: ServicesDep, caller: Caller, now: Now) -> HookList:
    """Which web hooks are told of which facts."""
    async with services.reading.connect() as connection:
        return HookList(items=await hooks.list_hooks(connection, caller, now))


@router.post("/hooks", status_code=201)
async def add_hook(body: HookInput, services: ServicesDep, caller: Caller, now: Now) -> HookMade:
    """Tells a web hook of facts of cases in a unit and below, from now on."""
    async with transaction(services.engine) as connection:
        return HookMade(id=await hooks.add_hook(connection, caller, body, now))


@router.delete("/hooks/{id}", status_code=204)
async def remove_hook(id: UUID, services: ServicesDep, caller: Caller, now: Now) -> None:
    """Ends a subscription."""
    async with transaction(services.engine) as connection:
        await hooks.remove_hook(connection, caller, id, now)


@router.get("/deliveries")
async def list_deliveries(
    services: ServicesDep,
    caller: Caller,
    now: Now,
    status: SendStatus | None = None,
    purpose: Purpose | None = None,
    about: Word = None,
    channel: Word = None,
    since: Instant | None = None,
    until: Instant | None = None,
    cursor: Annotated[str | None, Query(max_length=600)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DeliveryPage:
    """The delivery log, the newest first. `status=unclear` is the reconciliation list."""
    wanted = DeliveryFilter(status=status, purpose=purpose, about=about, channel=channel, since=since, until=until)
    async with services.reading.connect() as connection:
        return await deliveries.list_deliveries(connection, caller, wanted, now, cursor=cursor, limit=limit)


@router.get("/deliveries/{key}")
async def get_delivery(key: Key, services: ServicesDep, caller: Caller, now: Now) -> DeliveryDetail:
    """A send, with every attempt and what each far side answered."""
    async with services.reading.connect() as connection:
        return await deliveries.get_delivery(connection, caller, key, now)


@router.post("/deliveries/{key}/replay", status_code=202)
async def replay(key: Key, resources: ResourcesDep, caller: Caller, now: Now) -> DeliveryDetail:
    """Sends something again under its own key: an event keeps its id."""
    await deliveries.replay(resources, caller, key, now)
    async with resources.engine.connect() as connection:
        return await deliveries.get_delivery(connection, caller, key, now)
