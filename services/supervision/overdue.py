"""The overdue list: every open case whose deadline has passed, the longest overdue first."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import CTE, ColumnElement, Select, Text, case as when, cast, func, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import STORED, Code, Frozen, Instant
from models.case import Case, Clock
from models.tables import CASES, FACTS
from services.cases.names import Names, read_names
from services.cases.placed import PLACE_COLUMNS, Placed, placed
from services.cases.reporter_alias import display_name, masked_owner
from services.cases.row_answers import AnswerReader
from services.cases.views import case_item, urge_view
from services.criteria.conditions import is_overdue, overdue_since
from services.criteria.cursors import bad_cursor, beyond_time_cursor, cursor_after, read_cursor, time_cursor
from services.figures.viewpoint import Viewpoint, find_root
from services.figures.views import LastAction, OverdueItem, OverduePage
from services.supervision.overdue_order import OverdueSort, order_key

#: What `sort` may say.
SORTS = rf"^-?({'|'.join(OverdueSort)})$"


class OverdueFilter(Frozen):
    """What the list is narrowed to: a subtree, a category or its prefix, a department with a part in the case, cases
    whose deadline passed at `since` or later.

    `sort` names a column, with "-" before it the other way round; without it the longest overdue come first.
    With `sample`, that many are drawn at random by `seed`; the same seed draws the same cases while they are overdue.
    """

    grid: Code | None = None
    category: Code | None = None
    department: Code | None = None
    since: Instant | None = None
    sort: Annotated[str | None, Field(pattern=SORTS)] = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 50
    cursor: Annotated[str | None, Field(max_length=200)] = None
    sample: Annotated[int | None, Field(ge=1, le=200)] = None
    seed: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{0,20}$")] = ""


async def overdue_page(connection: AsyncConnection, viewpoint: Viewpoint, overdue_filter: OverdueFilter) -> OverduePage:
    """Return one page of the list, and how many there are in all.

    Raises NoSuchPage for a unit out of scope, and BadFilter for an invalid cursor.
    """
    # All that fit are read once, from an index that holds these columns; then the rows of the page are fetched.
    overdue = await _overdue_cases(connection, viewpoint, overdue_filter)
    page = _page(overdue_filter, overdue, viewpoint.now).subquery("page")
    counted = select(func.count()).select_from(overdue).scalar_subquery()
    total = select(counted.label("total")).subquery("counted")
    rows = (
        await connection.execute(
            select(cast(CASES.c.state, Text).label("state"), page.c.since, page.c.report_id, total.c.total)
            .select_from(total.outerjoin(page, true()).outerjoin(CASES, CASES.c.report_id == page.c.report_id))
            .order_by(*((page.c.place,) if "place" in page.c else (page.c.since, page.c.report_id)))
        )
    ).all()
    count, rows = rows[0].total, [row for row in rows if row.report_id is not None]
    limit = overdue_filter.sample or overdue_filter.limit
    cases = [Case.model_validate_json(row.state, context=STORED) for row in rows[:limit]]
    items = await _items(connection, viewpoint, [row.since for row in rows[:limit]], cases)
    more = len(rows) > limit
    return OverduePage(
        items=items,
        next_cursor=_next_cursor(overdue_filter, rows[limit - 1].since, cases[-1].report_id) if more else None,
        total=count,
        as_of=viewpoint.now,
    )


async def _overdue_cases(connection: AsyncConnection, viewpoint: Viewpoint, overdue_filter: OverdueFilter) -> CTE:
    """The keys of the list, as a part of a statement. Raises NoSuchPage for a unit out of scope."""
    await find_root(connection, viewpoint, overdue_filter.grid)
    keys = select(CASES.c.report_id, overdue_since().label("since"))
    return keys.where(*_conditions(viewpoint, overdue_filter)).cte("overdue")


def _page(overdue_filter: OverdueFilter, overdue: CTE, now: datetime) -> Select[Any]:
    """The keys of the page; in the order of a column also each one's `place`."""
    query = select(overdue.c.report_id, overdue.c.since)
    if overdue_filter.sample is not None:
        drawn = func.md5(func.concat(overdue_filter.seed, cast(overdue.c.report_id, Text)))
        return query.order_by(drawn, overdue.c.report_id).limit(overdue_filter.sample)
    if overdue_filter.sort is not None:
        return _sorted_page(overdue_filter, overdue_filter.sort, overdue, now)
    if overdue_filter.cursor is not None:
        query = query.where(beyond_time_cursor("overdue", overdue_filter.cursor, overdue.c.since, overdue.c.report_id))
    return query.order_by(overdue.c.since, overdue.c.report_id).limit(overdue_filter.limit + 1)


