"""The intake desk of a duty officer: incoming cases one by one, each with possible duplicates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from doors.dependencies import Services, ServicesDep
from infra.settings import Settings
from models.suggestions import Target
from models.views import CaseItem
from services.cases.duplicates import Duplicate
from services.cases.filter import CaseFilter
from services.cases.lists import count_cases, find_items, list_cases
from services.desk.case_page import CasePageView, get_case_page
from services.desk.compared import Compared, read_compared
from services.desk.last_handled import last_handled
from services.desk.tabs import DeskTab, on_tab, tabs_of
from services.suggestions.suggest import suggest_for_case
from web.pages import page_or_part
from web.reader import Reader, SignedIn
from web.routes.desk.case import OpenForm, case_context, duplicate_candidates, form_context, offered_on
from web.views.case.command_forms import is_command
from web.views.case.time_left import left_text, light_of, unit_text
from web.views.case.word_diff import compare_words
from web.views.lists.tabs import EMPTY, NAMES

router = APIRouter()

#: The commands that the intake desk offers.
OFFERED = (
    "accept", "reject", "request_verification", "request_info", "dispatch", "send_back", "merge", "recategorise",
    "answer_questions", "relocate",
)  # fmt: skip
MAX_ITEMS = 50


@router.get("/intake")
async def show_intake(
    request: Request, services: ServicesDep, reader: SignedIn,
    tab: str = "", no: str = "", act: str = "", was: str = "", did: str = "", take: str = "",
) -> Response:  # fmt: skip
    """The cases to accept or dispatch, and the case `no` (or the first) with its form open.

    `was` and `did`: the case that was just handled, and the command. `take`: the suggested host is filled in.
    """
    query = IntakeQuery(tab, no, act, was[:40], did if is_command(did) else "", take=take == Target.HOST)
    return await intake_page(request, services, reader, query)


@dataclass(frozen=True)
class IntakeQuery:
    """What the intake desk should show. `act`: the command whose form is open; `form`: a sent form with its faults;
    `take`: whether the suggested host is filled in.
    """

    tab: str = ""
    no: str = ""
    act: str = ""
    was: str = ""
    did: str = ""
    form: OpenForm | None = None
    take: bool = False


async def intake_page(
    request: Request, services: Services, reader: Reader, query: IntakeQuery, status: int = 200
) -> Response:
    """The intake desk, as a page or as a part."""
    mine = tabs_of(reader.person, reader.day)
    tabs = [one for one in (DeskTab.ACCEPTING, DeskTab.DISPATCHING) if one in mine]
    tab = next((one for one in tabs if one == query.tab), tabs[0] if tabs else None)
    last = None
    async with services.reading.connect() as connection:
        content = await _load_tab(connection, reader, tabs, tab, query.no)
        if tab and not content.items:
            last = await last_handled(connection, tab, reader.person, reader.now)
        context: dict[str, Any] = {
            "left_text": left_text,
            "unit_text": unit_text,
            "light_of": light_of,
            "tabs": [(one, NAMES[one], content.counts[one]) for one in tabs],
            "tab": tab,
            "items": content.items,
            "looks": await read_compared(connection, reader.person, [i.case_no for i in content.items], reader.now),
            "beyond": content.counts[tab] - len(content.items) if tab else 0,
            "empty": EMPTY[tab] if tab else "",
            "last": last,
            "case": None,
            "was": query.was,
            "did": query.did,
        }
        if content.first:
            following = _following(content.items, content.first)
            context |= await _selected_case(connection, services.settings, reader, content.first, tab, query, following)
    return page_or_part(request, reader, "desk/intake.html", "desk/intake_part.html", status, **context)


def _following(items: Sequence[CaseItem], no: str) -> str:
    """The case of the list that follows `no`; after the last one the first; empty if there is no other."""
    nos = [item.case_no for item in items]
    others = [*nos[nos.index(no) + 1 :], *nos] if no in nos else nos
    return next((one for one in others if one != no), "")


def _going_on(tab: DeskTab | None, following: str) -> str:
    """Where the desk goes after a decision."""
    return f"/intake?tab={tab}" + (f"&no={following}" if following else "")


@dataclass(frozen=True)
class _TabContent:
    counts: dict[DeskTab, int]
    items: tuple[CaseItem, ...]
    first: str


async def _load_tab(
    connection: AsyncConnection, reader: Reader, tabs: Sequence[DeskTab], tab: DeskTab | None, no: str
) -> _TabContent:
    """The list of the tab, and the selected case: the requested one if it is still there, else the first."""
    counts: dict[DeskTab, int] = {}
    items: tuple[CaseItem, ...] = ()
    first = ""
    filters = CaseFilter(sort="due_at", limit=MAX_ITEMS)
    for one in tabs:
        condition = on_tab(one, reader.person, reader.day, reader.now)
        if one is not tab:
            counts[one] = await count_cases(connection, reader.person, filters, reader.now, condition)
            continue
        cases = await list_cases(connection, reader.person, filters, reader.now, reader.language, condition)
        counts[one], items = cases.total, cases.items
        requested = [no] if no else []
        present = await find_items(
            connection, reader.person, requested, filters, reader.now, reader.language, condition
        )
        first = no if present else (items[0].case_no if items else "")
    return _TabContent(counts, items, first)


async def _selected_case(
    connection: AsyncConnection,
    settings: Settings,
    reader: Reader,
    no: str,
    tab: DeskTab | None,
    query: IntakeQuery,
    following: str,
) -> dict[str, Any]:
    """The selected case with its form, its possible duplicates and what is suggested for it.

    `following`: the case that comes after it.
    """
    view = await get_case_page(connection, reader.person, no, reader.now, reader.language)
    offered = [name for name in OFFERED if name in offered_on(view)]
    command = query.act if query.act in offered else next(iter(offered), "")
    learnt = await suggest_for_case(connection, settings, view.case, reader.language)
    host = next((one.value for one in learnt.items if one.target is Target.HOST), "") if query.take else ""
    typed = {"host": [host], "then_host": [host]} if host else {}
    form = OpenForm(command, typed=typed, back=_going_on(tab, following)) if command else None
    if query.form is not None and query.no == no:
        form, command = query.form, query.form.command
    form_variables = await form_context(connection, reader, view, form) if form else {"form": None}
    duplicates = await duplicate_candidates(connection, reader, view)
    others = await read_compared(connection, reader.person, [one.case.case_no for one in duplicates], reader.now)
    return {
        **case_context(reader, view),
        **form_variables,
        "same": [_side_by_side(view, one, others[one.case.case_no]) for one in duplicates],
        "learnt": learnt,
        "commands": offered,
        "command": command,
        "next": following,
    }


def _side_by_side(view: CasePageView, one: Duplicate, other: Compared) -> dict[str, Any]:
    """A possible duplicate beside the selected case: photos, and the words of both."""
    mine = " ".join((view.case.title, view.case.description))
    words = compare_words(mine.strip(), f"{one.case.title} {other.description}".strip())
    return {"one": one, "photo": other.photo, "words": words}
