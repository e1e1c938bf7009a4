"""分析: weeks or days, categories, hours and closing times, as tables and, where a script runs, as charts."""

from asyncio import to_thread
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from markupsafe import Markup

from api.routes.supervision import attachment_response
from doors.dependencies import ServicesDep
from models.base import Code
from services.figures.viewpoint import read_viewpoint
from services.figures.views import UnitName
from services.supervision.analysis import Analysis, Duration, analyse, analysis_file
from web.pages import page
from web.reader import Reader, SignedIn
from web.views.board import list_regions
from web.views.forms import blank
from web.views.lists.date_range import NAMES, DateFields, DateRange, Days, parse_date_range
from web.views.page_links import to_page, with_query
from web.views.script_data import data_block
from web.views.translation_marks import _

router = APIRouter()

WEEKDAYS = (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))
Grid = Annotated[Code | None, blank()]
Typed = Annotated[str, Query(max_length=40)]


def date_fields(
    since: Annotated[str, Query(alias="from", max_length=40)] = "",
    until: Annotated[str, Query(alias="to", max_length=40)] = "",
    whole_from: Typed = "",
    whole_to: Typed = "",
) -> DateFields:
    """The days as the address has them: `from`, `to`, and the period that they were narrowed from."""
    return DateFields(since, until, whole_from, whole_to)


DateQuery = Annotated[DateFields, Depends(date_fields)]


@router.get("/analysis")
async def show_analysis(opened: ServicesDep, reader: SignedIn, asked: DateQuery, grid: Grid = None) -> Response:
    """The page: its tables hold what the charts show. Days that are none are told at their field."""
    async with opened.reading.connect() as connection:
        look = await read_viewpoint(connection, reader.person, reader.now, reader.language)
        units = await list_regions(connection, look)
        days = parse_date_range(asked, look.day, reader.text)
        if not isinstance(days, DateRange):
            return _show_date_faults(reader, asked, days, grid, units)
        found = await analyse(connection, look, grid, days.first, days.last)
    return page(
        reader,
        "analysis/analysis.html",
        found=found,
        days=days,
        typed={"from": f"{days.first}", "to": f"{days.last}"},
        faults={},
        names=NAMES,
        grid=grid,
        regions=units,
        weekdays=WEEKDAYS,
        took=lambda one: duration_text(one, reader),
        data=chart_data(found, reader, _part_address(days.whole, grid)),
        whole=with_query("/analysis", grid=grid, **{"from": days.whole[0], "to": days.whole[1]}),
        excel=with_query("/analysis.xlsx", grid=grid, **{"from": found.first, "to": found.last}),
    )


def _part_address(whole: Days, grid: str | None) -> str:
    """The address of a part of that period, but for the part's own days."""
    return with_query("/analysis", grid=grid, whole_from=whole[0], whole_to=whole[1])


def _show_date_faults(
    reader: Reader, asked: DateFields, faults: Mapping[str, str], grid: str | None, units: Sequence[UnitName]
) -> Response:
    known: dict[str, Any] = {"typed": asked.fields(), "faults": faults, "names": NAMES, "grid": grid, "regions": units}
    return page(reader, "analysis/analysis.html", 422, found=None, **known)


@router.get("/analysis.xlsx")
async def export_analysis(opened: ServicesDep, reader: SignedIn, asked: DateQuery, grid: Grid = None) -> Response:
    """The same for Excel."""
    async with opened.reading.connect() as connection:
        look = await read_viewpoint(connection, reader.person, reader.now, reader.language)
        days = parse_date_range(asked, look.day, reader.text)
        if not isinstance(days, DateRange):
            return _show_date_faults(reader, asked, days, grid, await list_regions(connection, look))
        found = await analyse(connection, look, grid, days.first, days.last)
    chunks = await to_thread(analysis_file, found, look)
    return attachment_response(chunks, f"gridloop-analysis-{found.first}-{found.last}")


def duration_text(one: Duration, reader: Reader) -> str:
    """A stretch of days in words."""
    if one.within is None:
        return reader.text("%(n)s 天及以上", n=one.over)
    if one.over == 0:
        return reader.text("不到 %(n)s 天", n=one.within)
    return reader.text("%(a)s–%(b)s 天", a=one.over, b=one.within)


def chart_data(found: Analysis, reader: Reader, part: str) -> Markup:
    """What the charts draw, as a block of data in the page. `part`: where a part of it is shown, but for its days."""
    return data_block(
        "charts",
        {
            "words": {
                "reported": reader.text("上报"),
                "closed": reader.text("结案"),
                "cases": reader.text("案件数"),
                "save": reader.text("存为图片"),
            },
            "part": part,
            "spans": [
                [
                    f"{span.first:%m-%d}",
                    span.reported.count,
                    span.closed.count,
                    to_page(span.reported.cases),
                    to_page(span.closed.cases),
                    f"{span.first}",
                    f"{span.last}",
                ]
                for span in found.spans
            ],
            "categories": [[c.name, c.reported.count, to_page(c.reported.cases)] for c in found.categories],
            "weekdays": [reader.text(day) for day in WEEKDAYS],
            "hours": found.hours,
            "durations": [[duration_text(one, reader), one.cases] for one in found.durations],
        },
    )
