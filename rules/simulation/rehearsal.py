"""The rehearsal of a policy before it is published: cases that nobody acts on, opened at the year's worst moments.

A case of every standard is opened at each start and left alone in each stage, in a park where every desk is
staffed, and once in one where none is. At every step the case must have an owner and a next wake-up, and its time must
move on.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from models.case import Case
from models.commands import Accept, Command, Complete, Dispatch, Report, WakeUp
from models.context import Context, Department, Grant, Holder, Person, Unit
from models.enums import Level, Role, Severity
from models.facts import Actor
from models.ids import derived_id
from models.messages import Step
from models.policy.calendar import Calendar
from models.policy.document import Category, Policy
from models.policy.standard import Condition
from rules.deadlines.standards import openings
from rules.decide import decide
from rules.escalation.wake_ups import next_wake_up
from rules.evolve import fold

#: A case that still escalates after this many due steps is endless: a ladder has at most 12 steps and 5 repeats.
MOST_STEPS = 60
#: A case is done once it has only daily reminders left and this many of them have come.
REMINDERS = 3

SOMEBODY = derived_id("rehearsal", "somebody")
FALLBACK = derived_id("rehearsal", "fallback")
PATH = ("000000001", "000000001001", "000000001001001", "000000001001001001")
EVIDENCE = ("0" * 64,)


@dataclass(frozen=True)
class Finding:
    """A fault found with a case of that category and condition, opened at `start`."""

    category: str
    condition: str
    start: datetime
    zh: str
    en: str


def start_moments(calendar: Calendar) -> tuple[datetime, ...]:
    """The worst moments of the last published year and the next: the longest holiday's eve, a make-up day, the end."""
    zone = ZoneInfo(calendar.zone)
    days: set[date] = set()
    certain = [year for year in calendar.years if not year.provisional][-1:]
    for year in (*certain, *[year for year in calendar.years if year.provisional][:1]):
        days |= {date(year.year, 12, 31), *year.workdays[:1]}
        days |= {_eve_of_longest_holiday(year.holidays)} if year.holidays else set()
    if not days:
        days = {date(2026, 2, 13), date(2026, 12, 31)}
    return tuple(datetime.combine(day, time(17, 59), zone) for day in sorted(days))


def _eve_of_longest_holiday(holidays: Iterable[date]) -> date:
    """The day before the longest run of holidays; holidays at most three days apart belong to one run."""
    runs: list[list[date]] = []
    for day in sorted(holidays):
        if runs and day - runs[-1][-1] <= timedelta(days=3):
            runs[-1].append(day)
        else:
            runs.append([day])
    return max(runs, key=len)[0] - timedelta(days=1)


def rehearse(policy: Policy, at: Iterable[datetime] | None = None) -> Iterator[Finding]:
    """The faults that cases would meet under `policy`; empty when there are none."""
    moments = tuple(start_moments(policy.calendars[0]) if at is None else at)
    for category, condition in _one_condition_per_standard(policy):
        for start in moments:
            yield from _rehearse_condition(policy, category, condition, start, staffed=True)
        yield from _rehearse_condition(policy, category, condition, moments[0], staffed=False)


def _one_condition_per_standard(policy: Policy) -> Iterator[tuple[Category, Condition]]:
    """One opening condition of each standard: the others would give the same results."""
    seen: set[tuple[str, bool]] = set()
    for category in policy.categories:
        for condition, standard in openings(policy, category):
            kind = (standard.code, category.evidence_required)
            if kind not in seen:
                seen.add(kind)
                yield category, condition


def _rehearse_condition(
    policy: Policy, category: Category, condition: Condition, start: datetime, *, staffed: bool
) -> Iterator[Finding]:
    rehearsed = _RehearsedCase(policy, category, condition, staffed=staffed)
    try:
        rehearsed.report(start)
        for command in (
            Accept(condition=None if category.limits else condition.code),
            Dispatch(host=policy.routes[-1].host),
            Complete(result="-", evidence=EVIDENCE),
        ):
            before = rehearsed.case
            rehearsed.wait()
            rehearsed.case = before
            rehearsed.apply(command, rehearsed.next_moment(before))
        rehearsed.wait()
    except _Fault as fault:
        yield Finding(category.code, condition.code, start, fault.zh, fault.en)
    except (ValueError, OverflowError) as error:
        yield Finding(category.code, condition.code, start, f"无法计算期限:{error}", f"no deadline: {error}")