def _sorted_page(overdue_filter: OverdueFilter, sort: str, overdue: CTE, now: datetime) -> Select[Any]:
    """The page in the order of a column. Its cursor is a position: the values of most columns change meanwhile."""
    key = order_key(OverdueSort(sort.removeprefix("-")), now)
    order = (key.desc() if sort.startswith("-") else key.asc(), overdue.c.since, overdue.c.report_id)
    offset = 0
    if overdue_filter.cursor is not None:
        (position,) = read_cursor(f"overdue {sort}", overdue_filter.cursor, 1)
        if not position.isdecimal():
            raise bad_cursor(overdue_filter.cursor)
        offset = int(position)
    return (
        select(overdue.c.report_id, overdue.c.since, func.row_number().over(order_by=order).label("place"))
        .join(CASES, CASES.c.report_id == overdue.c.report_id)
        .order_by(*order)
        .limit(overdue_filter.limit + 1)
        .offset(offset)
    )


def _next_cursor(overdue_filter: OverdueFilter, since: datetime, report_id: UUID) -> str:
    """The cursor of the page after the one that ends with this case."""
    if overdue_filter.sort is None:
        return time_cursor("overdue", since, report_id)
    name = f"overdue {overdue_filter.sort}"
    before = 0 if overdue_filter.cursor is None else int(read_cursor(name, overdue_filter.cursor, 1)[0])
    return cursor_after(name, str(before + overdue_filter.limit))


async def _last_actions(connection: AsyncConnection, report_ids: Sequence[UUID]) -> dict[UUID, Any]:
    """Return the last fact of a person on each of the cases."""
    f = FACTS.c
    rows = await connection.execute(
        select(f.report_id, f.kind, f.at, f.actor)
        .ext(distinct_on(f.report_id))
        .where(f.report_id.in_(report_ids), f.actor.is_not(None))
        .order_by(f.report_id, f.seq.desc())
    )
    return {row.report_id: row for row in rows}


#: The parts of an open case's state that no item shows.
_NOT_SHOWN = [
    "past_clocks",
    "handled_by",
    "attachments",
    "summons",
    "errands",
    "absorbed",
    "co_handlers",
    "returns_settled",
]


def _item_state() -> ColumnElement[str]:
    """`state` as JSON without the parts that an item does not show, which takes a third of the time to read.

    The light of a closed case is that of its past clocks, so only open cases leave these out.
    """
    shortened = CASES.c.state.op("-")(literal(_NOT_SHOWN, ARRAY(Text)))
    return cast(when((CASES.c.closed_at.is_(None), shortened), else_=CASES.c.state), Text)


def _read_states(states: Sequence[str]) -> list[Case]:
    """Return the cases of these rows' `state`, each as JSON."""
    return [Case.model_validate_json(state, context=STORED) for state in states]


