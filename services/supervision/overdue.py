"""The overdue list: every open case whose deadline has passed, the longest overdue first."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import CTE, ColumnElement, Select, Text, and_, cast, func, literal, select, true, tuple_
from sqlalchemy import case as when
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Code, Frozen
from models.case import Case, Clock
from models.tables import CASES, FACTS
from services.cases.names import Names, read_names
from services.cases.reporter_alias import display_name, masked_owner
from services.cases.views import case_item, urge_view
from services.criteria.conditions import is_overdue, overdue_since
from services.criteria.cursors import cursor_after, read_time_cursor
from services.figures.viewpoint import Watch, find_unit
from services.figures.views import LastAction, OverdueItem, OverduePage


class OverdueFilter(Frozen):
    """What the list is narrowed to: a subtree, a category or its beginning, a department with a part in the case.

    With `sample`, so many drawn at random by `seed`: the same seed draws the same cases, as long as they are overdue.
    """

    grid: Code | None = None
    category: Code | None = None
    department: Code | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 50
    cursor: Annotated[str | None, Field(max_length=200)] = None
    sample: Annotated[int | None, Field(ge=1, le=200)] = None
    seed: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{0,20}$")] = ""


async def overdue_page(connection: AsyncConnection, look: Watch, wanted: OverdueFilter) -> OverduePage:
    """One page of the list, and how many there are in all.

    Raises NoSuchPage for a unit out of scope, and BadFilter for a cursor that is none.
    """
    if wanted.grid is not None:
        await find_unit(connection, look, wanted.grid)
    fits = and_(*_conditions(look, wanted))
    # All that fit are gone through once, in an index that holds what this asks; then the page's rows are fetched.
    late = select(CASES.c.report_id, overdue_since().label("since")).where(fits).cte("late")
    page = _page(wanted, late).subquery("page")
    counted = select(func.count()).select_from(late).scalar_subquery()
    total = select(counted.label("total")).subquery("counted")
    rows = (
        await connection.execute(
            select(cast(CASES.c.state, Text).label("state"), page.c.since, page.c.report_id, total.c.total)
            .select_from(total.outerjoin(page, true()).outerjoin(CASES, CASES.c.report_id == page.c.report_id))
            .order_by(page.c.since, page.c.report_id)
        )
    ).all()
    count, rows = rows[0].total, [row for row in rows if row.report_id is not None]
    limit = wanted.sample or wanted.limit
    cases = [Case.model_validate_json(row.state) for row in rows[:limit]]
    items = await _items(connection, look, [row.since for row in rows[:limit]], cases)
    more = len(rows) > limit
    return OverduePage(
        items=items,
        next_cursor=_cursor(rows[limit - 1].since, cases[-1].report_id) if more else None,
        total=count,
        as_of=look.now,
    )


def _page(wanted: OverdueFilter, late: CTE) -> Select[Any]:
    query = select(late.c.report_id, late.c.since)
    if wanted.sample is not None:
        drawn = func.md5(func.concat(wanted.seed, cast(late.c.report_id, Text)))
        return query.order_by(drawn, late.c.report_id).limit(wanted.sample)
    if wanted.cursor is not None:
        query = query.where(_after(wanted.cursor, late))
    return query.order_by(late.c.since, late.c.report_id).limit(wanted.limit + 1)


async def _last_actions(connection: AsyncConnection, report_ids: Sequence[UUID]) -> dict[UUID, Any]:
    """The last fact of a person on each of the cases."""
    f = FACTS.c
    rows = await connection.execute(
        select(f.report_id, f.kind, f.at, f.actor)
        .ext(distinct_on(f.report_id))
        .where(f.report_id.in_(report_ids), f.actor.is_not(None))
        .order_by(f.report_id, f.seq.desc())
    )
    return {row.report_id: row for row in rows}


#: What of an open case no line of a list shows.
_NOT_IN_A_LINE = [
    "past_clocks",
    "handled_by",
    "attachments",
    "summons",
    "errands",
    "absorbed",
    "co_handlers",
    "returns_settled",
]


def _line_state() -> ColumnElement[str]:
    """`state` as JSON for a line of a list, without what a line does not tell: a third of the time to read it.

    The light of a closed case is that of its past clocks, so these are left out of open ones alone.
    """
    lean = CASES.c.state.op("-")(literal(_NOT_IN_A_LINE, ARRAY(Text)))
    return cast(when((CASES.c.closed_at.is_(None), lean), else_=CASES.c.state), Text)


def _read_states(states: Sequence[str]) -> list[Case]:
    """The cases of these rows' `state`, each as JSON."""
    return [Case.model_validate_json(state) for state in states]


