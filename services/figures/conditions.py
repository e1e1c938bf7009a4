"""What belongs to each figure: one condition on `cases`, for a period or for the present moment.

The rules behind the conditions:

- 应结案 is not 立案 (a published bulletin of Tianmen, 2016-12: 996 accepted, 972 due for closing): a case is due for
  something once its deadline lies in the period *and* has passed; a case that is not due yet is outside.
- Work counts when it was done before the period's end, so that a past period keeps its figures.
- Merged, withdrawn and voided cases are outside of every figure but `reported`, `major` and those of the present
  (our choice). Aborted ones count as handled and closed: ending them is a lawful way to settle them (our choice).
- Suspended cases (挂账) are not due: outside of 应处置 and 应结案 until their clock runs again (our choice).
- Cases exempted by an appeal count as on time; that they were late stays a fact, and a figure of its own:
  `late_ever`, and `exempted` among them (our choice, after "exempt from statistics, never erased").
- On time is by the case's last deadline of that stage; a deadline missed in an earlier round stays missed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, DateTime, Integer, and_, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.base import EARLIEST
from models.enums import Outcome, OwnerKind, Severity, Stage, TaskKind
from models.tables import CASES, FACTS, TASKS
from services.criteria.conditions import is_open, is_overdue
from services.criteria.untold import reporter_untold

#: Cases closed with these outcomes are not assessed.
NOT_ASSESSED = (Outcome.MERGED, Outcome.WITHDRAWN, Outcome.VOIDED)
#: From how many returns and failed reviews a case is chronic, and from when a suspension is long (our choice).
CHRONIC_FROM = 3
LONG_SUSPENSION = timedelta(days=30)
#: The rating, 1 … 5, from which a person counts as satisfied (our choice).
SATISFIED_FROM = 4


@dataclass(frozen=True)
class Period:
    """From `since` up to, not including, `until`, as seen at `now`."""

    since: datetime
    until: datetime
    now: datetime

    @classmethod
    def ever(cls, now: datetime) -> "Period":
        """Return the period of everything up to now."""
        return cls(EARLIEST, now, now)

    def holds(self, moment: ColumnElement[datetime]) -> ColumnElement[bool]:
        """Whether the time lies in the period."""
        return and_(moment >= self.since, moment < self.until)

    def holds_past(self, moment: ColumnElement[datetime]) -> ColumnElement[bool]:
        """Whether the time lies in the period and has come."""
        return and_(self.holds(moment), moment <= self.now)


# --- parts of conditions ----------------------------------------------------------------------------------------------


def _is_assessed() -> ColumnElement[bool]:
    return or_(CASES.c.outcome.is_(None), CASES.c.outcome.not_in(NOT_ASSESSED))


def _late_at(*stages: str) -> ColumnElement[bool]:
    return CASES.c.late_stages.bool_op("&&")(cast(literal(list(stages), ARRAY(Text)), ARRAY(Text)))


def _before(moment: ColumnElement[datetime], end: datetime) -> ColumnElement[bool]:
    return func.coalesce(moment < end, False)


def _clock_stopped() -> ColumnElement[bool]:
    return and_(is_open(), CASES.c.due_at.is_(None))


# --- of a period ------------------------------------------------------------------------------------------------------


def reported(p: Period) -> ColumnElement[bool]:
    """Reported in the period, whatever became of it."""
    return p.holds(CASES.c.reported_at)


def major(p: Period) -> ColumnElement[bool]:
    """Reported in the period, of major severity."""
    return and_(reported(p), CASES.c.severity == Severity.MAJOR)


def assessed_reports(p: Period) -> ColumnElement[bool]:
    """Reported in the period, without merged, withdrawn and voided ones."""
    return and_(reported(p), _is_assessed())


def valid_reports(p: Period) -> ColumnElement[bool]:
    """Assessed reports that were accepted."""
    return and_(assessed_reports(p), CASES.c.accepted_at.is_not(None))


def accepted(p: Period) -> ColumnElement[bool]:
    """Accepted in the period."""
    return and_(p.holds(CASES.c.accepted_at), _is_assessed())


def accepted_on_time(p: Period) -> ColumnElement[bool]:
    """Accepted, and not late at that (or exempt)."""
    return and_(accepted(p), or_(CASES.c.exempt, ~_late_at(Stage.RECEIVE)))


def to_dispatch(p: Period) -> ColumnElement[bool]:
    """Accepted in the period, and dispatched or past the deadline for it."""
    dispatch_overdue = and_(CASES.c.stage == Stage.DISPATCH, func.coalesce(CASES.c.due_at <= p.now, False))
    due = or_(CASES.c.dispatched_at.is_not(None), _late_at(Stage.DISPATCH), dispatch_overdue)
    return and_(accepted(p), due)


def dispatched_on_time(p: Period) -> ColumnElement[bool]:
    """To dispatch, and dispatched in time (or exempt)."""
    on_time = or_(CASES.c.exempt, ~_late_at(Stage.DISPATCH))
    return and_(to_dispatch(p), CASES.c.dispatched_at.is_not(None), on_time)


def dispatched_accurately(p: Period) -> ColumnElement[bool]:
    """Dispatched, and kept by the first department: no return was granted, nobody recalled or redispatched it, no
    other department took it over.

    A transfer to a colleague of the same department does not count against it.
    """
    f, first = FACTS.alias("f"), FACTS.alias("first")
    other_department = (
        select(first.c.seq)
        .where(
            first.c.report_id == f.c.report_id,
            first.c.kind == "dispatched",
            first.c.body["host"].astext != f.c.body["to_department"].astext,
        )
        .correlate(f)
        .exists()
    )
    redirected = select(f.c.report_id).where(
        f.c.kind.in_(("return_granted", "transferred", "redispatched", "recalled")),
        or_(f.c.kind != "transferred", other_department),
    )
    return and_(to_dispatch(p), CASES.c.dispatched_at.is_not(None), CASES.c.report_id.not_in(redirected))


def to_handle(p: Period) -> ColumnElement[bool]:
    """The handling deadline lies in the period and has come; not suspended."""
    under_way = CASES.c.stage.in_((Stage.HANDLE, Stage.REVIEW, Stage.CLOSED))
    return and_(p.holds_past(CASES.c.handle_due_at), under_way, _is_assessed(), ~_clock_stopped())


def _is_handled(p: Period) -> ColumnElement[bool]:
    return _before(CASES.c.handled_at, p.until)


def handled(p: Period) -> ColumnElement[bool]:
    """To handle, and handled by the period's end."""
    return and_(to_handle(p), _is_handled(p))


