"""The overdue list: every open case whose deadline has passed, the longest overdue first."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import CTE, ColumnElement, Text, and_, cast, func, literal, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Code, Frozen
from models.case import Case
from models.errors import BadFilter
from models.tables import CASES
from services.case_views import Names, case_item, masked_owner, read_names, urge_view
from services.conditions import is_overdue, overdue_since
from services.cursors import cursor_after, key_in
from services.supervision.views import OverdueItem, OverduePage
from services.supervision.watch import Watch, find_unit


class OverdueFilter(Frozen):
    """What the list is narrowed to: a subtree, a category or its beginning, a department with a part in the case."""

    grid: Code | None = None
    category: Code | None = None
    department: Code | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 50
    cursor: Annotated[str | None, Field(max_length=200)] = None


async def overdue_page(connection: AsyncConnection, look: Watch, wanted: OverdueFilter) -> OverduePage:
    """One page of the list, and how many there are in all.

    Raises NoSuchPage for a unit out of scope, and BadFilter for a cursor that is none.
    """
    if wanted.grid is not None:
        await find_unit(connection, look, wanted.grid)
    fits = and_(*_conditions(look, wanted))
    # All that fit are gone through once, in an index that holds what this asks; then the page's rows are fetched.
    late = select(CASES.c.report_id, overdue_since().label("since")).where(fits).cte("late")
    query = select(late.c.report_id, late.c.since).order_by(late.c.since, late.c.report_id)
    if wanted.cursor is not None:
        query = query.where(_after(wanted.cursor, late))
    page = query.limit(wanted.limit + 1).subquery("page")
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
    cases = [Case.model_validate_json(row.state) for row in rows[: wanted.limit]]
    names = await read_names(connection, cases, look.language)
    items = tuple(_item(case, row.since, names, look.now) for case, row in zip(cases, rows, strict=False))
    more = len(rows) > wanted.limit
    return OverduePage(
        items=items,
        next_cursor=_cursor(rows[wanted.limit - 1].since, cases[-1].report_id) if more else None,
        total=count,
        as_of=look.now,
    )


async def all_overdue(connection: AsyncConnection, look: Watch, wanted: OverdueFilter) -> AsyncIterator[OverdueItem]:
    """The whole list, a page at a time behind the scenes."""
    cursor: str | None = None
    while True:
        page = await overdue_page(connection, look, wanted.model_copy(update={"limit": 500, "cursor": cursor}))
        for item in page.items:
            yield item
        cursor = page.next_cursor
        if cursor is None:
            return


def _conditions(look: Watch, wanted: OverdueFilter) -> list[ColumnElement[bool]]:
    found = [is_overdue(look.now), look.fits(wanted.grid)]
    if wanted.category is not None:
        found.append(CASES.c.category.startswith(wanted.category, autoescape=True))
    if wanted.department is not None:
        found.append(CASES.c.departments.any(wanted.department))
    return found


def _item(case: Case, since: datetime, names: Names, now: datetime) -> OverdueItem:
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
        urges=tuple(urge_view(urge, case, names) for urge in case.urges),
    )


def _cursor(since: datetime, report_id: UUID) -> str:
    return cursor_after(json.dumps([since.isoformat(), str(report_id)]))


def _after(cursor: str, late: CTE) -> ColumnElement[bool]:
    try:
        since, report_id = json.loads(key_in(cursor))
        moment, last = datetime.fromisoformat(since), UUID(report_id)
        if moment.tzinfo is None:
            raise ValueError("a moment without a zone")
    except (ValueError, TypeError, AttributeError) as error:
        raise BadFilter(name="cursor", value=cursor, pointer="/query/cursor") from error
    return tuple_(late.c.since, late.c.report_id) > tuple_(literal(moment), literal(last))
