"""升级总览: the open cases by the level where they stand, with what their ladder does next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Code, Frozen, Instant
from models.case import Case
from models.enums import Level
from models.figures import FigureKey
from models.tables import CASES, NOTICES
from models.views import CaseItem
from services.cases.names import read_names
from services.cases.views import case_item
from services.figures.definitions import FIGURES
from services.figures.drill_down import cases_at
from services.figures.viewpoint import Watch, find_unit
from services.figures.views import AlarmView, Number, UnitName
from services.supervision.board import alarms


class LadderFilter(Frozen):
    """Which cases: those that have climbed, or with `all` every open one; `most` of each level."""

    grid: Code | None = None
    all: bool = False
    most: Annotated[int, Field(ge=1, le=100)] = 20


class LadderCase(Frozen):
    """A case on its ladder. `next_at`: when the next step fires if nobody acts; None: nothing more is to come.

    `held_until`: acknowledged, and until then held. `told`, `read`: how many notices its steps have sent, and how many
    of these were read.
    """

    case: CaseItem
    step: int
    told: int
    read: int
    next_at: Instant | None
    held_until: Instant | None
    consultation: bool


class LadderColumn(Frozen):
    """A level with its cases, those whose next step comes first on top; `number` counts all of them."""

    level: Level
    number: Number
    cases: tuple[LadderCase, ...]


class LadderView(Frozen):
    """All levels, the lowest first; `alarms`: where a step looked for somebody and found nobody."""

    grid: UnitName | None
    columns: tuple[LadderColumn, ...]
    alarms: tuple[AlarmView, ...]


async def ladder_view(connection: AsyncConnection, look: Watch, wanted: LadderFilter) -> LadderView:
    """The levels with their cases. Raises NoSuchPage for a unit out of scope."""
    root = None if wanted.grid is None else await find_unit(connection, look, wanted.grid)
    key = FigureKey.OPEN if wanted.all else FigureKey.CLIMBED
    fits = [FIGURES[key].condition(look.today), look.fits(wanted.grid)]
    place = (
        func.row_number()
        .over(partition_by=CASES.c.level, order_by=(CASES.c.wake_at.asc().nulls_last(), CASES.c.report_id))
        .label("place")
    )
    total = func.count().over(partition_by=CASES.c.level).label("total")
    listed = select(CASES.c.report_id, CASES.c.level, place, total).where(*fits).subquery("listed")
    rows = (
        await connection.execute(
            select(CASES.c.state, listed.c.level, listed.c.total)
            .join(listed, listed.c.report_id == CASES.c.report_id)
            .where(listed.c.place <= wanted.most)
            .order_by(listed.c.level, listed.c.place)
        )
    ).all()
    cases = [Case.model_validate(row.state) for row in rows]
    names = await read_names(connection, cases, look.language)
    told = await _told(connection, [case.report_id for case in cases])
    totals = {row.level: row.total for row in rows}
    columns = []
    for level in sorted(Level, reverse=True):
        number = Number(
            count=totals.get(int(level), 0), cases=cases_at(key, look.today, grid=wanted.grid, level=int(level))
        )
        here = tuple(
            _line(case, case_item(case, names, look.now), told.get(case.report_id, (0, 0)), look.now)
            for row, case in zip(rows, cases, strict=True)
            if row.level == int(level)
        )
        columns.append(LadderColumn(level=level, number=number, cases=here))
    return LadderView(grid=root, columns=tuple(columns), alarms=await alarms(connection, look, wanted.grid))


async def _told(connection: AsyncConnection, report_ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """Of each case, how many notices went out and how many were read."""
    n = NOTICES.c
    rows = await connection.execute(
        select(n.report_id, func.count(), func.count(n.read_at))
        .where(n.report_id.in_(report_ids))
        .group_by(n.report_id)
    )
    return {report_id: (told, read) for report_id, told, read in rows}


def _line(case: Case, item: CaseItem, told: tuple[int, int], now: datetime) -> LadderCase:
    plan = case.clock.plan if case.clock else None
    held = case.acknowledged_until if case.acknowledged_until and case.acknowledged_until > now else None
    return LadderCase(
        case=item,
        step=case.clock.last_step if case.clock else 0,
        told=told[0],
        read=told[1],
        next_at=plan.rungs[0] if plan and plan.rungs else None,
        held_until=held,
        consultation=case.consultation_at is not None,
    )
