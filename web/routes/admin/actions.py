"""管理: what administrators and operators changed, with before and after, for administrators and auditors."""

from asyncio import to_thread
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.routes.supervision import attachment_response
from doors.dependencies import ServicesDep
from services.admin.actions import ActionFilter, add_actions, changed_lines, export_actions, list_actions
from services.files.workbook import Sheets
from services.wording.actions import action_name
from services.wording.vocabulary import ACTION_KINDS
from web.reader import Reader, SignedIn
from web.routes.admin.common import admin_page
from web.routes.common import Cursor
from web.views.forms import blank, read_local

router = APIRouter()

Word = Annotated[Annotated[str, Field(max_length=200)] | None, blank(), Query()]


@router.get("/admin/actions")
async def show_actions(
    services: ServicesDep, reader: SignedIn, actor: Word = None, kind: Word = None, about: Word = None,
    since: Word = None, until: Word = None, cursor: Cursor = None,
) -> Response:  # fmt: skip
    """The list, the newest first."""
    typed = {"actor": actor, "kind": kind, "about": about, "since": since, "until": until}
    query = urlencode({name: value for name, value in typed.items() if value})
    async with services.reading.connect() as connection:
        found = await list_actions(connection, reader.person, _wanted(reader, typed), reader.now, cursor=cursor)
    said = {one.id: action_name(one.action, reader.language) for one in found.items}
    lines = {one.id: changed_lines(one, reader.language, reader.zone) for one in found.items}
    return admin_page(
        reader, "actions.html", actions=found, said=said, lines=lines, typed=typed, kinds=ACTION_KINDS, query=query
    )


@router.get("/admin/actions.xlsx")
async def export(
    services: ServicesDep, reader: SignedIn, actor: Word = None, kind: Word = None, about: Word = None,
    since: Word = None, until: Word = None,
) -> Response:  # fmt: skip
    """The same list as a workbook."""
    typed = {"actor": actor, "kind": kind, "about": about, "since": since, "until": until}
    async with services.reading.connect() as connection:
        actions = await export_actions(connection, reader.person, _wanted(reader, typed), reader.now)

    def write() -> Sheets:
        sheets = Sheets(reader.zone)
        add_actions(sheets, actions, reader.language, reader.zone)
        return sheets

    return attachment_response((await to_thread(write)).file(), f"gridloop-actions-{reader.today}")


def _wanted(reader: Reader, typed: dict[str, str | None]) -> ActionFilter:
    """The filter of the form; days are local, both included."""
    since, until = (None if typed[name] is None else read_local(f"{typed[name]}T{clock}", reader)
                    for name, clock in (("since", "00:00"), ("until", "23:59:59.999999")))  # fmt: skip
    return ActionFilter(actor=typed["actor"], kind=typed["kind"], about=typed["about"], since=since, until=until)
