"""When people of the past did something: by the limit of the stage, the pace of the department and the office hours."""

import random
from datetime import datetime, timedelta
from math import log

from models.case import Case
from models.enums import Stage
from rules.deadlines.working_time import Timetable
from services.demo.deeds import command_name
from services.demo.past.plan import PACES, USUAL_PACE, Pace

#: How the desk works, and the reviewers; on the day of the storm the desk needs several times as long.
_DESK, _REVIEW, _STORM_FACTOR = Pace(0.28, 0.55), Pace(0.45, 0.5), 4.0
#: A limit longer than this is rarely used up.
_LONG, _LONG_FACTOR = timedelta(days=8), 0.4
_HOUR = timedelta(hours=1)

#: Natural hours from the step before until people come back to the matter.
_LATER_HOURS = {
    "rate": (2, 72), "request_reopen": (14, 130), "supply_info": (2, 40), "report_verification": (0.2, 1.6),
    "answer_urge": (1, 22), "merge": (0.1, 0.5),
}  # fmt: skip
#: Office hours from the step before until somebody in an office acts.
_OFFICE_HOURS = {
    "claim": (0.1, 2.5), "grant_return": (0.5, 7), "grant_extension": (0.5, 6), "grant_suspension": (0.5, 9),
    "grant_reopen": (0.5, 7), "redispatch": (0.3, 3), "void": (0.2, 2),
}  # fmt: skip
#: Parts of the time left until the deadline, for what must come before it.
_EARLY = {
    "report_progress": (0.15, 0.5), "request_extension": (0.4, 0.85), "request_suspension": (0.1, 0.4),
    "return": (0.05, 0.25),
}  # fmt: skip


def moment_of(
    step: str, case: Case, since: datetime, office: Timetable, rng: random.Random, storm: bool = False
) -> datetime:
    """Return when the step of the plan is taken, after `since`; never in the past of it."""
    name = command_name(step)
    if name in _LATER_HOURS:
        return since + rng.uniform(*_LATER_HOURS[name]) * _HOUR
    if name in _OFFICE_HOURS:
        return _in_office(case, since, office, rng.uniform(*_OFFICE_HOURS[name]) * _HOUR)
    clock = case.clock
    due = clock.due_at if clock is not None else None
    if due is None or clock is None:
        return _in_office(case, since, office, rng.uniform(1, 8) * _HOUR)
    if name in _EARLY:
        at = _at_work(case, since + max(due - since, _HOUR / 2) * rng.uniform(*_EARLY[name]), office, rng)
        return max(since, min(at, due - timedelta(minutes=2)))
    if name == "urge":
        return _at_work(case, max(due, since) + rng.uniform(0.5, 20) * _HOUR, office, rng)
    return max(since + timedelta(minutes=2), _by_limit(case, clock.intervals[0].start, due, since, office, rng, storm))


def _by_limit(
    case: Case, start: datetime, due: datetime, since: datetime, office: Timetable, rng: random.Random, storm: bool
) -> datetime:
    """Return when the stage is done, as a share of its limit that depends on who does it."""
    limit = due - start
    pace = PACES.get(case.host or "", USUAL_PACE) if case.stage is Stage.HANDLE else _DESK
    pace = _REVIEW if case.stage is Stage.REVIEW else pace
    share = rng.lognormvariate(log(pace.share), pace.spread)
    share *= _STORM_FACTOR if storm and case.stage in (Stage.RECEIVE, Stage.DISPATCH) else 1
    share *= _LONG_FACTOR if limit > _LONG else 1
    if case.stage in (Stage.RECEIVE, Stage.DISPATCH):
        return start + limit * share
    if any(urge.is_open or urge.answered_at for urge in case.urges):
        return _at_work(case, since + rng.uniform(2, 40) * _HOUR, office, rng)
    at = _at_work(case, start + limit * share, office, rng)
    in_time = share < 1 and at >= due
    return due - limit * rng.uniform(0.02, 0.1) if in_time else at


def _in_office(case: Case, since: datetime, office: Timetable, span: timedelta) -> datetime:
    return since + span / 3 if _is_urgent(case) else office.advance(since, span)


def _at_work(case: Case, at: datetime, office: Timetable, rng: random.Random) -> datetime:
    """Return `at`, moved into office hours unless the matter is worked on day and night."""
    if _is_urgent(case):
        return at
    opened = office.advance(at, timedelta(seconds=1))
    return at if opened - at < timedelta(minutes=1) else opened + rng.uniform(0.1, 1.5) * _HOUR


def _is_urgent(case: Case) -> bool:
    """Whether the present limit is shorter than half a day."""
    clock = case.clock
    return clock is not None and clock.due_at is not None and clock.due_at - clock.intervals[0].start < 12 * _HOUR