def handled_on_time(p: Period) -> ColumnElement[bool]:
    """Handled, and in time (or exempt)."""
    on_time = and_(CASES.c.handled_at <= CASES.c.handle_due_at, ~_late_at(Stage.HANDLE))
    return and_(handled(p), or_(CASES.c.exempt, on_time))


def overdue_unhandled(p: Period) -> ColumnElement[bool]:
    """To handle, and still not handled at the period's end."""
    return and_(to_handle(p), ~_is_handled(p), ~CASES.c.exempt)


def extended(p: Period) -> ColumnElement[bool]:
    """To handle, and granted an extension."""
    return and_(to_handle(p), CASES.c.extended)


def to_close(p: Period) -> ColumnElement[bool]:
    """Accepted, and the last deadline lies in the period and has come; not suspended."""
    return and_(p.holds_past(CASES.c.close_due_at), CASES.c.accepted_at.is_not(None), _is_assessed(), ~_clock_stopped())


def closed(p: Period) -> ColumnElement[bool]:
    """To close, and closed by the period's end."""
    return and_(to_close(p), _before(CASES.c.closed_at, p.until))


def closed_on_time(p: Period) -> ColumnElement[bool]:
    """On time by the limit for the whole case, where one is set; else by those of handling and review, each on its own.

    Without a whole limit the deadline of review moves with the handling: handled ten days late and reviewed within its
    own limit is not on time.
    """
    by_stages = and_(CASES.c.whole_due_at.is_(None), _late_at(Stage.HANDLE, Stage.REVIEW))
    late = or_(CASES.c.closed_at > CASES.c.close_due_at, _late_at("whole"), by_stages)
    return and_(closed(p), or_(CASES.c.exempt, ~late))


def to_review(p: Period) -> ColumnElement[bool]:
    """应核查: due for closing, and handled by the period's end, so that a review was due."""
    return and_(to_close(p), _is_handled(p))


def reviewed_on_time(p: Period) -> ColumnElement[bool]:
    """To review, and closed by its review in time (or exempt)."""
    on_time = or_(CASES.c.exempt, ~_late_at(Stage.REVIEW))
    return and_(to_review(p), _before(CASES.c.closed_at, p.until), on_time)


def reworked(p: Period) -> ColumnElement[bool]:
    """To close, and once failed its review."""
    return and_(to_close(p), CASES.c.failed_reviews > 0)


