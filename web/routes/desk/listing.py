"""What the queue and the search have in common: reading the address, and the rows that it asks for."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection

from models.enums import Light, Stage
from models.errors import BadFilter
from models.views import CaseItem
from services.accounts.preferences import COLUMNS
from services.cases.filter import CaseFilter
from services.cases.lists import count_cases, list_cases
from services.desk.saved_views import departments_of, list_saved_views
from services.desk.tab_first_page import first_page
from services.desk.tabs import DeskTab, on_tab, tab_counts, tabs_of
from services.directory.people import list_categories, list_departments, list_people, name_of
from web.reader import Reader
from web.views.lists.case_rows import COLUMN_NAMES, render_rows
from web.views.lists.list_address import DUE_NAMES, MAX_ROWS, PAGE, SORTS, ListAddress, chips, parse_list_address
from web.views.lists.tabs import EMPTY, NAMES
from web.views.translation_marks import _

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
QUEUE, SEARCH = "/queue", "/cases"


def read_address(reader: Reader, place: str, query: str) -> ListAddress:
    """The list that the address asks for, with the reader's tabs where it is the queue."""
    if place != QUEUE:
        return parse_list_address(query, None)
    return parse_list_address(query, tabs_of(reader.person, reader.day), reader.settings.home)


def tab_condition(asked: ListAddress, reader: Reader) -> ColumnElement[bool] | None:
    """What the tab narrows the list to."""
    return None if asked.tab is None else on_tab(asked.tab, reader.person, reader.day, reader.now)


def row_context(reader: Reader, items: Iterable[CaseItem], place: str) -> dict[str, Any]:
    """What the templates of a list need, with the columns that the reader has chosen. In the queue cases are ticked."""
    columns = [name for name in COLUMNS if name in reader.settings.columns]
    bulk = place == QUEUE
    drawn = render_rows(items, reader, columns, bulk=bulk)
    return {"columns": columns, "column_names": COLUMN_NAMES, "rows": drawn, "bulk": bulk}


async def page_context(connection: AsyncConnection, reader: Reader, asked: ListAddress, place: str) -> dict[str, Any]:
    """One page of the list, and where it goes on."""
    who, wanted, now = reader.person, asked.wanted, reader.now
    if asked.tab is not None and not asked.pairs and wanted.cursor is None:
        found = await first_page(connection, who, asked.tab, wanted, now, reader.language)
    else:
        found = await list_cases(connection, who, wanted, now, reader.language, tab_condition(asked, reader))
    shown = (asked.shown or 0) + len(found.items)
    more = asked.query(cursor=found.next_cursor, shown=str(shown)) if found.next_cursor else None
    return {
        "place": place,
        "asked": asked,
        "total": found.total,
        "shown": shown,
        "more": more,
        "next_page": asked.query(cursor=found.next_cursor) if found.next_cursor else None,
        "full": shown + PAGE > MAX_ROWS,
        **row_context(reader, found.items, place),
    }


async def head_context(
    connection: AsyncConnection, reader: Reader, asked: ListAddress, *, without: DeskTab | None = None
) -> dict[str, Any]:
    """The tabs and the saved views, each with its count; `without`: the tab whose count is found otherwise."""
    counts = await tab_counts(connection, reader.person, reader.now, without)
    kept = await list_saved_views(connection, reader.person, reader.now)
    views = [(view, await count_saved_view(connection, reader, view.query)) for view in kept]
    return {
        "tabs": [(tab, NAMES[tab]) for tab in tabs_of(reader.person, reader.day)],
        "counts": counts,
        "views": views,
        "asked": asked,
    }


def unfiltered_tab(asked: ListAddress) -> DeskTab | None:
    """The tab whose count in the head is that of the list, if the list is all of it."""
    return None if asked.tab is DeskTab.DONE or asked.pairs else asked.tab


async def count_saved_view(connection: AsyncConnection, reader: Reader, query: str) -> int | None:
    """How many cases a saved view has now; None where its filters do not exist any more."""
    try:
        asked = read_address(reader, QUEUE if "tab=" in query else SEARCH, query)
        return await count_cases(connection, reader.person, asked.wanted, reader.now, tab_condition(asked, reader))
    except (RequestValidationError, BadFilter):
        return None


async def _people_names(connection: AsyncConnection, reader: Reader, asked: ListAddress) -> dict[str, str]:
    """The names of those whose cases the list is of: of colleagues, and of handlers whom the reader sees ranked."""
    named = {}
    handler = asked.value("handler")
    if _UUID.fullmatch(handler):
        theirs = CaseFilter(handler=UUID(handler))
        if await count_cases(connection, reader.person, theirs, reader.now):  # those of whom they lead alone
            named[handler] = await name_of(connection, UUID(handler))
    ids = [UUID(one) for name in ("owner", "handled_by") if _UUID.fullmatch(one := asked.value(name))]
    if ids:
        found = await list_people(connection, reader.person, reader.now, limit=len(ids), among=ids)
        named |= {str(one.id): one.name for one in found.items}
    return named


async def filter_context(connection: AsyncConnection, reader: Reader, asked: ListAddress) -> dict[str, Any]:
    """What the filters offer, and those that are set."""
    english = reader.language == "en"
    categories = await list_categories(connection)
    departments = (await list_departments(connection)).items
    names = {d.id: d.name_en if english else d.name_zh for d in departments}
    names |= await _people_names(connection, reader, asked) | {str(reader.person.id): reader.text("我")}
    for group in categories.groups:
        names[group.code] = group.name_en if english else group.name_zh
        names |= {c.code: c.name_en if english else c.name_zh for c in group.categories}
    mine = await departments_of(connection, reader.person, reader.now)
    return {
        "groups": categories.groups,
        "departments": [(d.id, names[d.id]) for d in departments],
        "my_departments": [(code, names.get(code, code)) for code in mine],
        "chips": chips(asked, reader, names),
        "lights": [light.value for light in Light],
        "dues": DUE_NAMES,
        "stages": [stage.value for stage in Stage],
        "sorts": SORTS,
        "all_columns": COLUMNS,
        "empty": EMPTY[asked.tab] if asked.tab is not None and not asked.pairs else _("没有符合条件的案件。"),
    }
