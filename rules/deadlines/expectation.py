"""When a case should be over: what its reporter is told before it is."""

from datetime import datetime

from models.case import Case
from models.enums import Stage
from models.policy.document import Policy
from rules.deadlines.limits import deadline
from rules.deadlines.standards import standard_under

#: The stages that a case goes through once it is accepted.
_COURSE = (Stage.DISPATCH, Stage.HANDLE, Stage.REVIEW)


def expected_end(case: Case, policy: Policy) -> datetime | None:
    """When the whole matter is to be over, in UTC. None before acceptance, while the clock stands still, once closed.

    By the limit of the whole case, else as if every stage still to come takes as long as it may (our choice).
    """
    if case.clock is None or case.clock.due_at is None or case.stage not in _COURSE:
        return None
    if case.whole is not None:
        return case.whole.due_at
    standard, at = standard_under(case, policy), case.clock.due_at
    for stage in _COURSE[_COURSE.index(case.stage) + 1 :]:
        limit = standard.of(stage)
        at = deadline(limit, policy.calendar(limit.calendar) or policy.calendars[0], at)
    return at
