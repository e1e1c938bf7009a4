"""What people ask: one case, its timeline, a list, their inbox. Each under the same scope rule."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, literal, literal_column, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.cases import facts_of
from infra.store.world import local_day
from models.base import EARLIEST, Code, Frozen, SaidInstant, Text
from models.case import Case
from models.context import Person
from models.errors import BadFilter, NoSuchCase, NoSuchPage
from models.figures import FigureKey
from models.tables import CASES, FACTS
from models.views import CaseItem, CasePage, CaseView, FactView
from models.words import Light, Stage
from services.case_lines import LINE_COLUMNS, Lines, lines_of
from services.case_views import case_view, fact_views, read_names
from services.conditions import is_overdue, shines
from services.cursors import cursor_after, moment_and_id_in
from services.due_filter import DueWithin, falls_due
from services.reporter_contact import masked_phone
from services.scope import visible, within
from services.supervision.belonging import Period
from services.supervision.figures import FIGURES
from services.supervision.people import handler_of_case, led_by

#: Later than any deadline, and still a moment that Python can hold.
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)

Sort = Literal["reported_at", "-reported_at", "due_at", "-due_at", "updated_at", "-updated_at"]


class CaseFilter(Frozen):
    """What a list is narrowed to. `grid` means the whole subtree; `overdue` and `due` look at open cases only.

    `figure` opens the cases of a figure of supervision, where it is one of a period in `from` … `to` (not included;
    up to now when left out); `without` leaves out those that belong to another figure as well. `handler` is who
    completed the handling or has claimed it, for who leads them, and `led` narrows to the cases of all whom one leads;
    `handled_by` who completed it; `level` where the case stands now (1 park … 4 micro-grid).
    """

    stage: tuple[Stage, ...] = ()
    light: Light | None = None
    overdue: bool | None = None
    due: DueWithin | None = None
    grid: Code | None = None
    category: Code | None = None
    department: Code | None = None
    host: Code | None = None
    level: Annotated[int | None, Field(ge=1, le=4)] = None
    handled_by: UUID | None = None
    handler: UUID | None = None
    led: bool = False
    owner: Text | None = None
    figure: FigureKey | None = None
    without: FigureKey | None = None
    from_: SaidInstant | None = Field(None, alias="from")
    to: SaidInstant | None = None
    q: Annotated[Text, StringConstraints(max_length=100)] | None = None
    reported_from: SaidInstant | None = None
    reported_to: SaidInstant | None = None
    sort: Sort = "-reported_at"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: str | None = None


async def find_case(connection: AsyncConnection, person: Person, case_no: str, now: datetime) -> Row[Any]:
    """The row of a case that `person` may see. Raises NoSuchCase, whether it is hidden or does not exist."""
    if "\x00" in case_no:  # nothing that PostgreSQL could even compare with
        raise NoSuchCase(case_no=case_no)
    day = await local_day(connection, now)
    row = (
        await connection.execute(
            select(CASES).where(CASES.c.case_no == case_no, visible(person, day)),
        )
    ).one_or_none()
    if row is None:
        raise NoSuchCase(case_no=case_no)
    return row


async def case_no_of(connection: AsyncConnection, report_id: UUID) -> str | None:
    """The number of the case that a report became; None while none is recorded. For who has shown a right to it."""
    found: str | None = await connection.scalar(select(CASES.c.case_no).where(CASES.c.report_id == report_id))
    return found


async def seen_among(
    connection: AsyncConnection, person: Person, case_nos: Sequence[str], now: datetime
) -> frozenset[str]:
    """Those of the cases that `person` may see."""
    day = await local_day(connection, now)
    rows = await connection.execute(select(CASES.c.case_no).where(CASES.c.case_no.in_(case_nos), visible(person, day)))
    return frozenset(rows.scalars())


async def get_case(connection: AsyncConnection, person: Person, case_no: str, now: datetime, language: str) -> CaseView:
    """The case as it stands. Raises NoSuchCase."""
    row = await find_case(connection, person, case_no, now)
    return await view_of(connection, row, person, now, language)


async def get_case_acted_on(
    connection: AsyncConnection, person: Person, case_no: str, now: datetime, language: str
) -> CaseView:
    """The case for somebody whose command on it has just counted, even if that took it out of their sight."""
    row = (await connection.execute(select(CASES).where(CASES.c.case_no == case_no))).one()
    return await view_of(connection, row, person, now, language)


async def get_report(
    connection: AsyncConnection, person: Person, report_id: UUID, now: datetime, language: str
) -> CaseView | None:
    """The case that a report became; None while none is recorded. Raises NoSuchPage if `person` may not see it."""
    seen = visible(person, await local_day(connection, now)).label("seen")
    row = (await connection.execute(select(CASES, seen).where(CASES.c.report_id == report_id))).one_or_none()
    if row is None:
        return None
    if not row.seen:
        raise NoSuchPage(what=f"report {report_id}")
    return await view_of(connection, row, person, now, language)


async def view_of(connection: AsyncConnection, row: Row[Any], person: Person, now: datetime, language: str) -> CaseView:
    """The view of a row of `cases`."""
    case = Case.model_validate(row.state)
    names = await read_names(connection, [case], language)
    day = await local_day(connection, now)
    return case_view(row, names, person, day, now, await masked_phone(connection, case, person, day))


async def get_facts(
    connection: AsyncConnection, person: Person, case_no: str, now: datetime, language: str
) -> tuple[FactView, ...]:
    """The timeline of a case. Raises NoSuchCase."""
    row = await find_case(connection, person, case_no, now)
    case = Case.model_validate(row.state)
    facts = await facts_of(connection, case.report_id)
    actors = {fact.actor.person for fact in facts if fact.actor.person is not None}
    names = await read_names(connection, [case], language, actors)
    return fact_views(facts, case, names)


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
    return and_(seen, *narrowed, *_conditions(wanted, now))


def _conditions(wanted: CaseFilter, now: datetime) -> list[ColumnElement[bool]]:
    c = CASES.c
    found: list[ColumnElement[bool]] = []
    if wanted.stage:
        found.append(c.stage.in_(wanted.stage))
    if wanted.light is not None:
        found.append(shines(wanted.light, now))
    if wanted.overdue is not None:
        late = is_overdue(now)
        found.append(late if wanted.overdue else ~func.coalesce(late, False))
    if wanted.grid is not None:
        found.append(within(wanted.grid))
    if wanted.category is not None:
        found.append(c.category.startswith(wanted.category, autoescape=True))
    if wanted.department is not None:
        found.append(c.departments.contains([wanted.department]))
    if wanted.owner is not None:
        found.append(c.owner_id == wanted.owner)
    return [*found, *_counted(wanted, now), *_spoken_and_dated(wanted)]


def _counted(wanted: CaseFilter, now: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.host is not None:
        found.append(CASES.c.host == wanted.host)
    if wanted.level is not None:
        found.append(CASES.c.level == wanted.level)
    if wanted.handled_by is not None:
        found.append(completed_by(wanted.handled_by))
    if wanted.figure is not None:
        found.append(FIGURES[wanted.figure].condition(_period(wanted, now)))
        if wanted.without is not None:
            found.append(~func.coalesce(FIGURES[wanted.without].condition(_period(wanted, now)), False))
    elif wanted.from_ is not None or wanted.to is not None or wanted.without is not None:
        raise BadFilter(name="figure", value="", pointer="/query/figure")
    return found


def _period(wanted: CaseFilter, now: datetime) -> Period:
    """The figure's period. Raises BadFilter for one that ends before it begins, or that the figure has no use for."""
    period = Period(wanted.from_ or EARLIEST, wanted.to or now, now)
    for name, moment in (("from", wanted.from_), ("to", wanted.to)):
        ends_early = name == "to" and period.until <= period.since
        idle = wanted.figure is not None and not FIGURES[wanted.figure].timed
        if moment is not None and (ends_early or idle):
            raise BadFilter(name=name, value=moment.isoformat(), pointer=f"/query/{name}")
    return period


def completed_by(person: UUID) -> ColumnElement[bool]:
    """The condition that `person` completed the handling that counts."""
    f = FACTS.c
    at_last = and_(f.report_id == CASES.c.report_id, f.at == CASES.c.handled_at, f.kind.in_(("completed", "aborted")))
    return exists().where(at_last, f.actor == person)


def _spoken_and_dated(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.q:
        found.append(_matches(wanted.q))
    if wanted.reported_from is not None:
        found.append(CASES.c.reported_at >= wanted.reported_from)
    if wanted.reported_to is not None:
        found.append(CASES.c.reported_at < wanted.reported_to)
    return found


def _matches(words: str) -> ColumnElement[bool]:
    spoken: ColumnElement[str] = literal_column("(title || ' ' || description)")
    return or_(spoken.icontains(words, autoescape=True), CASES.c.case_no.startswith(words, autoescape=True))


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
