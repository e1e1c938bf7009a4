"""指标 figures: each a named set of cases, said as ONE condition on `cases`, for a period or for the present moment.

Counts and lists take the same condition, so that every figure opens exactly its cases. What the conditions lean on:

- 应结案 is not 立案 (a published bulletin of Tianmen, 2016-12: 996 accepted, 972 due for closing): a case is due for
  something once its deadline lies in the period *and* has passed; a case that is not due yet is outside.
- What was done counts when it was done before the period's end, so that a past period keeps its figures.
- Merged, withdrawn and voided cases are outside of every figure but `reported`, `major` and those of the present
  (our choice). Aborted ones count as handled and closed: ending them is a lawful way to settle them (our choice).
- Suspended cases (挂账) are not due: outside of 应处置 and 应结案 until their clock runs again (our choice).
- Cases exempted by an appeal count as on time; that they were late stays a fact, and a figure of its own:
  `late_ever`, and `exempted` among them (our choice, after "exempt from statistics, never erased").
- On time is by the case's last deadline of that stage; a deadline that any earlier round missed stays missed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, DateTime, Integer, and_, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.base import EARLIEST
from models.figures import FigureKey
from models.tables import CASES, TASKS
from models.words import Outcome, Severity, Stage, TaskKind
from services.conditions import is_open, is_overdue

#: Cases closed this way are outside of what is assessed.
OUTSIDE = (Outcome.MERGED, Outcome.WITHDRAWN, Outcome.VOIDED)
#: From how many returns and failed reviews on a case is chronic, and how long a suspension is long (our choice).
CHRONIC_FROM = 3
LONG_SUSPENSION = timedelta(days=30)
#: The rating, 1 … 5, from which somebody is satisfied (our choice).
SATISFIED_FROM = 4


@dataclass(frozen=True)
class Period:
    """From `since` up to, not including, `until`, looked at in the moment `now`."""

    since: datetime
    until: datetime
    now: datetime

    @classmethod
    def ever(cls, now: datetime) -> "Period":
        """Everything up to now."""
        return cls(EARLIEST, now, now)

    def holds(self, moment: ColumnElement[datetime]) -> ColumnElement[bool]:
        """Whether the moment lies in the period."""
        return and_(moment >= self.since, moment < self.until)

    def holds_past(self, moment: ColumnElement[datetime]) -> ColumnElement[bool]:
        """Whether the moment lies in the period and has come."""
        return and_(self.holds(moment), moment <= self.now)


@dataclass(frozen=True)
class Figure:
    """A named set of cases. `timed`: it is of a period; without, of the present moment.

    `moment` is the column that places a case of it in the period; None where only open cases belong to it.
    """

    key: FigureKey
    name_zh: str
    name_en: str
    means_zh: str
    means_en: str
    condition: Callable[[Period], ColumnElement[bool]]
    moment: str | None = None
    timed: bool = True

    def name(self, language: str) -> str:
        """What it is called."""
        return self.name_en if language.startswith("en") else self.name_zh

    def means(self, language: str) -> str:
        """What belongs to it, in words."""
        return self.means_en if language.startswith("en") else self.means_zh


# --- parts of conditions ----------------------------------------------------------------------------------------------


def _counts() -> ColumnElement[bool]:
    return or_(CASES.c.outcome.is_(None), CASES.c.outcome.not_in(OUTSIDE))


def _late_at(*stages: str) -> ColumnElement[bool]:
    return CASES.c.late_stages.op("&&")(cast(literal(list(stages), ARRAY(Text)), ARRAY(Text)))


def _before(moment: ColumnElement[datetime], end: datetime) -> ColumnElement[bool]:
    return func.coalesce(moment < end, False)


def _stopped() -> ColumnElement[bool]:
    return and_(is_open(), CASES.c.due_at.is_(None))


# --- of a period ------------------------------------------------------------------------------------------------------


def _reported(p: Period) -> ColumnElement[bool]:
    return p.holds(CASES.c.reported_at)


def _major(p: Period) -> ColumnElement[bool]:
    return and_(_reported(p), CASES.c.severity == Severity.MAJOR)


def _assessed_reports(p: Period) -> ColumnElement[bool]:
    return and_(_reported(p), _counts())


def _valid_reports(p: Period) -> ColumnElement[bool]:
    return and_(_assessed_reports(p), CASES.c.accepted_at.is_not(None))


def _accepted(p: Period) -> ColumnElement[bool]:
    return and_(p.holds(CASES.c.accepted_at), _counts())


def _accepted_on_time(p: Period) -> ColumnElement[bool]:
    return and_(_accepted(p), or_(CASES.c.exempt, ~_late_at(Stage.RECEIVE)))


def _to_dispatch(p: Period) -> ColumnElement[bool]:
    waits_too_long = and_(CASES.c.stage == Stage.DISPATCH, func.coalesce(CASES.c.due_at <= p.now, False))
    due = or_(CASES.c.dispatched_at.is_not(None), _late_at(Stage.DISPATCH), waits_too_long)
    return and_(_accepted(p), due)


def _dispatched_on_time(p: Period) -> ColumnElement[bool]:
    on_time = or_(CASES.c.exempt, ~_late_at(Stage.DISPATCH))
    return and_(_to_dispatch(p), CASES.c.dispatched_at.is_not(None), on_time)


def _to_handle(p: Period) -> ColumnElement[bool]:
    under_way = CASES.c.stage.in_((Stage.HANDLE, Stage.REVIEW, Stage.CLOSED))
    return and_(p.holds_past(CASES.c.handle_due_at), under_way, _counts(), ~_stopped())


def _is_handled(p: Period) -> ColumnElement[bool]:
    return _before(CASES.c.handled_at, p.until)


def _handled(p: Period) -> ColumnElement[bool]:
    return and_(_to_handle(p), _is_handled(p))


def _handled_on_time(p: Period) -> ColumnElement[bool]:
    on_time = and_(CASES.c.handled_at <= CASES.c.handle_due_at, ~_late_at(Stage.HANDLE))
    return and_(_handled(p), or_(CASES.c.exempt, on_time))


def _overdue_unhandled(p: Period) -> ColumnElement[bool]:
    return and_(_to_handle(p), ~_is_handled(p), ~CASES.c.exempt)


def _extended(p: Period) -> ColumnElement[bool]:
    return and_(_to_handle(p), CASES.c.extended)


def _to_close(p: Period) -> ColumnElement[bool]:
    return and_(p.holds_past(CASES.c.close_due_at), CASES.c.accepted_at.is_not(None), _counts(), ~_stopped())


def _closed(p: Period) -> ColumnElement[bool]:
    return and_(_to_close(p), _before(CASES.c.closed_at, p.until))


def _closed_on_time(p: Period) -> ColumnElement[bool]:
    """Where a limit for the whole is set, that one decides; else those of handling and review, each on its own.

    Without a whole limit the deadline of review moves with the handling: handled ten days late and reviewed within
    its own limit is not on time.
    """
    by_stages = and_(CASES.c.whole_due_at.is_(None), _late_at(Stage.HANDLE, Stage.REVIEW))
    late = or_(CASES.c.closed_at > CASES.c.close_due_at, _late_at("whole"), by_stages)
    return and_(_closed(p), or_(CASES.c.exempt, ~late))


def _reworked(p: Period) -> ColumnElement[bool]:
    return and_(_to_close(p), CASES.c.failed_reviews > 0)


def _late_ever(p: Period) -> ColumnElement[bool]:
    return and_(_to_close(p), func.cardinality(CASES.c.late_stages) > 0)


def _exempted(p: Period) -> ColumnElement[bool]:
    return and_(_late_ever(p), CASES.c.exempt)


def _closings(p: Period) -> ColumnElement[bool]:
    return and_(p.holds(CASES.c.closed_at), _counts())


def _rating() -> ColumnElement[int]:
    return cast(CASES.c.state["rating"].astext, Integer)


def _rated(p: Period) -> ColumnElement[bool]:
    return and_(_closings(p), _rating().is_not(None))


def _satisfied(p: Period) -> ColumnElement[bool]:
    return and_(_rated(p), _rating() >= SATISFIED_FROM)


def _falling_due(p: Period) -> ColumnElement[bool]:
    return and_(is_open(), or_(_in(p, CASES.c.due_at), _in(p, CASES.c.whole_due_at)))


def _in(p: Period, moment: ColumnElement[datetime]) -> ColumnElement[bool]:
    return func.coalesce(p.holds(moment), False)


# --- of the present ---------------------------------------------------------------------------------------------------


def _open(p: Period) -> ColumnElement[bool]:
    return is_open()


def _overdue(p: Period) -> ColumnElement[bool]:
    return is_overdue(p.now)


def _suspended(p: Period) -> ColumnElement[bool]:
    # Handling is the one stage whose clock a suspension stops; what else stops a clock does so in others.
    return and_(_stopped(), CASES.c.stage == Stage.HANDLE)


def _long_suspended(p: Period) -> ColumnElement[bool]:
    stopped_at = cast(CASES.c.state[("clock", "intervals", "-1", "end")].astext, DateTime(timezone=True))
    return and_(_suspended(p), stopped_at <= p.now - LONG_SUSPENSION)


def _consultation(p: Period) -> ColumnElement[bool]:
    return and_(is_open(), CASES.c.consultation_at.is_not(None))


def _chronic(p: Period) -> ColumnElement[bool]:
    return and_(is_open(), CASES.c.returns + CASES.c.failed_reviews >= CHRONIC_FROM)


def _urged(p: Period) -> ColumnElement[bool]:
    waiting = select(TASKS.c.report_id).where(TASKS.c.kind == TaskKind.ANSWER_URGE)
    return and_(is_open(), CASES.c.report_id.in_(waiting))


K = FigureKey
_ALL = (
    Figure(
        K.REPORTED,
        "上报",
        "reported",
        "本期上报,不论结果",
        "reported in the period, whatever became of it",
        _reported,
        "reported_at",
    ),
    Figure(
        K.MAJOR,
        "重大上报",
        "major",
        "本期上报且等级为重大",
        "reported in the period, of major severity",
        _major,
        "reported_at",
    ),
    Figure(
        K.ASSESSED_REPORTS,
        "应计上报",
        "assessed reports",
        "本期上报,不含并案、撤回、作废",
        "reported in the period, without merged, withdrawn and voided ones",
        _assessed_reports,
        "reported_at",
    ),
    Figure(
        K.VALID_REPORTS,
        "有效上报",
        "valid reports",
        "应计上报中已立案的",
        "assessed reports that were accepted",
        _valid_reports,
        "reported_at",
    ),
    Figure(K.ACCEPTED, "立案", "accepted", "本期立案", "accepted in the period", _accepted, "accepted_at"),
    Figure(
        K.ACCEPTED_ON_TIME,
        "按时立案",
        "accepted on time",
        "立案中受理未超期的(含免责)",
        "accepted, and not late at that (or exempt)",
        _accepted_on_time,
        "accepted_at",
    ),
    Figure(
        K.TO_DISPATCH,
        "应派遣",
        "to dispatch",
        "本期立案中已派遣或派遣已超期的",
        "accepted in the period, and dispatched or past the deadline for it",
        _to_dispatch,
        "accepted_at",
    ),
    Figure(
        K.DISPATCHED_ON_TIME,
        "按期派遣",
        "dispatched on time",
        "应派遣中已派遣且未超期的(含免责)",
        "to dispatch, and dispatched in time (or exempt)",
        _dispatched_on_time,
        "accepted_at",
    ),
    Figure(
        K.TO_HANDLE,
        "应处置",
        "to handle",
        "处置时限在本期内且已到,不含挂账",
        "the handling deadline lies in the period and has come; not suspended",
        _to_handle,
        "handle_due_at",
    ),
    Figure(
        K.HANDLED,
        "处置",
        "handled",
        "应处置中期末前已处置的",
        "to handle, and handled by the period's end",
        _handled,
        "handle_due_at",
    ),
    Figure(
        K.HANDLED_ON_TIME,
        "按期处置",
        "handled on time",
        "处置中未超期的(含免责)",
        "handled, and in time (or exempt)",
        _handled_on_time,
        "handle_due_at",
    ),
    Figure(
        K.OVERDUE_UNHANDLED,
        "超期待处置",
        "overdue and unhandled",
        "应处置中期末仍未处置的",
        "to handle, and still not handled at the period's end",
        _overdue_unhandled,
        "handle_due_at",
    ),
    Figure(
        K.EXTENDED,
        "延期",
        "extended",
        "应处置中批准过延期的",
        "to handle, and granted an extension",
        _extended,
        "handle_due_at",
    ),
    Figure(
        K.TO_CLOSE,
        "应结案",
        "to close",
        "已立案且结案时限在本期内且已到,不含挂账",
        "accepted, and the last deadline lies in the period and has come; not suspended",
        _to_close,
        "close_due_at",
    ),
    Figure(
        K.CLOSED,
        "结案",
        "closed",
        "应结案中期末前已结案的",
        "to close, and closed by the period's end",
        _closed,
        "close_due_at",
    ),
    Figure(
        K.CLOSED_ON_TIME,
        "按期结案",
        "closed on time",
        "结案中未超期的(含免责)",
        "closed, and in time (or exempt)",
        _closed_on_time,
        "close_due_at",
    ),
    Figure(
        K.REWORKED,
        "返工",
        "reworked",
        "应结案中核查不通过过的",
        "to close, and once failed its review",
        _reworked,
        "close_due_at",
    ),
    Figure(
        K.LATE_EVER,
        "曾超期",
        "ever late",
        "应结案中任一环节超期过的,含免责的",
        "to close, and late in any stage; exempt ones too",
        _late_ever,
        "close_due_at",
    ),
    Figure(
        K.EXEMPTED,
        "申诉免责",
        "exempted",
        "曾超期中经申诉免责的",
        "ever late, and exempted by an appeal",
        _exempted,
        "close_due_at",
    ),
    Figure(
        K.CLOSINGS,
        "本期结案",
        "closings",
        "本期内结案的,不论何时到期",
        "closed in the period, whenever due",
        _closings,
        "closed_at",
    ),
    Figure(K.RATED, "已评价", "rated", "本期结案中已评价的", "closed in the period, and rated", _rated, "closed_at"),
    Figure(
        K.SATISFIED,
        "满意",
        "satisfied",
        f"已评价中 {SATISFIED_FROM} 分及以上的",
        f"rated {SATISFIED_FROM} or better",
        _satisfied,
        "closed_at",
    ),
    Figure(
        K.FALLING_DUE,
        "到期",
        "falling due",
        "未结案且时限在本期内",
        "open, with a deadline in the period",
        _falling_due,
    ),
    Figure(K.OPEN, "未结案", "open", "未结案", "not closed", _open, timed=False),
    Figure(
        K.OVERDUE,
        "超期",
        "overdue",
        "未结案且环节或全程时限已过",
        "open, the deadline of its stage or the whole passed",
        _overdue,
        timed=False,
    ),
    Figure(K.SUSPENDED, "挂账", "suspended", "未结案且挂账中", "open, and suspended now", _suspended, timed=False),
    Figure(
        K.LONG_SUSPENDED,
        "长期挂账",
        "long suspended",
        f"挂账满 {LONG_SUSPENSION.days} 天",
        f"suspended for {LONG_SUSPENSION.days} days or more",
        _long_suspended,
        timed=False,
    ),
    Figure(
        K.CONSULTATION,
        "会商",
        "on the consultation list",
        "未结案且已列入会商清单",
        "open, and on the consultation list",
        _consultation,
        timed=False,
    ),
    Figure(
        K.CHRONIC,
        "反复",
        "chronic",
        f"未结案且退单与返工合计 {CHRONIC_FROM} 次及以上",
        f"open, returned or failed in review {CHRONIC_FROM} times or more",
        _chronic,
        timed=False,
    ),
    Figure(
        K.URGED,
        "督办待答复",
        "urged",
        "未结案且有未答复的督办",
        "open, with an urge order unanswered",
        _urged,
        timed=False,
    ),
)

FIGURES: Mapping[FigureKey, Figure] = {figure.key: figure for figure in _ALL}


def condition(key: FigureKey, period: Period) -> ColumnElement[bool]:
    """The cases that belong to the figure."""
    return FIGURES[key].condition(period)
