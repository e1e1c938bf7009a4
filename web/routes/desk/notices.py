"""What the reader was told: steps of ladders that reached them."""

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
async def show_notices(opened: ServicesDep, reader: SignedIn, unread: bool = False) -> Response:
    """The notices, the newest first; `unread`: only those."""
    async with opened.reading.connect() as connection:
        found = await find_notices(connection, reader.person, reader.now, reader.language, unread=unread)
    return page(
        reader, "desk/notices.html", notices=found, only_unread=unread, left_text=left_text, unit_text=unit_text,
        light_of=light_of,
    )  # fmt: skip


@router.get("/notices/bell")
async def show_bell(reader: SignedIn) -> Response:
    """The bell of the header, as it is now: for a page that has been open for a while."""
    return page(reader, "parts/bell.html")


@router.post("/notices/read")
async def read_notices(
    request: Request, opened: ServicesDep, reader: SignedIn, until: Annotated[Instant | None, Form()] = None
) -> Response:
    """Marks as read what came up to `until`: what the reader has on the page, and nothing newer."""
    async with transaction(opened.engine) as connection:
        await mark_read(connection, reader.person, reader.now, until)
    return go_to(request, "/notices")