async def stream_overdue(
    connection: AsyncConnection, viewpoint: Viewpoint, overdue_filter: OverdueFilter, *, batch_size: int = 500
) -> AsyncGenerator[tuple[Placed[OverdueItem], ...], None]:
    """Yield the whole list, or the whole sample, in batches, as of one moment; only one batch is in memory.

    Raises NoSuchPage for a unit out of scope.
    """
    overdue = await _overdue_cases(connection, viewpoint, overdue_filter)
    chosen = (
        select(overdue.c.report_id, overdue.c.since)
        if overdue_filter.sample is None
        else _page(overdue_filter, overdue, viewpoint.now)
    )
    page = chosen.subquery("page")
    reader = AnswerReader(viewpoint.person, viewpoint.scope_day or viewpoint.day, viewpoint.language)
    query = (
        select(_item_state().label("state"), page.c.since, *PLACE_COLUMNS)
        .join(page, page.c.report_id == CASES.c.report_id)
        .order_by(page.c.since, page.c.report_id)
    )
    async with connection.stream(query, execution_options={"yield_per": batch_size}) as found:
        try:
            async for rows in found.partitions():
                cases = await asyncio.to_thread(_read_states, [row.state for row in rows])
                items = await _items(connection, viewpoint, [row.since for row in rows], cases)
                yield placed(items, rows, await reader.of_cases(connection, cases))
        finally:
            await found.close()  # a cursor left half-read would stay open


async def count_overdue(connection: AsyncConnection, viewpoint: Viewpoint, overdue_filter: OverdueFilter) -> int:
    """Return how many cases the list or the sample has. Raises NoSuchPage for a unit out of scope."""
    await find_root(connection, viewpoint, overdue_filter.grid)
    count = await connection.scalar(
        select(func.count()).select_from(CASES).where(*_conditions(viewpoint, overdue_filter))
    )
    return min(count or 0, overdue_filter.sample or count or 0)


async def _items(
    connection: AsyncConnection, viewpoint: Viewpoint, overdue_times: Sequence[datetime], cases: Sequence[Case]
) -> tuple[OverdueItem, ...]:
    last_actions = await _last_actions(connection, [case.report_id for case in cases])
    names = await read_names(connection, cases, viewpoint.language, {row.actor for row in last_actions.values()})

    def build() -> tuple[OverdueItem, ...]:
        return tuple(
            _item(case, since, names, viewpoint.now, last_actions.get(case.report_id))
            for case, since in zip(cases, overdue_times, strict=True)
        )

    return await asyncio.to_thread(build)


def _conditions(viewpoint: Viewpoint, overdue_filter: OverdueFilter) -> list[ColumnElement[bool]]:
    conditions = [is_overdue(viewpoint.now), viewpoint.cases_in(overdue_filter.grid)]
    if overdue_filter.category is not None:
        conditions.append(CASES.c.category.startswith(overdue_filter.category, autoescape=True))
    if overdue_filter.since is not None:
        conditions.append(overdue_since() >= overdue_filter.since)
    if overdue_filter.department is not None:
        conditions.append(CASES.c.departments.contains([overdue_filter.department]))
    return conditions


def _item(case: Case, since: datetime, names: Names, now: datetime, last_action: Any) -> OverdueItem:
    fields = case_item(case, names, now).model_dump(exclude={"owner"})
    return OverdueItem(
        **fields,
        owner=None if case.owner is None else names.owner(masked_owner(case.owner, case)),
        overdue_since=since,
        late_by=now - since,
        host=case.host,
        host_name=None if case.host is None else names.department(case.host),
        ladder_step=case.clock.last_step if case.clock else 0,
        whole_due_at=case.whole.due_at if case.whole else None,
        consultation_at=case.consultation_at,
        paused=paused_time(case.clock, now),
        extensions=case.extensions_granted,
        failed_reviews=case.failed_reviews,
        returns=case.returns,
        last_action=None
        if last_action is None
        else LastAction(kind=last_action.kind, at=last_action.at, by=display_name(last_action.actor, case, names)),
        urges=tuple(urge_view(urge, case, names) for urge in case.urges),
    )


def paused_time(clock: Clock | None, now: datetime) -> timedelta:
    """Return how long a clock has stood still since it first started, in natural time."""
    if clock is None:
        return timedelta()
    until = clock.ended_at or now
    ran = sum(((interval.end or until) - interval.start for interval in clock.intervals), timedelta())
    return max(timedelta(), until - clock.intervals[0].start - ran)