async def stream_overdue(
    connection: AsyncConnection, look: Watch, wanted: OverdueFilter, *, at_once: int = 500
) -> AsyncGenerator[tuple[OverdueItem, ...], None]:
    """The whole list, or the whole sample of it, so many at once, of one moment; no more than these are in memory.

    Raises NoSuchPage for a unit out of scope.
    """
    if wanted.grid is not None:
        await find_unit(connection, look, wanted.grid)
    late = select(CASES.c.report_id, overdue_since().label("since")).where(and_(*_conditions(look, wanted))).cte("late")
    chosen = select(late.c.report_id, late.c.since) if wanted.sample is None else _page(wanted, late)
    page = chosen.subquery("page")
    query = (
        select(_line_state().label("state"), page.c.since)
        .join(page, page.c.report_id == CASES.c.report_id)
        .order_by(page.c.since, page.c.report_id)
    )
    async with connection.stream(query, execution_options={"yield_per": at_once}) as found:
        try:
            async for rows in found.partitions():
                cases = await asyncio.to_thread(_read_states, [row.state for row in rows])
                yield await _items(connection, look, [row.since for row in rows], cases)
        finally:
            await found.close()  # left in the middle, it would stay open


async def count_overdue(connection: AsyncConnection, look: Watch, wanted: OverdueFilter) -> int:
    """How many cases the list has, or the sample of it. Raises NoSuchPage for a unit out of scope."""
    if wanted.grid is not None:
        await find_unit(connection, look, wanted.grid)
    count = await connection.scalar(select(func.count()).select_from(CASES).where(and_(*_conditions(look, wanted))))
    return min(count or 0, wanted.sample or count or 0)


async def _items(
    connection: AsyncConnection, look: Watch, since: Sequence[datetime], cases: Sequence[Case]
) -> tuple[OverdueItem, ...]:
    acted = await _last_actions(connection, [case.report_id for case in cases])
    names = await read_names(connection, cases, look.language, {row.actor for row in acted.values()})

    def items() -> tuple[OverdueItem, ...]:
        return tuple(
            _item(case, late, names, look.now, acted.get(case.report_id))
            for case, late in zip(cases, since, strict=True)
        )

    return await asyncio.to_thread(items)


def _conditions(look: Watch, wanted: OverdueFilter) -> list[ColumnElement[bool]]:
    found = [is_overdue(look.now), look.fits(wanted.grid)]
    if wanted.category is not None:
        found.append(CASES.c.category.startswith(wanted.category, autoescape=True))
    if wanted.department is not None:
        found.append(CASES.c.departments.contains([wanted.department]))
    return found


def _item(case: Case, since: datetime, names: Names, now: datetime, acted: Any) -> OverdueItem:
    known = case_item(case, names, now).model_dump(exclude={"owner"})
    return OverdueItem(
        **known,
        owner=None if case.owner is None else names.owner(masked_owner(case.owner, case)),
        overdue_since=since,
        late_by=now - since,
        host=case.host,
        host_name=None if case.host is None else names.departments.get(case.host, case.host),
        ladder_step=case.clock.last_step if case.clock else 0,
        whole_due_at=case.whole.due_at if case.whole else None,
        consultation_at=case.consultation_at,
        paused=paused(case.clock, now),
        extensions=case.extensions_granted,
        failed_reviews=case.failed_reviews,
        returns=case.returns,
        last_action=None
        if acted is None
        else LastAction(kind=acted.kind, at=acted.at, by=display_name(acted.actor, case, names)),
        urges=tuple(urge_view(urge, case, names) for urge in case.urges),
    )


def paused(clock: Clock | None, now: datetime) -> timedelta:
    """How long a clock has stood still since it first started, in natural time."""
    if clock is None:
        return timedelta()
    until = clock.ended_at or now
    ran = sum(((interval.end or until) - interval.start for interval in clock.intervals), timedelta())
    return max(timedelta(), until - clock.intervals[0].start - ran)


def _cursor(since: datetime, report_id: UUID) -> str:
    return cursor_after("overdue", since.isoformat(), str(report_id))


def _after(cursor: str, late: CTE) -> ColumnElement[bool]:
    moment, last = read_time_cursor("overdue", cursor)
    return tuple_(late.c.since, late.c.report_id) > tuple_(literal(moment), literal(last))
