"""The reader's notices: the ladder steps that reached them."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from doors.dependencies import ServicesDep
from infra.database import transaction
from models.base import Instant
from services.desk.notices import find_notices, mark_read
from web.pages import go_to, page
from web.reader import SignedIn
from web.views.case.time_left import left_text, light_of, unit_text

router = APIRouter()


@router.get("/notices")
async def show_notices(services: ServicesDep, reader: SignedIn, unread: bool = False) -> Response:
    """The notices, the newest first; with `unread`, only the unread ones."""
    async with services.reading.connect() as connection:
        entries = await find_notices(connection, reader.person, reader.now, reader.language, unread=unread)
    return page(
        reader, "desk/notices.html", notices=entries, only_unread=unread, left_text=left_text, unit_text=unit_text,
        light_of=light_of,
    )  # fmt: skip


@router.get("/notices/bell")
async def show_bell(reader: SignedIn) -> Response:
    """The current bell of the header, for pages that stay open."""
    return page(reader, "parts/bell.html")


@router.post("/notices/read")
async def read_notices(
    request: Request, services: ServicesDep, reader: SignedIn, until: Annotated[Instant | None, Form()] = None
) -> Response:
    """Mark the notices up to `until` as read: those on the reader's page, and nothing newer."""
    async with transaction(services.engine) as connection:
        await mark_read(connection, reader.person, reader.now, until)
    return go_to(request, "/notices")
