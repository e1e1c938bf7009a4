"""The intake desk of a duty officer: what has come in, one after another, each with what may be the same matter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from doors.dependencies import Services, ServicesDep
from models.views import CaseItem
from services.cases.filter import CaseFilter
from services.cases.lists import count_cases, find_items, list_cases
from services.desk.case_page import get_case_page
from services.desk.last_handled import last_handled
from services.desk.tabs import DeskTab, on_tab, tabs_of
from web.pages import is_part, page
from web.reader import Reader, SignedIn
from web.routes.desk.case import OpenForm, case_context, duplicate_candidates, form_context
from web.views.case.command_forms import fields_of
from web.views.case.time_left import left_text, light_of, unit_text
from web.views.lists.tabs import EMPTY, NAMES

router = APIRouter()

#: What is done at the intake desk, by the stage of the case.
OFFERED = ("accept", "reject", "request_info", "dispatch", "merge", "recategorise", "relocate")
MAX_ITEMS = 50


@router.get("/intake")
async def show_intake(
    request: Request, opened: ServicesDep, reader: SignedIn,
    tab: str = "", no: str = "", act: str = "", was: str = "", did: str = "",
) -> Response:  # fmt: skip
    """What waits to be accepted or dispatched, and the case `no` (or the first) with its form open.

    `was` and `did`: the case just dealt with, and how.
    """
    return await intake_page(
        request, opened, reader, IntakeQuery(tab, no, act, was[:40], did if _is_command(did) else "")
    )


@dataclass(frozen=True)
class IntakeQuery:
    """What the desk is to show: the tab, the case, the form by its command (or as it was sent, with its faults)."""

    tab: str = ""
    no: str = ""
    act: str = ""
    was: str = ""
    did: str = ""
    form: OpenForm | None = None


async def intake_page(
    request: Request, opened: Services, reader: Reader, wish: IntakeQuery, status: int = 200
) -> Response:
    """The desk, whole or as a part."""
    mine = tabs_of(reader.person, reader.day)
    tabs = [one for one in (DeskTab.ACCEPTING, DeskTab.DISPATCHING) if one in mine]
    tab = next((one for one in tabs if one == wish.tab), tabs[0] if tabs else None)
    async with opened.reading.connect() as connection:
        shown = await _load_tab(connection, reader, tabs, tab, wish.no)
        context: dict[str, Any] = {
            "left_text": left_text,
            "unit_text": unit_text,
            "light_of": light_of,
            "tabs": [(one, NAMES[one], shown.counts[one]) for one in tabs],
            "tab": tab,
            "items": shown.items,
            "beyond": shown.counts[tab] - len(shown.items) if tab else 0,
            "empty": EMPTY[tab] if tab else "",
            "last": await last_handled(connection, tab, reader.person, reader.now) if tab and not shown.items else None,
            "case": None,
            "was": wish.was,
            "did": wish.did,
        }
        if shown.first:
            context |= await _selected_case(connection, reader, shown.first, tab, wish)
    template = "desk/intake_part.html" if is_part(request) else "desk/intake.html"
    return page(reader, template, status, **context)


@dataclass(frozen=True)
class _TabContent:
    counts: dict[DeskTab, int]
    items: tuple[CaseItem, ...]
    first: str


async def _load_tab(
    connection: AsyncConnection, reader: Reader, tabs: Sequence[DeskTab], tab: DeskTab | None, no: str
) -> _TabContent:
    """The list of the tab, and which case of it is at hand: the one wished for while it is there, else the first."""
    counts: dict[DeskTab, int] = {}
    items: tuple[CaseItem, ...] = ()
    first = ""
    wanted = CaseFilter(sort="due_at", limit=MAX_ITEMS)
    for one in tabs:
        here = on_tab(one, reader.person, reader.day, reader.now)
        if one is not tab:
            counts[one] = await count_cases(connection, reader.person, wanted, reader.now, here)
            continue
        found = await list_cases(connection, reader.person, wanted, reader.now, reader.language, here)
        counts[one], items = found.total, found.items
        wished = [no] if no else []
        there = await find_items(connection, reader.person, wished, wanted, reader.now, reader.language, here)
        first = no if there else (items[0].case_no if items else "")
    return _TabContent(counts, items, first)


async def _selected_case(
    connection: AsyncConnection, reader: Reader, no: str, tab: DeskTab | None, wish: IntakeQuery
) -> dict[str, Any]:
    """The case at hand with its form, and what may be the same matter."""
    known = await get_case_page(connection, reader.person, no, reader.now, reader.language)
    offered = [name for name in OFFERED if name in known.case.allowed_commands]
    command = wish.act if wish.act in offered else next(iter(offered), "")
    form = OpenForm(command, back=f"/intake?tab={tab}") if command else None
    if wish.form is not None and wish.no == no:
        form, command = wish.form, wish.form.command
    told = await form_context(connection, reader, known, form) if form else {"form": None}
    same = await duplicate_candidates(connection, reader, known)
    return {**case_context(reader, known), **told, "same": same, "commands": offered, "command": command}


def _is_command(command: str) -> bool:
    try:
        fields_of(command)
    except KeyError:
        return False
    return True
