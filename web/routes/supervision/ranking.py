"""排名: communities, grids or departments over a period, every rate with both its sides."""

from asyncio import to_thread
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api.routes.supervision import attachment_response
from doors.dependencies import ServicesDep
from models.base import Code
from services.figures.responsible import leads
from services.figures.viewpoint import Viewpoint, read_viewpoint
from services.figures.views import Ranking
from services.files.workbook import Sheets
from services.supervision.past_ranks import standings
from services.supervision.ranking import RankingBy, RankingFilter, ranking, scoring_in_force
from services.supervision.sheets import add_ranking
from web.draw.svg_bars import pattern_defs
from web.draw.svg_spark import sparkline
from web.pages import page
from web.reader import SignedIn
from web.views.board import figure_meanings, list_regions
from web.views.forms import blank
from web.views.lists.periods import PERIODS, earlier_periods, period_days
from web.views.page_links import with_query
from web.views.translation_marks import _

router = APIRouter()

#: Who is ranked, in the words of the page.
BY_TITLES = {RankingBy.COMMUNITY: _("社区"), RankingBy.GRID: _("网格"), RankingBy.DEPARTMENT: _("部门"),
      RankingBy.PERSON: _("人员")}  # fmt: skip
#: How many periods before are looked at.
EARLIER_PERIODS = 3
#: A sample below this is not ranked unless the address says otherwise (our choice).
DEFAULT_LEAST = 20

Least = Annotated[int, Query(ge=0, le=100_000)]
Name = Annotated[str, Query(max_length=20)]


def ranking_filter(
    look: Viewpoint, by: RankingBy, first: date, last: date, grid: str | None, least: int
) -> RankingFilter:
    """What the service is asked: whole days where the cases are, up to now."""
    days = look.days(first, last)
    return RankingFilter.model_validate(
        {"by": by, "from": days.since, "to": min(days.until, look.now), "grid": grid, "least_cases": least}
    )


async def _rank(
    connection: AsyncConnection, look: Viewpoint, by: RankingBy, period: str, grid: str | None, least: int
) -> tuple[Ranking, date, date]:
    first, last = period_days(period, look.day)
    return await ranking(connection, look, ranking_filter(look, by, first, last, grid, least)), first, last


@router.get("/ranking")
async def show_ranking(
    opened: ServicesDep,
    reader: SignedIn,
    by: RankingBy = RankingBy.COMMUNITY,
    period: Name = "month",
    grid: Annotated[Code | None, blank()] = None,
    least: Least = DEFAULT_LEAST,
) -> Response:
    """The ranking as a page, which prints as a bulletin."""
    async with opened.reading.connect() as connection:
        look = await read_viewpoint(connection, reader.person, reader.now, reader.language)
        found, first, last = await _rank(connection, look, by, period, grid, least)
        wanted = ranking_filter(look, by, first, last, grid, least)
        standing = await standings(connection, look, wanted, found, earlier_periods(period, look.day, EARLIER_PERIODS))
        units = await list_regions(connection, look)
        version, scoring = await scoring_in_force(connection)
    query = {"by": by.value, "period": period, "grid": grid, "least": least}
    return page(
        reader,
        "ranking/ranking.html",
        found=found,
        by=by,
        ways={
            one: title
            for one, title in BY_TITLES.items()
            if one is not RankingBy.PERSON or leads(reader.person, look.day)
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
        regions=units,
        scoring=scoring,
        version=version,
        trial=last >= look.day,
        means=figure_meanings(reader.language),
        patterns=pattern_defs(),
        here=lambda **changed: with_query("/ranking", **{**query, **changed}),
        excel=with_query("/ranking.xlsx", **query),
    )


@router.get("/ranking.xlsx")
async def export_ranking(
    opened: ServicesDep,
    reader: SignedIn,
    by: RankingBy = RankingBy.COMMUNITY,
    period: Name = "month",
    grid: Annotated[Code | None, blank()] = None,
    least: Least = DEFAULT_LEAST,
) -> Response:
    """The same ranking for Excel, in the same order."""
    async with opened.reading.connect() as connection:
        look = await read_viewpoint(connection, reader.person, reader.now, reader.language)
        found, first, last = await _rank(connection, look, by, period, grid, least)

    def write() -> Sheets:
        sheets = Sheets(look.zone)
        add_ranking(sheets, found, look.language)
        return sheets

    sheets = await to_thread(write)
    return attachment_response(sheets.file(), f"gridloop-ranking-{by.value}-{first}-{last}")
