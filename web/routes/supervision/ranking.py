"""排名: communities, grids, departments or people over a period; each rate with numerator and denominator."""

from asyncio import to_thread
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api.routes.supervision import attachment_response
from doors.dependencies import ServicesDep
from services.figures.responsible import leads
from services.figures.viewpoint import Viewpoint
from services.figures.views import Ranking
from services.files.workbook import Sheets
from services.supervision.past_ranks import compare_standings
from services.supervision.ranking import RankingBy, RankingFilter, read_ranking, scoring_in_force
from services.supervision.sheets import add_ranking
from web.draw.svg_bars import pattern_defs
from web.draw.svg_spark import sparkline
from web.pages import page
from web.reader import SignedIn
from web.routes.common import GridCode, open_viewpoint
from web.views.board import figure_meanings, list_regions
from web.views.lists.periods import PERIODS, earlier_periods, period_days
from web.views.page_links import link_builder, with_query
from web.views.translation_marks import _

router = APIRouter()

#: The titles of what can be ranked.
BY_TITLES = {RankingBy.COMMUNITY: _("社区"), RankingBy.GRID: _("网格"), RankingBy.DEPARTMENT: _("部门"),
      RankingBy.PERSON: _("人员")}  # fmt: skip
#: How many earlier periods the standings cover.
EARLIER_PERIODS = 3
#: Fewer cases than this are not ranked, unless the address says otherwise (our choice).
DEFAULT_LEAST = 20

Least = Annotated[int, Query(ge=0, le=100_000)]
Name = Annotated[str, Query(max_length=20)]


def ranking_filter(
    viewpoint: Viewpoint, by: RankingBy, first: date, last: date, grid: str | None, least: int
) -> RankingFilter:
    """The filter for the service: whole local days, up to now."""
    days = viewpoint.days(first, last)
    return RankingFilter.model_validate(
        {"by": by, "from": days.since, "to": min(days.until, viewpoint.now), "grid": grid, "least_cases": least}
    )


async def _rank(
    connection: AsyncConnection, viewpoint: Viewpoint, by: RankingBy, period: str, grid: str | None, least: int
) -> tuple[Ranking, date, date]:
    first, last = period_days(period, viewpoint.day)
    return (
        await read_ranking(connection, viewpoint, ranking_filter(viewpoint, by, first, last, grid, least)),
        first,
        last,
    )


@router.get("/ranking")
async def show_ranking(
    services: ServicesDep,
    reader: SignedIn,
    by: RankingBy = RankingBy.COMMUNITY,
    period: Name = "month",
    grid: GridCode = None,
    least: Least = DEFAULT_LEAST,
) -> Response:
    """The ranking as a page, which can be printed as a bulletin."""
    async with open_viewpoint(services, reader) as (connection, viewpoint):
        ranked, first, last = await _rank(connection, viewpoint, by, period, grid, least)
        filters = ranking_filter(viewpoint, by, first, last, grid, least)
        earlier = earlier_periods(period, viewpoint.day, EARLIER_PERIODS)
        standing = await compare_standings(connection, viewpoint, filters, ranked, earlier)
        regions = await list_regions(connection, viewpoint)
        version, scoring = await scoring_in_force(connection)
    query = {"by": by.value, "period": period, "grid": grid, "least": least}
    return page(
        reader,
        "ranking/ranking.html",
        ranking=ranked,
        by=by,
        ways={
            one: title
            for one, title in BY_TITLES.items()
            if one is not RankingBy.PERSON or leads(reader.person, viewpoint.day)
        },
        way=BY_TITLES[by],
        standing=standing,
        sparks={code: sparkline(one.points, width=72, height=22) for code, one in standing.items()},
        periods=PERIODS,
        period=period,
        grid=grid,
        least=least,
        first=first,
        last=last,
        regions=regions,
        scoring=scoring,
        version=version,
        trial=last >= viewpoint.day,
        means=figure_meanings(reader.language),
        patterns=pattern_defs(),
        here=link_builder("/ranking", **query),
        excel=with_query("/ranking.xlsx", **query),
    )


@router.get("/ranking.xlsx")
async def export_ranking(
    services: ServicesDep,
    reader: SignedIn,
    by: RankingBy = RankingBy.COMMUNITY,
    period: Name = "month",
    grid: GridCode = None,
    least: Least = DEFAULT_LEAST,
) -> Response:
    """The same ranking as a workbook, in the same order."""
    async with open_viewpoint(services, reader) as (connection, viewpoint):
        ranked, first, last = await _rank(connection, viewpoint, by, period, grid, least)

    def write() -> Sheets:
        sheets = Sheets(viewpoint.zone)
        add_ranking(sheets, ranked, viewpoint.language)
        return sheets

    sheets = await to_thread(write)
    return attachment_response(sheets.file(), f"gridloop-ranking-{by.value}-{first}-{last}")
