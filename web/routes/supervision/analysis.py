"""分析: weeks or days, categories, hours and closing times, as tables and, with scripts, as charts."""

from asyncio import to_thread
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from markupsafe import Markup

from api.routes.supervision import attachment_response
from doors.dependencies import ServicesDep
from services.cases.answer_counts import QuestionCounts
from services.figures.views import UnitName
from services.supervision.analysis import Analysis, Duration, analyse, analysis_file
from web.draw.svg_bars import Part, pattern_defs, stacked_bar
from web.pages import page
from web.reader import Reader, SignedIn
from web.routes.common import GridCode, open_viewpoint
from web.views.board import list_regions
from web.views.lists.date_range import NAMES, DateFields, DateRange, Days, parse_date_range
from web.views.page_links import to_page, with_query
from web.views.script_data import data_block
from web.views.translation_marks import _

router = APIRouter()

WEEKDAYS = (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))
#: How many questions are open on the page; the others are under a fold (our choice).
OPEN_QUESTIONS = 6
Typed = Annotated[str, Query(max_length=40)]


def date_fields(
    since: Annotated[str, Query(alias="from", max_length=40)] = "",
    until: Annotated[str, Query(alias="to", max_length=40)] = "",
    whole_from: Typed = "",
    whole_to: Typed = "",
) -> DateFields:
    """The date parameters of the address: `from`, `to`, and the whole period that they were narrowed from."""
    return DateFields(since, until, whole_from, whole_to)


DateQuery = Annotated[DateFields, Depends(date_fields)]


@router.get("/analysis")
async def show_analysis(services: ServicesDep, reader: SignedIn, fields: DateQuery, grid: GridCode = None) -> Response:
    """The analysis. Its tables hold what the charts show; faults in the dates are shown at their fields."""
    async with open_viewpoint(services, reader) as (connection, viewpoint):
        regions = await list_regions(connection, viewpoint)
        days = parse_date_range(fields, viewpoint.day, reader.text)
        if not isinstance(days, DateRange):
            return _show_date_faults(reader, fields, days, grid, regions)
        analysis = await analyse(connection, viewpoint, grid, days.first, days.last)
    return page(
        reader,
        "analysis/analysis.html",
        analysis=analysis,
        days=days,
        typed={"from": f"{days.first}", "to": f"{days.last}"},
        faults={},
        names=NAMES,
        grid=grid,
        regions=regions,
        weekdays=WEEKDAYS,
        took=lambda duration: duration_text(duration, reader),
        patterns=pattern_defs(),
        bar=choice_bar,
        open_questions=OPEN_QUESTIONS,
        data=chart_data(analysis, reader, _part_address(days.whole, grid)),
        whole=with_query("/analysis", grid=grid, **{"from": days.whole[0], "to": days.whole[1]}),
        excel=with_query("/analysis.xlsx", grid=grid, **{"from": analysis.first, "to": analysis.last}),
    )


def _part_address(whole: Days, grid: str | None) -> str:
    """The address of a part of the whole period, without the part's own dates."""
    return with_query("/analysis", grid=grid, whole_from=whole[0], whole_to=whole[1])


def _show_date_faults(
    reader: Reader, fields: DateFields, faults: Mapping[str, str], grid: str | None, regions: Sequence[UnitName]
) -> Response:
    context: dict[str, Any] = {
        "typed": fields.fields(),
        "faults": faults,
        "names": NAMES,
        "grid": grid,
        "regions": regions,
    }
    return page(reader, "analysis/analysis.html", 422, analysis=None, **context)


@router.get("/analysis.xlsx")
async def export_analysis(
    services: ServicesDep, reader: SignedIn, fields: DateQuery, grid: GridCode = None
) -> Response:
    """The same analysis as a workbook."""
    async with open_viewpoint(services, reader) as (connection, viewpoint):
        days = parse_date_range(fields, viewpoint.day, reader.text)
        if not isinstance(days, DateRange):
            return _show_date_faults(reader, fields, days, grid, await list_regions(connection, viewpoint))
        analysis = await analyse(connection, viewpoint, grid, days.first, days.last)
    chunks = await to_thread(analysis_file, analysis, viewpoint)
    return attachment_response(chunks, f"gridloop-analysis-{analysis.first}-{analysis.last}")


def duration_text(duration: Duration, reader: Reader) -> str:
    """A range of closing times in words."""
    if duration.within is None:
        return reader.text("%(n)s 天及以上", n=duration.over)
    if duration.over == 0:
        return reader.text("不到 %(n)s 天", n=duration.within)
    return reader.text("%(a)s–%(b)s 天", a=duration.over, b=duration.within)


def choice_bar(count: int, question: QuestionCounts) -> Markup:
    """The bar of a choice; all who answered the question fill the width."""
    return stacked_bar([Part("plain", count)], question.answered)


def chart_data(analysis: Analysis, reader: Reader, part: str) -> Markup:
    """The data of the charts, as a data block of the page. `part`: the address of a part, without its dates."""
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
                for span in analysis.spans
            ],
            "categories": [[c.name, c.reported.count, to_page(c.reported.cases)] for c in analysis.categories],
            "weekdays": [reader.text(day) for day in WEEKDAYS],
            "hours": analysis.hours,
            "durations": [[duration_text(duration, reader), duration.cases] for duration in analysis.durations],
        },
    )
