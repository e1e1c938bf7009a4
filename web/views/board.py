"""The content of the board (看板): its figures, all of one moment, and their drawings."""

from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncConnection

from models.enums import Light
from models.figures import FigureKey
from services.bulletins.earlier_board import Earlier, earlier_board
from services.figures.drill_down import cases_url
from services.figures.glossary import definitions
from services.figures.viewpoint import Viewpoint, list_units
from services.figures.views import Board, IndicatorValue, Number, OverduePage, UnitName
from services.handovers.reconciliation import count_waiting
from services.supervision.board import read_board
from services.supervision.last_overdue import LastOverdue, last_overdue
from services.supervision.map import read_shapes
from services.supervision.overdue import OverdueFilter, overdue_page
from services.supervision.overdue_order import OverdueSort
from services.supervision.overview import (
    Change,
    Climbed,
    DepartmentLights,
    Named,
    board_rates,
    climbed_by_level,
    daily_changes,
    decisions_waiting,
    departments_by_light,
    same_time_yesterday,
)
from services.supervision.untold import reporters_untold
from web.draw.svg_bars import Part, stacked_bar
from web.draw.svg_map import Area, choropleth, legend_steps
from web.draw.svg_trend import Day, trend
from web.reader import Reader
from web.views.lists.periods import earlier_periods, period_days
from web.views.page_links import to_page, with_query
from web.views.unit_names import short_unit

#: How many of the longest overdue cases are shown, and of those that became overdue today.
OLDEST_SHOWN, REDS_SHOWN = 5, 5
#: The size of the map.
_MAP = (520, 340)
#: The order of lights in bars and tiles: the worst first.
LIGHTS = (Light.RED, Light.YELLOW, Light.GREEN, Light.GREY)


@dataclass(frozen=True)
class BoardQuery:
    """The parameters of the board's address."""

    grid: str | None = None
    period: str = "month"
    compare: bool = False
    tv: bool = False


@dataclass(frozen=True)
class Bar:
    """A department with the bar of its lights."""

    department: DepartmentLights
    drawn: Markup


@dataclass(frozen=True)
class BoardPage:
    """Everything that the page shows, of one moment. `reds` became overdue today, the latest first. `last_overdue` is
    read only if nothing is overdue.
    """

    query: BoardQuery
    board: Board
    oldest: OverduePage
    reds: OverduePage
    reds_address: str
    last_overdue: LastOverdue | None
    departments: tuple[Bar, ...]
    decisions: tuple[Named, ...]
    untold: Number
    handovers: int
    handovers_address: str
    climbed: tuple[Climbed, ...]
    rates: tuple[IndicatorValue, ...]
    rates_before: tuple[IndicatorValue, ...]
    before: tuple[date, date] | None
    first: date
    last: date
    yesterday: Change
    trend: Markup
    earlier: Earlier | None
    map: Markup
    legend: tuple[tuple[int, int, int], ...]
    regions: tuple[UnitName, ...]
    means: dict[str, str]

    def rate_change(self, index: int) -> float | None:
        """The change of a rate since the period before, in percentage points; None if there is nothing to compare."""
        if not self.rates_before:
            return None
        now, then = self.rates[index].value, self.rates_before[index].value
        return None if now is None or then is None else round((now - then) * 100, 1)

    def light_change(self, light: Light) -> int | None:
        """The change of a light's count since the earlier board; None without an earlier board."""
        if self.earlier is None:
            return None
        return self.board.totals.lights[light].count - self.earlier.board.totals.lights[light].count


