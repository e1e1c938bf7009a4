"""Views of figures for supervisors: every number comes with the address of its list."""

from models.base import Frozen, Instant
from models.enums import Light, Role, Stage
from models.figures import FigureKey, IndicatorKey
from models.views import CaseItem, CountedTime, UrgeView


class Number(Frozen):
    """A count of cases, and the address of their list; empty for the past, because lists show cases as they are."""

    count: int
    cases: str


class IndicatorValue(Frozen):
    """An indicator: both figures, the rate 0 … 1, and its text. Without a denominator `value` is null and `text` "—".

    `missed`: how many of the denominator are not in the numerator, for an indicator that should be high.
    """

    key: IndicatorKey
    name: str
    formula: str
    numerator: int
    denominator: int
    value: float | None
    text: str
    cases: str
    denominator_cases: str
    missed: int | None = None
    missed_cases: str | None = None


class FigureView(Frozen):
    """A figure's name and description. `timed`: it is of a period."""

    key: FigureKey
    name: str
    means: str
    timed: bool


class IndicatorView(Frozen):
    """An indicator's name, formula, and the source of the formula."""

    key: IndicatorKey
    name: str
    formula: str
    numerator: FigureKey
    denominator: FigureKey
    source: str


class Definitions(Frozen):
    """Every figure and indicator."""

    figures: tuple[FigureView, ...]
    indicators: tuple[IndicatorView, ...]


class UnitName(Frozen):
    """A grid unit by name. `level`: 1 park, 2 community, 3 grid, 4 micro-grid."""

    code: str
    name: str
    level: int


class Cell(Frozen):
    """Open cases of one stage under one light."""

    stage: Stage
    light: Light
    count: int
    cases: str


class BoardNumbers(Frozen):
    """看板: the numbers of one place. Open cases by light, stage and both; cells without a case are left out."""

    open: Number
    lights: dict[Light, Number]
    stages: dict[Stage, Number]
    cells: tuple[Cell, ...]
    overdue: Number
    due_today: Number
    suspended: Number
    consultation: Number
    urged: Number
    reported_today: Number
    closed_today: Number


class BoardRow(BoardNumbers):
    """The numbers of a unit with all below it."""

    unit: UnitName


class AlarmView(Frozen):
    """A role that escalation looked for in a unit and nobody held: how often, first and last when, at which case
    last.
    """

    unit: UnitName
    role: Role
    times: int
    first_at: Instant
    last_at: Instant
    last_case: str | None


class Board(Frozen):
    """看板 as it stood at `as_of`.

    `totals` also count cases that lie in none of the rows: cases placed higher up, or in units out of use.
    """

    as_of: Instant
    grid: UnitName | None
    totals: BoardNumbers
    rows: tuple[BoardRow, ...]
    alarms: tuple[AlarmView, ...]


class LastAction(Frozen):
    """The last action of a person on a case: the kind of the fact, when, and who; a reporter by alias."""

    kind: str
    at: Instant
    by: str


class OverdueItem(CaseItem):
    """A case whose deadline has passed: since when, by how much, who handles it, how far it has climbed.

    `ladder_step` is the step of the ladder that fired last (0: none), `level` where the case stands now. `late_by`, and
    `paused`, how long the clock of this stage has stood still, are hours of natural time (`PT49H`).
    """

    overdue_since: Instant
    late_by: CountedTime
    host: str | None
    host_name: str | None
    ladder_step: int
    whole_due_at: Instant | None
    consultation_at: Instant | None
    paused: CountedTime
    extensions: int
    failed_reviews: int
    returns: int
    last_action: LastAction | None
    urges: tuple[UrgeView, ...]


class OverduePage(Frozen):
    """Overdue cases, the longest overdue first."""

    items: tuple[OverdueItem, ...]
    next_cursor: str | None
    total: int
    as_of: Instant


class CostView(Frozen):
    """The points of the score that an indicator has cost."""

    key: IndicatorKey
    name: str
    points: float


class ScoreView(Frozen):
    """Points of 100 with two decimals, the grade, and the indicators that cost points, the most expensive first."""

    points: float
    grade: str
    costs: tuple[CostView, ...]


class Place(Frozen):
    """A ranked unit, department or person (`level` null for the last two)."""

    code: str
    name: str
    level: int | None


class RankingNumbers(Frozen):
    """The indicators of a ranked place, and the two numbers that appeals are judged by."""

    indicators: tuple[IndicatorValue, ...]
    late_ever: Number
    exempted: Number
    score: ScoreView | None


class RankingRow(RankingNumbers):
    """A ranked place. `rank` null: no score or too few cases. `why`: the indicator that costs a place in the tail
    most.
    """

    place: Place
    rank: int | None
    tail: bool
    why: str | None


class Ranking(Frozen):
    """The best first, then those without a rank; from `since` up to, not including, `until`."""

    by: str
    grid: UnitName | None
    since: Instant
    until: Instant
    as_of: Instant
    least_cases: int
    totals: RankingNumbers
    rows: tuple[RankingRow, ...]