class _Fault(Exception):
    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


class _RehearsedCase:
    """One case in an invented park."""

    def __init__(self, policy: Policy, category: Category, condition: Condition, *, staffed: bool) -> None:
        self._policy = policy
        self._category = category
        self._severity = condition.severities[0] if condition.severities else Severity.ORDINARY
        self._units = tuple(_unit(level, staffed=staffed) for level in reversed(Level))
        self._last: Case | None = None

    @property
    def case(self) -> Case:
        """The case in its present state."""
        assert self._last is not None
        return self._last

    @case.setter
    def case(self, case: Case) -> None:
        self._last = case

    def next_moment(self, case: Case) -> datetime:
        """One minute after the case's last fact."""
        return case.updated_at + timedelta(minutes=1)

    def report(self, at: datetime) -> None:
        """Report the case at `at`."""
        report_id = derived_id("rehearsal", self._category.code)
        command = Report(
            report_id=report_id, category=self._category.code, title="-", grid=PATH[-1], occurred_at=at,
            reported_at=at, severity=self._severity, content_hash="-",
        )  # fmt: skip
        self._decide(None, command, at, report_id)
        self._check()

    def apply(self, command: Command, at: datetime) -> None:
        """Give the case a command at `at`."""
        self._decide(self.case, command, at, self.case.report_id)
        self._check()

    def wait(self) -> None:
        """Take every due step while nobody acts, until only daily reminders are left."""
        reminders = 0
        for _ in range(MOST_STEPS):
            moment = next_wake_up(self.case)
            assert moment is not None
            before = self.case
            self._decide(before, WakeUp(moment=moment), moment, before.report_id)
            self._check()
            if self.case.seq == before.seq:
                raise _Fault(f"{moment} 到期而无事发生", f"something is due at {moment}, and nothing happens")
            only_reminded = self.case.seq == before.seq + 1 and self.case.remind_at != before.remind_at
            reminders = reminders + 1 if only_reminded else 0
            if reminders == REMINDERS:
                return
        raise _Fault(f"{MOST_STEPS} 步之后仍在升级", f"still escalating after {MOST_STEPS} steps")

    def _decide(self, case: Case | None, command: Command, at: datetime, report_id: UUID) -> None:
        actor = Actor(person=None if isinstance(command, WakeUp) else SOMEBODY)
        id_ = derived_id(report_id, command.kind, at, case.seq if case else 0)
        step = Step(report_id=report_id, known=case.seq if case else 0, id=id_, at=at, actor=actor, command=command)
        self._last = fold(decide(case, step, self._context(at, actor)), case)

    def _check(self) -> None:
        if self.case.owner is None:
            raise _Fault("案件没有责任人", "the case has no owner")
        if next_wake_up(self.case) is None:
            raise _Fault("案件没有下一次唤醒", "the case has no next wake-up")
        clock = self.case.clock
        if clock and clock.plan and clock.plan.ceiling_at and clock.due_at and clock.due_at > clock.plan.ceiling_at:
            raise _Fault(
                f"期限 {clock.due_at} 晚于法定上限 {clock.plan.ceiling_at}",
                f"the deadline {clock.due_at} is later than its ceiling {clock.plan.ceiling_at}",
            )

    def _context(self, at: datetime, actor: Actor) -> Context:
        today = at.astimezone(ZoneInfo(self._policy.zone)).date()
        host = self._policy.routes[-1].host
        roles = (Role.GRID_WORKER, Role.DUTY_OFFICER, Role.SUPERVISOR, Role.REVIEWER)
        grants = (
            *(Grant(role=role, since=date.min) for role in roles),
            Grant(role=Role.HANDLER, department=host, since=date.min),
        )
        person = Person(id=SOMEBODY, username="somebody", grants=grants)
        return Context(
            now=at, today=today, policy=self._policy, policy_version=1, calendars=self._policy.calendars,
            calendars_version=1, person=person if actor.person else None, units=self._units,
            departments=(Department(id=host),), fallback=FALLBACK, case_no="-",
        )  # fmt: skip


def _unit(level: Level, *, staffed: bool) -> Unit:
    held = frozenset(Role) if staffed else frozenset[Role]()
    return Unit(
        code=PATH[level - 1],
        level=level,
        staffed=held,
        holders=tuple(Holder(role=role, person=SOMEBODY) for role in sorted(held)),
    )
