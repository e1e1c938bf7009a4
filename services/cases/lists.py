"""Lists of cases under the scope rule: one page, a stream of all rows, the count."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from models.base import EARLIEST
from models.context import Person
from models.tables import CASES
from models.views import CaseItem, CasePage
from services.cases.filter import CaseFilter, Sort, conditions
from services.cases.list_items import LINE_COLUMNS, Lines, lines_of
from services.criteria.cursors import cursor_after, moment_and_id_in
from services.criteria.due_filter import falls_due
from services.criteria.scope import visible
from services.figures.responsible import handler_of_case, led_by

#: Later than any deadline, and still a moment that Python can hold.
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


async def list_cases(
    connection: AsyncConnection,
    person: Person,
    wanted: CaseFilter,
    now: datetime,
    language: str,
    also: ColumnElement[bool] | None = None,
) -> CasePage:
    """One page of the cases that fit, and how many fit in all; `also` narrows further (a tab of the desk).

    Raises BadFilter for a cursor that is none.
    """
    fits = await _fitting(connection, person, wanted, now, also)
    # The first page of a tab is found and counted in one go: what is on it has been put together anyway.
    at_once = also is not None and wanted.cursor is None
    rows = (await connection.execute(page_statement(fits, wanted, count=at_once))).all()
    if at_once:
        total = rows[0].total if rows else 0
    else:
        total = await connection.scalar(select(func.count()).select_from(CASES).where(fits)) or 0
    return await page_of_rows(connection, rows, wanted, total, now, language)


def page_statement(fits: ColumnElement[bool], wanted: CaseFilter, *, count: bool) -> Select[Any]:
    """The rows of a page of what `fits`, and one more where it goes on; `total`, if they are to be counted.

    What fits is found and put in order by narrow columns (an index may hold them); then the page's rows are fetched.
    """
    key, descending = _order(wanted.sort)
    found = select(CASES.c.report_id, key.label("key")).where(fits)
    if wanted.cursor is not None:
        found = found.where(_after(wanted, wanted.cursor, key, descending))
    # Put aside whole, it is counted sooner than by a window over it; uncounted, the search may end with the page.
    of = found.cte("found") if count else found.subquery("found")
    total = select(func.count()).select_from(of).scalar_subquery() if count else literal(0)
    page = (
        select(of.c.report_id, of.c.key, total.label("total"))
        .order_by(*_by(of.c.key, of.c.report_id, descending))
        .limit(wanted.limit + 1)
        .subquery("page")
    )
    joined = page.join(CASES, CASES.c.report_id == page.c.report_id)
    asked = select(*LINE_COLUMNS, CASES.c.report_id, page.c.key, page.c.total).select_from(joined)
    return asked.order_by(*_by(page.c.key, page.c.report_id, descending))


async def page_of_rows(
    connection: AsyncConnection, rows: Sequence[Any], wanted: CaseFilter, total: int, now: datetime, language: str
) -> CasePage:
    """The page that the rows of `page_statement` make."""
    shown, more = rows[: wanted.limit], len(rows) > wanted.limit
    return CasePage(
        items=await lines_of(connection, shown, now, language),
        next_cursor=cursor_after(f"cases {wanted.sort}", shown[-1].key.isoformat(), str(shown[-1].report_id))
        if more
        else None,
        total=total,
    )


async def stream_cases(
    connection: AsyncConnection,
    person: Person,
    wanted: CaseFilter,
    now: datetime,
    language: str,
    also: ColumnElement[bool] | None = None,
    *,
    at_once: int = 500,
) -> AsyncGenerator[tuple[CaseItem, ...], None]:
    """Every case of the list in its order, so many at once, of one moment; no more than these are in memory."""
    fits = await _fitting(connection, person, wanted, now, also)
    key, descending = _order(wanted.sort)
    lines = Lines(language, now)
    query = select(*LINE_COLUMNS).where(fits).order_by(*_by(key, CASES.c.report_id, descending))
    async with connection.stream(query, execution_options={"yield_per": at_once}) as found:
        parts = found.partitions()
        ahead = asyncio.ensure_future(anext(parts, None))
        try:
            while rows := await ahead:
                names = await lines.learn(connection, rows)
                # PostgreSQL finds the next ones while these are put into words.
                ahead = asyncio.ensure_future(anext(parts, None))
                yield await asyncio.to_thread(lines.tell, rows, names)
        finally:
            await asyncio.wait({ahead})  # nobody else may use the connection before
            await found.close()  # left in the middle, it would stay open


async def count_cases(
    connection: AsyncConnection,
    person: Person,
    wanted: CaseFilter,
    now: datetime,
    also: ColumnElement[bool] | None = None,
) -> int:
    """How many cases the list has. Raises BadFilter."""
    fits = await _fitting(connection, person, wanted, now, also)
    return await connection.scalar(select(func.count()).select_from(CASES).where(fits)) or 0


async def items_among(
    connection: AsyncConnection,
    person: Person,
    case_nos: Sequence[str],
    wanted: CaseFilter,
    now: datetime,
    language: str,
    also: ColumnElement[bool] | None = None,
) -> tuple[CaseItem, ...]:
    """Those of the cases that are in the list, as its lines. Raises BadFilter."""
    fits = await _fitting(connection, person, wanted, now, also)
    rows = await connection.execute(select(*LINE_COLUMNS).where(CASES.c.case_no.in_(case_nos), fits))
    return await lines_of(connection, rows.all(), now, language)


async def _fitting(
    connection: AsyncConnection, person: Person, wanted: CaseFilter, now: datetime, also: ColumnElement[bool] | None
) -> ColumnElement[bool]:
    seen = visible(person, await local_day(connection, now))
    narrowed = [] if also is None else [also]
    if wanted.handler is not None or wanted.led:  # people are looked at by those alone who lead them
        narrowed.append(led_by(person, await local_day(connection, now)))
    if wanted.handler is not None:
        narrowed.append(handler_of_case() == wanted.handler)
    if wanted.due is not None:
        narrowed.append(await falls_due(connection, wanted.due, now))
    return and_(seen, *narrowed, *conditions(wanted, now))


def _order(sort: Sort) -> tuple[ColumnElement[datetime], bool]:
    name = sort.removeprefix("-")
    column: ColumnElement[datetime] = CASES.c[name]
    if name == "due_at":  # cases without a running deadline come last, whichever way
        column = func.coalesce(column, literal(_NEVER if sort == "due_at" else EARLIEST))
    return column, sort.startswith("-")


def _by(key: ColumnElement[Any], id_: ColumnElement[Any], descending: bool) -> tuple[ColumnElement[Any], ...]:
    return (key.desc(), id_.desc()) if descending else (key.asc(), id_.asc())


def _after(wanted: CaseFilter, cursor: str, key: ColumnElement[datetime], descending: bool) -> ColumnElement[bool]:
    place = tuple_(*map(literal, moment_and_id_in(f"cases {wanted.sort}", cursor)))
    here = tuple_(key, CASES.c.report_id)
    return here < place if descending else here > place
