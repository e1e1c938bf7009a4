"""分析: weeks, categories, hours and closing times, as tables and, where a script runs, as charts."""

from asyncio import to_thread
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Response
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncConnection

from api.routes.supervision import workbook
from api.state import Opened
from models.base import Code
from services.supervision.analysis import Analysis, Duration, analyse, analysis_file, last_weeks
from services.supervision.watch import Watch, watch
from web.pages import page
from web.reader import Reader, SignedIn
from web.views.board import regions
from web.views.data import data_block
from web.views.forms import blank
from web.views.links import to_page
from web.views.marks import _
from web.views.periods import with_query

router = APIRouter()

WEEKDAYS = (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))
#: No longer than so many days are analysed at once (our choice).
MOST_DAYS = 800

Day = Annotated[date | None, blank()]
Grid = Annotated[Code | None, blank()]


def days(look: Watch, first: date | None, last: date | None) -> tuple[date, date]:
    """The days asked for, in order and no later than today; without any, the last twelve weeks."""
    usual, today = last_weeks(look.day)
    begin, end = sorted((first or usual, min(last or today, today)))
    begin = min(begin, today)
    return max(begin, date.fromordinal(end.toordinal() - MOST_DAYS)), end


async def _analysis(
    connection: AsyncConnection, reader: Reader, grid: str | None, first: date | None, last: date | None
) -> tuple[Watch, Analysis]:
    look = await watch(connection, reader.person, reader.now, reader.language)
    return look, await analyse(connection, look, grid, *days(look, first, last))


@router.get("/analysis")
async def show_analysis(
    opened: Opened, reader: SignedIn, grid: Grid = None, first: Day = None, last: Day = None
) -> Response:
    """The page: its tables hold what the charts show."""
    async with opened.engine.connect() as connection:
        look, found = await _analysis(connection, reader, grid, first, last)
        units = await regions(connection, look)
    return page(
        reader,
        "analysis/analysis.html",
        found=found,
        grid=grid,
        regions=units,
        weekdays=WEEKDAYS,
        took=lambda one: took(one, reader),
        data=chart_data(found, reader),
        excel=with_query("/analysis.xlsx", grid=grid, first=found.first, last=found.last),
    )


@router.get("/analysis.xlsx")
async def export_analysis(
    opened: Opened, reader: SignedIn, grid: Grid = None, first: Day = None, last: Day = None
) -> Response:
    """The same for Excel."""
    async with opened.engine.connect() as connection:
        look, found = await _analysis(connection, reader, grid, first, last)
    chunks = await to_thread(analysis_file, found, look)
    return workbook(chunks, f"gridloop-analysis-{found.first}-{found.last}")


def took(one: Duration, reader: Reader) -> str:
    """A stretch of days in words."""
    if one.within is None:
        return reader.text("%(n)s 天及以上", n=one.over)
    if one.over == 0:
        return reader.text("不到 %(n)s 天", n=one.within)
    return reader.text("%(a)s–%(b)s 天", a=one.over, b=one.within)


def chart_data(found: Analysis, reader: Reader) -> Markup:
    """What the charts draw, as a block of data in the page."""
    return data_block(
        "charts",
        {
            "words": {
                "reported": reader.text("上报"),
                "closed": reader.text("结案"),
                "cases": reader.text("案件数"),
                "save": reader.text("存为图片"),
            },
            "weeks": [
                [
                    f"{w.first:%m-%d}",
                    w.reported.count,
                    w.closed.count,
                    to_page(w.reported.cases),
                    to_page(w.closed.cases),
                ]
                for w in found.weeks
            ],
            "categories": [[c.name, c.reported.count, to_page(c.reported.cases)] for c in found.categories],
            "weekdays": [reader.text(day) for day in WEEKDAYS],
            "hours": found.hours,
            "durations": [[took(one, reader), one.cases] for one in found.durations],
        },
    )
