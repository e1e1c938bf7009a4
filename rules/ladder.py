"""What time does to a case: the next moment at which it must wake, and what falls due then.

Today's ladder has two rungs: the deadline itself, then a reminder after each further span until somebody
acts. Rungs that move the case up the hierarchy belong here, between the two.
"""

from datetime import datetime, timedelta

from models.case import Case
from models.facts import Archived, Body, InfoSupplied, Overdue, Reminded, Resumed, UrgeOverdue
from models.policy import Policy
from rules.clocks import due_if_resumed


def next_wake_up(case: Case) -> datetime | None:
    """The next moment at which something falls due; None only once the case is archived."""
    if case.archived_at is not None:
        return None
    return min(_moments(case), default=None)


def due_step(case: Case, policy: Policy, now: datetime) -> Body | None:
    """The earliest thing that has fallen due by `now`, or None. Evolve by it, then ask again."""
    moment = next_wake_up(case)
    if moment is None or moment > now:
        return None
    return _step(case, moment, now, timedelta(hours=policy.remind_hours))


def _moments(case: Case) -> list[datetime]:
    moments = [u.reply_by for u in case.urges if u.answered_at is None and u.overdue_at is None]
    if case.info_request is not None and case.info_request.until is not None:
        moments.append(case.info_request.until)
    if case.suspended_until is not None:
        moments.append(case.suspended_until)
    if case.clock is not None and case.clock.due_at is not None and case.clock.overdue_at is None:
        moments.append(case.clock.due_at)
    if case.remind_at is not None:
        moments.append(case.remind_at)
    if case.archive_at is not None and case.reopen_request is None and case.appeal is None:
        moments.append(case.archive_at)
    return moments


def _step(case: Case, moment: datetime, now: datetime, again: timedelta) -> Body:
    clock = case.clock
    if clock is not None and case.info_request is not None and case.info_request.until == moment:
        due_at = due_if_resumed(clock, moment)
        return InfoSupplied(note="", attachments=(), since=moment, due_at=due_at)
    if clock is not None and case.suspended_until == moment:
        return Resumed(note="", since=moment, due_at=due_if_resumed(clock, moment))
    if clock is not None and clock.due_at == moment and clock.overdue_at is None:
        return Overdue(stage=clock.stage, due_at=moment, remind_at=now + again)
    for urge in case.urges:
        if urge.reply_by == moment and urge.answered_at is None and urge.overdue_at is None:
            return UrgeOverdue(number=urge.number, reply_by=moment)
    if case.remind_at == moment:
        return Reminded(remind_at=now + again)
    return Archived()
