"""Overview of escalations (升级总览): open cases by the level where they stand, with the next step of their ladder."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import STORED, Code, Frozen, Instant
from models.case import Case, Clock
from models.enums import Level, RequestKind
from models.figures import FigureKey
from models.tables import CASES, NOTICES
from models.views import CaseItem
from rules.requests import pending_requests
from services.cases.names import read_names
from services.cases.views import case_item
from services.figures.definitions import FIGURES
from services.figures.drill_down import cases_url
from services.figures.viewpoint import Viewpoint, find_root
from services.figures.views import AlarmView, Number, UnitName
from services.supervision.board import list_alarms


class LadderFilter(Frozen):
    """The cases listed: those that have climbed, or with `all` every open one; `most` of each level."""

    grid: Code | None = None
    all: bool = False
    most: Annotated[int, Field(ge=1, le=100)] = 20


class LadderStep(Frozen):
    """How far a ladder has come, and when its next step fires; None: no step is left."""

    step: int
    next_at: Instant | None


class RequestLadder(LadderStep):
    """The ladder of a request that waits, to be decided by `decide_by`."""

    request: RequestKind
    decide_by: Instant | None


class LadderCase(Frozen):
    """A case on its ladder. `next_at`: when the next step fires if nobody acts; None: no step is left.

    `held_until`: acknowledged, so the ladder stands still until then. `told`, `read`: how many notices its steps have
    sent, and how many of these were read. `whole`: the ladder of the whole case, where a clock of it runs; `requests`:
    the ladders of the requests that nobody has decided.
    """

    case: CaseItem
    step: int
    whole: LadderStep | None
    requests: tuple[RequestLadder, ...]
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
    """All levels, the lowest first; `alarms`: the roles that a step looked for and nobody held."""

    grid: UnitName | None
    columns: tuple[LadderColumn, ...]
    alarms: tuple[AlarmView, ...]


async def read_ladder(connection: AsyncConnection, viewpoint: Viewpoint, ladder_filter: LadderFilter) -> LadderView:
    """Return the levels with their cases. Raises NoSuchPage for a unit out of scope."""
    root = await find_root(connection, viewpoint, ladder_filter.grid)
    key = FigureKey.OPEN if ladder_filter.all else FigureKey.CLIMBED
    conditions = [FIGURES[key].condition(viewpoint.today), viewpoint.cases_in(ladder_filter.grid)]
    position = (
        func.row_number()
        .over(partition_by=CASES.c.level, order_by=(CASES.c.wake_at.asc().nulls_last(), CASES.c.report_id))
        .label("position")
    )
    total = func.count().over(partition_by=CASES.c.level).label("total")
    ranked = select(CASES.c.report_id, CASES.c.level, position, total).where(*conditions).subquery("ranked")
    rows = (
        await connection.execute(
            select(CASES.c.state, ranked.c.level, ranked.c.total)
            .join(ranked, ranked.c.report_id == CASES.c.report_id)
            .where(ranked.c.position <= ladder_filter.most)
            .order_by(ranked.c.level, ranked.c.position)
        )
    ).all()
    cases = [Case.model_validate(row.state, context=STORED) for row in rows]
    names = await read_names(connection, cases, viewpoint.language)
    notices = await _count_notices(connection, [case.report_id for case in cases])
    totals = {row.level: row.total for row in rows}
    columns = []
    for level in sorted(Level, reverse=True):
        number = Number(
            count=totals.get(int(level), 0),
            cases=cases_url(key, viewpoint.today, grid=ladder_filter.grid, level=int(level)),
        )
        in_level = tuple(
            _ladder_case(
                case, case_item(case, names, viewpoint.now), notices.get(case.report_id, (0, 0)), viewpoint.now
            )
            for row, case in zip(rows, cases, strict=True)
            if row.level == int(level)
        )
        columns.append(LadderColumn(level=level, number=number, cases=in_level))
    return LadderView(
        grid=root, columns=tuple(columns), alarms=await list_alarms(connection, viewpoint, ladder_filter.grid)
    )


async def _count_notices(connection: AsyncConnection, report_ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """Return of each case how many notices were sent and how many were read."""
    n = NOTICES.c
    rows = await connection.execute(
        select(n.report_id, func.count(), func.count(n.read_at))
        .where(n.report_id.in_(report_ids))
        .group_by(n.report_id)
    )
    return {report_id: (sent, read) for report_id, sent, read in rows}


def _ladder_step(clock: Clock) -> LadderStep:
    rungs = clock.plan.rungs if clock.plan else ()
    return LadderStep(step=clock.last_step, next_at=rungs[0] if rungs else None)


def _ladder_case(case: Case, item: CaseItem, notices: tuple[int, int], now: datetime) -> LadderCase:
    plan = case.clock.plan if case.clock else None
    held = case.acknowledged_until if case.acknowledged_until and case.acknowledged_until > now else None
    return LadderCase(
        case=item,
        step=case.clock.last_step if case.clock else 0,
        whole=None if case.whole is None or case.whole.ended_at else _ladder_step(case.whole),
        requests=tuple(
            RequestLadder(
                request=kind,
                decide_by=request.decide_by,
                step=request.last_step,
                next_at=request.rungs[0] if request.rungs else None,
            )
            for kind, request in pending_requests(case).items()
            if request.decide_by is not None
        ),
        told=notices[0],
        read=notices[1],
        next_at=plan.rungs[0] if plan and plan.rungs else None,
        held_until=held,
        consultation=case.consultation_at is not None,
    )
