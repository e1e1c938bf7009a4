"""What the queue and the search share: reading the address, and the rows, tabs and filters of the list."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version, policy_version
from models.enums import Light, Stage
from models.errors import BadFilter, NoSuchMatter
from models.matters.base import MatterKind
from models.views import CaseItem
from services.accounts.preferences import COLUMNS
from services.cases.answer_lines import answers_in_lines
from services.cases.answer_terms import terms_in_words
from services.cases.filter import CaseFilter
from services.cases.first_photos import read_first_photos
from services.cases.lists import COUNTED, count_cases, list_cases
from services.cases.search import read_excerpts, search_words
from services.desk.saved_views import departments_of, list_saved_views
from services.desk.tab_first_page import first_page
from services.desk.tabs import DeskTab, on_tab, tab_counts, tabs_of
from services.directory.people import list_categories, list_departments, list_people, name_of
from services.matters.queries import find_matter
from web.reader import Reader
from web.views.lists.case_rows import COLUMN_NAMES, Found, render_rows
from web.views.lists.list_address import DUE_NAMES, MAX_ROWS, PAGE, SORTS, ListAddress, chips, parse_list_address
from web.views.lists.tabs import EMPTY, NAMES
from web.views.translation_marks import _

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
QUEUE, SEARCH = "/queue", "/cases"


def read_address(reader: Reader, place: str, query: str) -> ListAddress:
    """Read the address of a list, with the reader's tabs if it is the queue."""
    if place != QUEUE:
        return parse_list_address(query, None)
    return parse_list_address(query, tabs_of(reader.person, reader.day), reader.settings.home)


def tab_condition(address: ListAddress, reader: Reader) -> ColumnElement[bool] | None:
    """The condition of the tab on the cases; None without a tab."""
    return None if address.tab is None else on_tab(address.tab, reader.person, reader.day, reader.now)


async def row_context(
    connection: AsyncConnection, reader: Reader, items: Sequence[CaseItem], place: str, query: str | None
) -> dict[str, Any]:
    """The rows and the reader's columns for a template, with the words of `query` marked. In the queue, rows have a
    checkbox.
    """
    columns = [name for name in COLUMNS if name in reader.settings.columns]
    words = search_words(query) if query else ()
    excerpts = await read_excerpts(connection, items, words) if words else {}
    photos = await read_first_photos(connection, [item.case_no for item in items])
    bulk = place == QUEUE
    answers = await answers_in_lines(connection, items, reader.language) if "answers" in columns else {}
    drawn = render_rows(items, reader, columns, bulk=bulk, found=Found(words, excerpts, photos, answers))
    return {"columns": columns, "column_names": COLUMN_NAMES, "rows": drawn, "bulk": bulk}


async def page_context(connection: AsyncConnection, reader: Reader, address: ListAddress, place: str) -> dict[str, Any]:
    """One page of the list, and the query of the next."""
    person, filters, now = reader.person, address.filter, reader.now
    if address.tab is not None and not address.pairs and filters.cursor is None:
        cases = await first_page(connection, person, address.tab, filters, now, reader.language)
    else:
        cases = await list_cases(connection, person, filters, now, reader.language, tab_condition(address, reader))
    shown = (address.shown or 0) + len(cases.items)
    more = address.query(cursor=cases.next_cursor, shown=str(shown)) if cases.next_cursor else None
    return {
        "place": place,
        "address": address,
        "total": cases.total,
        "retired": cases.retired,
        "more_than_total": cases.total_is_minimum,
        "shown": shown,
        "more": more,
        "next_page": address.query(cursor=cases.next_cursor) if cases.next_cursor else None,
        "full": shown + PAGE > MAX_ROWS,
        **await row_context(connection, reader, cases.items, place, filters.q),
    }


