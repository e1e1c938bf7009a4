"""Lists of cases under the scope rule: one page, a stream of all rows, the count."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.scope import visible
from models.base import EARLIEST
from models.context import Person
from models.tables import CASES
from models.views import CaseItem, CasePage
from services.cases.filter import CaseFilter, Sort, filter_conditions
from services.cases.list_items import ITEM_COLUMNS, ListItemBuilder, build_list_items
from services.cases.placed import PLACE_COLUMNS, Placed, placed
from services.cases.retired import search_retired
from services.cases.row_answers import ANSWER_COLUMNS, AnswerReader
from services.cases.search import search_condition
from services.criteria.cursors import beyond_time_cursor, time_cursor
from services.criteria.due_filter import due_condition
from services.criteria.hidden_numbers import numbers_readable
from services.figures.responsible import handler_of_case, led_by

#: Later than any deadline, and still a datetime that Python can represent.
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
#: Up to how many cases a list counts (our choice).
COUNTED = 10_000


async def list_cases(
    connection: AsyncConnection,
    person: Person,
    case_filter: CaseFilter,
    now: datetime,
    language: str,
    extra: ColumnElement[bool] | None = None,
) -> CasePage:
    """Return one page of the cases that fit, and how many fit; `extra` narrows further (a tab of the desk).

    More than `COUNTED` cases are not counted: over millions of closed ones it would take minutes.

    Raises BadFilter for an invalid cursor.
    """
    condition = await list_condition(connection, person, case_filter, now, extra)
    # The first page of a tab is fetched and counted in one statement: all its rows have to be found anyway.
    count_with_page = extra is not None and case_filter.cursor is None
    rows = (await connection.execute(page_statement(condition, case_filter, count=count_with_page))).all()
    if count_with_page:
        return await build_page(connection, rows, case_filter, rows[0].total if rows else 0, now, language)
    total = await _count(connection, condition, COUNTED + 1)
    page = await build_page(connection, rows, case_filter, min(total, COUNTED), now, language)
    if not total and case_filter.q and case_filter.cursor is None:
        return page.model_copy(update={"retired": await search_retired(connection, person, case_filter.q, now)})
    return page.model_copy(update={"total_is_minimum": total > COUNTED})


def page_statement(condition: ColumnElement[bool], case_filter: CaseFilter, *, count: bool) -> Select[Any]:
    """Return the statement for a page of the cases under `condition` plus one row that tells whether more follow.

    With `count`, the column `total` counts all. The cases are found and ordered by narrow columns (an index may hold
    them); then the rows of the page are fetched.
    """
    key, descending = _sort_key(case_filter.sort)
    found = select(CASES.c.report_id, key.label("key")).where(condition)
    if case_filter.cursor is not None:
        found = found.where(
            beyond_time_cursor(
                _list_name(case_filter), case_filter.cursor, key, CASES.c.report_id, descending=descending
            )
        )
    # A CTE is counted faster than a window over it; without a count, a subquery lets the search end with the page.
    matches = found.cte("found") if count else found.subquery("found")
    total = select(func.count()).select_from(matches).scalar_subquery() if count else literal(0)
    page = (
        select(matches.c.report_id, matches.c.key, total.label("total"))
        .order_by(*_ordering(matches.c.key, matches.c.report_id, descending))
        .limit(case_filter.limit + 1)
        .subquery("page")
    )
    joined = page.join(CASES, CASES.c.report_id == page.c.report_id)
    statement = select(*ITEM_COLUMNS, CASES.c.report_id, page.c.key, page.c.total).select_from(joined)
    return statement.order_by(*_ordering(page.c.key, page.c.report_id, descending))


async def build_page(
    connection: AsyncConnection, rows: Sequence[Any], case_filter: CaseFilter, total: int, now: datetime, language: str
) -> CasePage:
    """Return the page made of the rows of `page_statement`."""
    page_rows, more = rows[: case_filter.limit], len(rows) > case_filter.limit
    return CasePage(
        items=await build_list_items(connection, page_rows, now, language),
        next_cursor=time_cursor(_list_name(case_filter), page_rows[-1].key, page_rows[-1].report_id) if more else None,
        total=total,
    )


async def stream_cases(
    connection: AsyncConnection,
    person: Person,
    case_filter: CaseFilter,
    now: datetime,
    language: str,
    extra: ColumnElement[bool] | None = None,
    *,
    batch_size: int = 500,
) -> AsyncGenerator[tuple[Placed[CaseItem], ...], None]:
    """Yield every case of the list in its order, in batches, as of one moment; only one batch is in memory."""
    condition = await list_condition(connection, person, case_filter, now, extra)
    key, descending = _sort_key(case_filter.sort)
    builder = ListItemBuilder(language, now)
    reader = AnswerReader(person, await local_day(connection, now), language)
    columns = (*ITEM_COLUMNS, *PLACE_COLUMNS, *ANSWER_COLUMNS)
    query = select(*columns).where(condition).order_by(*_ordering(key, CASES.c.report_id, descending))
    async with connection.stream(query, execution_options={"yield_per": batch_size}) as found:
        parts = found.partitions()
        ahead = asyncio.ensure_future(anext(parts, None))
        try:
            while rows := await ahead:
                names = await builder.load_names(connection, rows)
                answers = await reader.of_rows(connection, rows)
                # PostgreSQL finds the next batch while this one is built.
                ahead = asyncio.ensure_future(anext(parts, None))
                yield placed(await asyncio.to_thread(builder.build, rows, names), rows, answers)
        finally:
            await asyncio.wait({ahead})  # the connection must not be used before
            await found.close()  # a cursor left half-read would stay open


async def count_cases(
    connection: AsyncConnection,
    person: Person,
    case_filter: CaseFilter,
    now: datetime,
    extra: ColumnElement[bool] | None = None,
    *,
    at_most: int | None = None,
) -> int:
    """Return how many cases the list has; with `at_most`, no more are counted. Raises BadFilter."""
    condition = await list_condition(connection, person, case_filter, now, extra)
    return await _count(connection, condition, at_most)


async def _count(connection: AsyncConnection, condition: ColumnElement[bool], at_most: int | None) -> int:
    found = select(CASES.c.report_id).where(condition).limit(at_most).subquery()
    return await connection.scalar(select(func.count()).select_from(found)) or 0


async def find_items(
    connection: AsyncConnection,
    person: Person,
    case_nos: Sequence[str],
    case_filter: CaseFilter,
    now: datetime,
    language: str,
    extra: ColumnElement[bool] | None = None,
) -> tuple[CaseItem, ...]:
    """Return those of the cases that are in the list, as its items. Raises BadFilter."""
    condition = await list_condition(connection, person, case_filter, now, extra)
    rows = await connection.execute(select(*ITEM_COLUMNS).where(CASES.c.case_no.in_(case_nos), condition))
    return await build_list_items(connection, rows.all(), now, language)


async def list_condition(
    connection: AsyncConnection,
    person: Person,
    case_filter: CaseFilter,
    now: datetime,
    extra: ColumnElement[bool] | None = None,
) -> ColumnElement[bool]:
    """Return the condition of the cases of a list: the scope of the person and the filter. Raises BadFilter."""
    in_scope = visible(person, await local_day(connection, now))
    narrowed = [] if extra is None else [extra]
    if case_filter.handler is not None or case_filter.led:  # only those who lead people may list by person
        narrowed.append(led_by(person, await local_day(connection, now)))
    if case_filter.handler is not None:
        narrowed.append(handler_of_case() == case_filter.handler)
    if case_filter.due is not None:
        narrowed.append(await due_condition(connection, case_filter.due, now))
    if case_filter.q:
        readable = numbers_readable(person, await local_day(connection, now))
        narrowed.append(search_condition(case_filter.q, readable))
    return and_(in_scope, *narrowed, *filter_conditions(case_filter, now))


def _sort_key(sort: Sort) -> tuple[ColumnElement[datetime], bool]:
    name = sort.removeprefix("-")
    column: ColumnElement[datetime] = CASES.c[name]
    if name == "due_at":  # cases without a running deadline come last in either order
        column = func.coalesce(column, literal(_NEVER if sort == "due_at" else EARLIEST))
    return column, sort.startswith("-")


def _ordering(key: ColumnElement[Any], id_: ColumnElement[Any], descending: bool) -> tuple[ColumnElement[Any], ...]:
    return (key.desc(), id_.desc()) if descending else (key.asc(), id_.asc())


def _list_name(case_filter: CaseFilter) -> str:
    return f"cases {case_filter.sort}"
