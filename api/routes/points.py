"""Routes of points and stars: rankings of people, units and departments, and the arithmetic of one."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import StringConstraints

from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ResourcesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from models.base import Line
from models.policy.scores import Subject
from services.points.read import PointsFilter, PointsRanking, PointsView, explain_points, rank_points

router = APIRouter(
    route_class=StrictRoute,
    prefix="/api/v1/supervision/points",
    tags=["supervision"],
    responses=PROBLEMS,
    dependencies=[KNOWN_PARAMETERS],
)
PeriodName = Annotated[
    Line,
    StringConstraints(max_length=20),
    Query(description="A month, 2026-11, or a quarter, 2026-Q4; else this month"),
]


@router.get("")
async def rank(
    wanted: Annotated[PointsFilter, Query()], resources: ResourcesDep, caller: Caller, now: Now, language: Language
) -> PointsRanking:
    """The points and stars of all, the best first; of people for those who lead them."""
    async with resources.reading.connect() as connection:
        return await rank_points(connection, caller, wanted, now, language)


@router.get("/{subject}/{code}")
async def explain(
    subject: Subject, code: str, resources: ResourcesDep, caller: Caller, now: Now, language: Language,
    period: PeriodName = "",
) -> PointsView:  # fmt: skip
    """The points of one with every fact behind them. A person is named by user name, and may ask for their own."""
    wanted = PointsFilter(subject=subject, period=period)
    async with resources.reading.connect() as connection:
        return await explain_points(connection, caller, wanted, code, now, language)