async def board_page(connection: AsyncConnection, viewpoint: Viewpoint, reader: Reader, query: BoardQuery) -> BoardPage:
    """Read the figures of the board and draw them. Raises NoSuchPage for a unit out of scope."""
    figures = await read_board(connection, viewpoint, query.grid)
    first, last = period_days(query.period, viewpoint.day)
    period_before = earlier_periods(query.period, viewpoint.day, 1)[0] if query.compare else None
    departments = await departments_by_light(connection, viewpoint, query.grid)
    shapes = await read_shapes(connection, viewpoint, [row.unit.code for row in figures.rows])
    areas = [
        Area(
            geometry=shapes[row.unit.code],
            value=row.overdue.count,
            href=to_page(row.overdue.cases),
            title=reader.text("%(unit)s:超期 %(n)s 件", unit=row.unit.name, n=row.overdue.count),
            name=short_unit(row.unit.name),
        )
        for row in figures.rows
        if row.unit.code in shapes
    ]
    oldest = await overdue_page(connection, viewpoint, OverdueFilter(grid=query.grid, limit=OLDEST_SHOWN))
    midnight = viewpoint.today.since
    reds = OverdueFilter(grid=query.grid, since=midnight, sort=OverdueSort.LATE.value, limit=REDS_SHOWN)
    return BoardPage(
        query=query,
        board=figures,
        oldest=oldest,
        reds=await overdue_page(connection, viewpoint, reds),
        reds_address=with_query("/overdue", grid=query.grid, since=midnight.isoformat(), sort=OverdueSort.LATE.value),
        last_overdue=None if oldest.total else await last_overdue(connection, viewpoint, query.grid),
        departments=tuple(_department_bars(departments)),
        decisions=await decisions_waiting(connection, viewpoint, query.grid),
        untold=await reporters_untold(connection, viewpoint, query.grid),
        handovers=await count_waiting(connection, viewpoint.cases_in(query.grid)),
        handovers_address=with_query("/supervision/handovers", grid=query.grid),
        climbed=await climbed_by_level(connection, viewpoint, query.grid),
        rates=await board_rates(connection, viewpoint, query.grid, viewpoint.days(first, last)),
        rates_before=()
        if period_before is None
        else await board_rates(connection, viewpoint, query.grid, viewpoint.days(*period_before)),
        before=period_before,
        first=first,
        last=last,
        yesterday=await same_time_yesterday(connection, viewpoint, query.grid),
        trend=_trend(await daily_changes(connection, viewpoint, query.grid), viewpoint, reader, query.grid),
        earlier=await earlier_board(connection, viewpoint, query.grid) if query.compare else None,
        map=choropleth(areas, width=_MAP[0], height=_MAP[1], north_word=reader.text("北")),
        legend=legend_steps(max((area.value for area in areas), default=0)),
        regions=await list_regions(connection, viewpoint),
        means=figure_meanings(reader.language),
    )


def figure_meanings(language: str) -> dict[str, str]:
    """The meaning of each figure in words, by its key."""
    return {figure.key.value: figure.means for figure in definitions(language).figures}


async def list_regions(connection: AsyncConnection, viewpoint: Viewpoint) -> tuple[UnitName, ...]:
    """The parks and communities that the reader may choose, in the order of the tree."""
    parks = await list_units(connection, viewpoint, level=1)
    return tuple(sorted(parks + await list_units(connection, viewpoint, level=2), key=lambda unit: unit.code))


def _department_bars(departments: tuple[DepartmentLights, ...]) -> list[Bar]:
    longest = max((row.open.count for row in departments), default=0)
    return [
        Bar(row, stacked_bar([Part(light.value, row.lights[light].count) for light in LIGHTS], longest))
        for row in departments
    ]


def _trend(changes: tuple[Change, ...], viewpoint: Viewpoint, reader: Reader, grid: str | None) -> Markup:
    days: list[Day] = []
    for ago, change in zip(range(len(changes) - 1, -1, -1), changes, strict=True):
        day = viewpoint.day - timedelta(days=ago)
        address = cases_url(FigureKey.REPORTED, viewpoint.days(day, day), grid=grid)
        title = reader.text(
            "%(day)s 上报 %(reported)s 件,结案 %(closed)s 件",
            day=day.isoformat(), reported=change.reported, closed=change.closed,
        )  # fmt: skip
        days.append(Day(f"{day.day}", change.reported, change.closed, to_page(address), title))
    return trend(days, "; ".join(day.title for day in days))


#: Figures of the open cases that are shown in a row under the lights.
OPEN_FIGURES = (
    (FigureKey.OVERDUE, "overdue"),
    (FigureKey.FALLING_DUE, "due_today"),
    (FigureKey.SUSPENDED, "suspended"),
    (FigureKey.URGED, "urged"),
    (FigureKey.CONSULTATION, "consultation"),
)
