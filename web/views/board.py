"""看板 as its page shows it: everything counted in one look, and the drawings made of it."""

from dataclasses import dataclass
from datetime import date

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncConnection

from models.enums import Light
from models.figures import FigureKey
from services.bulletins.earlier_board import Earlier, earlier_board
from services.figures.glossary import definitions
from services.figures.viewpoint import Watch, list_units
from services.figures.views import Board, IndicatorValue, OverduePage, UnitName
from services.supervision.board import board
from services.supervision.last_overdue import LastOverdue, last_overdue
from services.supervision.map import shapes_of
from services.supervision.overdue import OverdueFilter, overdue_page
from services.supervision.overview import (
    Change,
    Climbed,
    DepartmentLights,
    Named,
    climbed_by_level,
    daily,
    decisions_waiting,
    departments_by_light,
    rates_of,
    same_time_yesterday,
)
from web.draw.svg_bars import Part, stacked_bar
from web.draw.svg_map import Area, choropleth, legend_steps
from web.draw.svg_spark import sparkline
from web.reader import Reader
from web.views.lists.periods import earlier_periods, period_days
from web.views.page_links import to_page

#: How many of the longest overdue are shown.
OLDEST_SHOWN = 10
#: The order of lights in bars and tiles: the worst first.
LIGHTS = (Light.RED, Light.YELLOW, Light.GREEN, Light.GREY)


@dataclass(frozen=True)
class BoardQuery:
    """What the address asks for."""

    grid: str | None = None
    period: str = "month"
    compare: bool = False
    tv: bool = False


@dataclass(frozen=True)
class Bar:
    """A department with its bar."""

    department: DepartmentLights
    drawn: Markup


@dataclass(frozen=True)
class BoardPage:
    """All that the page shows, of one moment. `last_overdue`: looked for where nothing is overdue."""

    asked: BoardQuery
    board: Board
    oldest: OverduePage
    last_overdue: LastOverdue | None
    departments: tuple[Bar, ...]
    decisions: tuple[Named, ...]
    climbed: tuple[Climbed, ...]
    rates: tuple[IndicatorValue, ...]
    rates_before: tuple[IndicatorValue, ...]
    before: tuple[date, date] | None
    first: date
    last: date
    yesterday: Change
    days: Markup
    earlier: Earlier | None
    map: Markup
    legend: tuple[tuple[int, int, int], ...]
    regions: tuple[UnitName, ...]
    means: dict[str, str]

    def moved(self, place: int) -> float | None:
        """By how many points of a hundred a rate differs from the period before; None without one to compare with."""
        if not self.rates_before:
            return None
        now, then = self.rates[place].value, self.rates_before[place].value
        return None if now is None or then is None else round((now - then) * 100, 1)

    def since(self, light: Light) -> int | None:
        """How a light's count differs from the earlier board's; None without one."""
        if self.earlier is None:
            return None
        return self.board.totals.lights[light].count - self.earlier.board.totals.lights[light].count


async def board_page(connection: AsyncConnection, look: Watch, reader: Reader, asked: BoardQuery) -> BoardPage:
    """Counts and draws. Raises NoSuchPage for a unit out of scope."""
    shown = await board(connection, look, asked.grid)
    first, last = period_days(asked.period, look.day)
    period_before = earlier_periods(asked.period, look.day, 1)[0] if asked.compare else None
    departments = await departments_by_light(connection, look, asked.grid)
    shapes = await shapes_of(connection, look, [row.unit.code for row in shown.rows])
    areas = [
        Area(
            geometry=shapes[row.unit.code],
            value=row.overdue.count,
            href=to_page(row.overdue.cases),
            title=reader.text("%(unit)s:超期 %(n)s 件", unit=row.unit.name, n=row.overdue.count),
        )
        for row in shown.rows
        if row.unit.code in shapes
    ]
    oldest = await overdue_page(connection, look, OverdueFilter(grid=asked.grid, limit=OLDEST_SHOWN))
    return BoardPage(
        asked=asked,
        board=shown,
        oldest=oldest,
        last_overdue=None if oldest.total else await last_overdue(connection, look, asked.grid),
        departments=tuple(_department_bars(departments)),
        decisions=await decisions_waiting(connection, look, asked.grid),
        climbed=await climbed_by_level(connection, look, asked.grid),
        rates=await rates_of(connection, look, asked.grid, look.days(first, last)),
        rates_before=()
        if period_before is None
        else await rates_of(connection, look, asked.grid, look.days(*period_before)),
        before=period_before,
        first=first,
        last=last,
        yesterday=await same_time_yesterday(connection, look, asked.grid),
        days=_daily_sparkline(await daily(connection, look, asked.grid)),
        earlier=await earlier_board(connection, look, asked.grid) if asked.compare else None,
        map=choropleth(areas),
        legend=legend_steps(max((area.value for area in areas), default=0)),
        regions=await list_regions(connection, look),
        means=figure_meanings(reader.language),
    )


def figure_meanings(language: str) -> dict[str, str]:
    """What belongs to each figure, in words, by its key."""
    return {figure.key.value: figure.means for figure in definitions(language).figures}


async def list_regions(connection: AsyncConnection, look: Watch) -> tuple[UnitName, ...]:
    """The parks and communities that the reader may pick, in the order of the tree."""
    parks = await list_units(connection, look, level=1)
    return tuple(sorted(parks + await list_units(connection, look, level=2), key=lambda unit: unit.code))


def _department_bars(departments: tuple[DepartmentLights, ...]) -> list[Bar]:
    most = max((row.open.count for row in departments), default=0)
    return [
        Bar(row, stacked_bar([Part(light.value, row.lights[light].count) for light in LIGHTS], most))
        for row in departments
    ]


def _daily_sparkline(changes: tuple[Change, ...]) -> Markup:
    return sparkline([change.reported for change in changes])


#: Figures of the open cases that stand in a row under the lights.
OPEN_FIGURES = (
    (FigureKey.OVERDUE, "overdue"),
    (FigureKey.FALLING_DUE, "due_today"),
    (FigureKey.SUSPENDED, "suspended"),
    (FigureKey.URGED, "urged"),
    (FigureKey.CONSULTATION, "consultation"),
)