def late_ever(p: Period) -> ColumnElement[bool]:
    """To close, and late in any stage; exempt ones too."""
    return and_(to_close(p), func.cardinality(CASES.c.late_stages) > 0)


def exempted(p: Period) -> ColumnElement[bool]:
    """Ever late, and exempted by an appeal."""
    return and_(late_ever(p), CASES.c.exempt)


def closings(p: Period) -> ColumnElement[bool]:
    """Closed in the period, whenever due."""
    return and_(p.holds(CASES.c.closed_at), _is_assessed())


def _rating() -> ColumnElement[int]:
    return cast(CASES.c.state["rating"].astext, Integer)


def rated(p: Period) -> ColumnElement[bool]:
    """Closed in the period, and rated."""
    return and_(closings(p), _rating().is_not(None))


def satisfied(p: Period) -> ColumnElement[bool]:
    """Rated `SATISFIED_FROM` or better."""
    return and_(rated(p), _rating() >= SATISFIED_FROM)


def falling_due(p: Period) -> ColumnElement[bool]:
    """Open, with a deadline in the period."""
    return and_(is_open(), or_(_in(p, CASES.c.due_at), _in(p, CASES.c.whole_due_at)))


def _in(p: Period, moment: ColumnElement[datetime]) -> ColumnElement[bool]:
    return func.coalesce(p.holds(moment), False)


# --- of the present ---------------------------------------------------------------------------------------------------


def open(p: Period) -> ColumnElement[bool]:
    """Not closed."""
    return is_open()


def overdue(p: Period) -> ColumnElement[bool]:
    """Open, the deadline of its stage or the whole passed."""
    return is_overdue(p.now)


def untold(p: Period) -> ColumnElement[bool]:
    """The last message to the reporter did not reach them, and nobody has spoken with them since."""
    return reporter_untold()


def suspended(p: Period) -> ColumnElement[bool]:
    # A suspension stops only the clock of handling; in other stages a clock stops for other reasons.
    """Open, and suspended now."""
    return and_(_clock_stopped(), CASES.c.stage == Stage.HANDLE)


def long_suspended(p: Period) -> ColumnElement[bool]:
    """Suspended for `LONG_SUSPENSION` or more."""
    stopped_at = cast(CASES.c.state[("clock", "intervals", "-1", "end")].astext, DateTime(timezone=True))
    return and_(suspended(p), stopped_at <= p.now - LONG_SUSPENSION)


def consultation(p: Period) -> ColumnElement[bool]:
    """Open, and on the consultation list."""
    return and_(is_open(), CASES.c.consultation_at.is_not(None))


def chronic(p: Period) -> ColumnElement[bool]:
    """Open, returned or failed in review `CHRONIC_FROM` times or more."""
    return and_(is_open(), CASES.c.returns + CASES.c.failed_reviews >= CHRONIC_FROM)


def urged(p: Period) -> ColumnElement[bool]:
    """Open, with an urge order unanswered."""
    waiting = select(TASKS.c.report_id).where(TASKS.c.kind == TaskKind.ANSWER_URGE)
    return and_(is_open(), CASES.c.report_id.in_(waiting))


def climbed(p: Period) -> ColumnElement[bool]:
    # A unit owns a case in the handling stage only after the ladder, or a person, has escalated it there.
    """In handling, and climbed to a grid unit."""
    return and_(is_open(), CASES.c.stage == Stage.HANDLE, CASES.c.owner_kind == OwnerKind.UNIT)


def _awaits(kind: TaskKind) -> ColumnElement[bool]:
    return CASES.c.report_id.in_(select(TASKS.c.report_id).where(TASKS.c.kind == kind))


def pending_return(p: Period) -> ColumnElement[bool]:
    """With a return that awaits a decision."""
    return _awaits(TaskKind.DECIDE_RETURN)


def pending_extension(p: Period) -> ColumnElement[bool]:
    """With an extension that awaits a decision."""
    return _awaits(TaskKind.DECIDE_EXTENSION)


def pending_suspension(p: Period) -> ColumnElement[bool]:
    """With a suspension that awaits a decision."""
    return _awaits(TaskKind.DECIDE_SUSPENSION)


def pending_reopen(p: Period) -> ColumnElement[bool]:
    """Closed, with a reopening that awaits a decision."""
    return _awaits(TaskKind.DECIDE_REOPEN)


def pending_appeal(p: Period) -> ColumnElement[bool]:
    """With an appeal that awaits a decision."""
    return _awaits(TaskKind.DECIDE_APPEAL)
