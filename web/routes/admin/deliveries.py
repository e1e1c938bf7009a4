"""管理: the delivery log, with what each far side answered, and sending again. For administrators."""

from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from doors.dependencies import ServicesDep
from infra.store.channels import channel_names
from models.errors import DomainError
from models.sends import Purpose, SendStatus
from services.admin.channels import list_channels
from services.admin.deliveries import DeliveryFilter, get_delivery, list_deliveries, replay
from web.pages import go_to
from web.reader import Reader, SignedIn
from web.routes.admin.common import admin_fault, admin_page
from web.routes.common import status_of
from web.views.channels import words_for
from web.views.forms import blank, read_local

router = APIRouter()

Word = Annotated[Annotated[str, Field(max_length=200)] | None, blank(), Query()]
Long = Annotated[Annotated[str, Field(max_length=600)] | None, blank(), Query()]


@router.get("/admin/deliveries")
async def show_deliveries(
    services: ServicesDep, reader: SignedIn, status: Annotated[SendStatus | None, blank(), Query()] = None,
    purpose: Annotated[Purpose | None, blank(), Query()] = None, about: Word = None, channel: Word = None,
    since: Word = None, until: Word = None, cursor: Long = None,
) -> Response:  # fmt: skip
    """The log, the newest first."""
    typed = {
        "status": status, "purpose": purpose, "about": about, "channel": channel, "since": since, "until": until
    }  # fmt: skip
    query = urlencode({name: value for name, value in typed.items() if value})
    wanted = DeliveryFilter(
        status=status, purpose=purpose, about=about, channel=channel,
        since=None if since is None else read_local(f"{since}T00:00", reader),
        until=None if until is None else read_local(f"{until}T23:59:59.999999", reader),
    )  # fmt: skip
    async with services.reading.connect() as connection:
        page = await list_deliveries(connection, reader.person, wanted, reader.now, cursor=cursor)
        channels = await list_channels(connection, reader.person, reader.now)
    return admin_page(
        reader, "deliveries.html", page=page, typed=typed, query=query, channels=channels, statuses=tuple(SendStatus),
        purposes=tuple(Purpose), names={one.id: one.name for one in channels}, **words_for(reader),
    )  # fmt: skip


@router.get("/admin/deliveries/{key}")
async def show_delivery(services: ServicesDep, reader: SignedIn, key: str, done: bool = False) -> Response:
    """A send with all its attempts."""
    return await _page(services, reader, key, done=done)


async def _page(
    services: ServicesDep, reader: Reader, key: str, status: int = 200, fault: str = "", *, done: bool = False
) -> Response:
    async with services.reading.connect() as connection:
        found = await get_delivery(connection, reader.person, key, reader.now)
        names = await channel_names(connection)
    return admin_page(
        reader, "delivery.html", status, found=found, names=names, fault=fault, done=done, **words_for(reader)
    )


@router.post("/admin/deliveries/{key}/replay")
async def send_again(request: Request, services: ServicesDep, reader: SignedIn, key: str) -> Response:
    """Send it again under its own key."""
    try:
        await replay(services.resources, reader.person, key, reader.now)
    except DomainError as error:
        return await _page(services, reader, key, status_of(error), admin_fault(error, reader))
    return go_to(request, f"/admin/deliveries/{quote(key, safe='')}?done=1")