async def head_context(
    connection: AsyncConnection, reader: Reader, address: ListAddress, *, without: DeskTab | None = None
) -> dict[str, Any]:
    """The tabs and the saved views with their counts. `without`: the tab that is not counted here."""
    counts = await tab_counts(connection, reader.person, reader.now, without)
    kept = await list_saved_views(connection, reader.person, reader.now)
    views = [(view, await count_saved_view(connection, reader, view.query)) for view in kept]
    return {
        "tabs": [(tab, NAMES[tab]) for tab in tabs_of(reader.person, reader.day)],
        "counts": counts,
        "views": views,
        "address": address,
    }


def unfiltered_tab(address: ListAddress) -> DeskTab | None:
    """The tab whose count equals the total of the list; None if the list is filtered."""
    return None if address.tab is DeskTab.DONE or address.pairs else address.tab


async def count_saved_view(connection: AsyncConnection, reader: Reader, query: str) -> str | None:
    """The current number of cases in a saved view, as it is shown; None if its filters no longer exist."""
    try:
        address = read_address(reader, QUEUE if "tab=" in query else SEARCH, query)
        condition = tab_condition(address, reader)
        found = await count_cases(connection, reader.person, address.filter, reader.now, condition, at_most=COUNTED + 1)
    except (RequestValidationError, BadFilter):
        return None
    return str(found) if found <= COUNTED else f"{COUNTED}+"


async def _people_names(connection: AsyncConnection, reader: Reader, address: ListAddress) -> dict[str, str]:
    """The names of the people in the filters: colleagues, and handlers whom the reader sees ranked."""
    names = {}
    handler = address.value("handler")
    if _UUID.fullmatch(handler):
        handled = CaseFilter(handler=UUID(handler))
        # Not zero only for handlers in departments that the reader leads.
        if await count_cases(connection, reader.person, handled, reader.now):
            names[handler] = await name_of(connection, UUID(handler))
    ids = [UUID(one) for name in ("owner", "handled_by") if _UUID.fullmatch(one := address.value(name))]
    if ids:
        colleagues = await list_people(connection, reader.person, reader.now, limit=len(ids), among=ids)
        names |= {str(one.id): one.name for one in colleagues.items}
    return names


async def _enterprise_names(connection: AsyncConnection, reader: Reader, address: ListAddress) -> dict[str, str]:
    """The name of the enterprise in the filter, if the reader may see it."""
    code = address.filter.enterprise
    if code is None:
        return {}
    try:
        _, enterprise = await find_matter(connection, reader.person, MatterKind.ENTERPRISE, code, reader.now)
    except NoSuchMatter:
        return {}
    return {address.value("enterprise"): enterprise.name}


async def filter_context(connection: AsyncConnection, reader: Reader, address: ListAddress) -> dict[str, Any]:
    """The choices of the filters, and the chips of those that are set."""
    english = reader.language == "en"
    categories = await list_categories(connection)
    departments = (await list_departments(connection)).items
    names = {d.id: d.name_en if english else d.name_zh for d in departments}
    names |= await _people_names(connection, reader, address) | {str(reader.person.id): reader.text("我")}
    names |= await _enterprise_names(connection, reader, address)
    for group in categories.groups:
        names[group.code] = group.name_en if english else group.name_zh
        names |= {c.code: c.name_en if english else c.name_zh for c in group.categories}
    if address.filter.answer:
        policy = await policy_version(connection, await newest_version(connection))
        names |= terms_in_words(policy, address.filter.category, address.filter.answer, reader.language)
    mine = await departments_of(connection, reader.person, reader.now)
    return {
        "groups": categories.groups,
        "departments": [(d.id, names[d.id]) for d in departments],
        "my_departments": [(code, names.get(code, code)) for code in mine],
        "chips": chips(address, reader, names),
        "lights": [light.value for light in Light],
        "dues": DUE_NAMES,
        "stages": [stage.value for stage in Stage],
        "sorts": SORTS,
        "all_columns": COLUMNS,
        "empty": EMPTY[address.tab] if address.tab is not None and not address.pairs else _("没有符合条件的案件。"),
    }
