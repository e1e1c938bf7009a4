"""The tiny world of `tests.builders` as pure values: contexts and steps without a database."""

from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from models.case import Case
from models.commands import Command, Report
from models.context import Context, Department, Grant, Holder, Person, Unit
from models.enums import Level, Role
from models.facts import Actor, Fact
from models.messages import Step
from models.policy.document import Policy
from rules.decide import decide
from rules.evolve import fold
from tests.builders import (
    ENVIRONMENT,
    FALLBACK,
    FIRE,
    LABOUR,
    MICRO,
    PEOPLE,
    SINCE,
    a_policy,
    person_id,
    unit_path,
)

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
EVERYBODY: dict[str, Person] = {
    holder.username: Person(
        id=person_id(holder.username),
        username=holder.username,
        grants=tuple(
            Grant(role=h.role, grid=h.grid, department=h.department, since=SINCE)
            for h in PEOPLE
            if h.username == holder.username
        ),
    )
    for holder in PEOPLE
}
_DESKS = frozenset({Role.DUTY_OFFICER, Role.REVIEWER, Role.SUPERVISOR, Role.GRID_WORKER, Role.VOLUNTEER})


@cache
def units_to(grid: str) -> tuple[Unit, ...]:
    """The units from `grid` up to its park, with the desks that are staffed."""
    path = unit_path(grid)
    return tuple(
        Unit(
            code=code,
            level=Level(len(path) - place),
            staffed=frozenset(h.role for h in PEOPLE if h.grid == code and h.role in _DESKS),
            holders=tuple(Holder(role=h.role, person=person_id(h.username)) for h in PEOPLE if h.grid == code),
        )
        for place, code in enumerate(reversed(path))
    )


@cache
def usual_policy() -> Policy:
    """`a_policy`, made once: nothing changes it."""
    return a_policy()


def today(now: datetime) -> date:
    """The date at `now` where the cases are."""
    return now.astimezone(ZONE).date()


def context(
    username: str | None, now: datetime = START, grid: str = MICRO, policy: Policy | None = None, **more: Any
) -> Context:
    """The world as that person acts in it; None is the system."""
    policy = policy or usual_policy()
    return Context.model_validate(
        {
            "now": now,
            "today": today(now),
            "policy": policy,
            "policy_version": 1,
            "calendars": policy.calendars,
            "calendars_version": 1,
            "person": EVERYBODY[username] if username else None,
            "units": units_to(grid),
            "departments": tuple(Department(id=d) for d in (FIRE, LABOUR, ENVIRONMENT)),
            "fallback": person_id(FALLBACK),
            "case_no": "130172100202603020000017",
            **more,
        }
    )


def a_report(**fields: Any) -> Report:
    """A blocked fire lane in the first micro-grid, unless said otherwise."""
    known = {
        "report_id": uuid4(),
        "category": "0103",
        "title": "消防通道被堵",
        "grid": MICRO,
        "occurred_at": START,
        "reported_at": START,
        "content_hash": "h",
    }
    return Report.model_validate({**known, **fields})


def step(
    case: Case | None, username: str | None, command: Command, at: datetime = START, id_: UUID | None = None
) -> Step:
    """The recording step of a command."""
    if case is not None:
        report_id = case.report_id
    else:
        assert isinstance(command, Report)
        report_id = command.report_id
    actor = Actor(person=person_id(username) if username else None)
    return Step(
        report_id=report_id, known=case.seq if case else 0, id=id_ or uuid4(), at=at, actor=actor, command=command
    )


class Life:
    """One case, driven by hand: each call decides, evolves, and remembers the facts."""

    def __init__(self, policy: Policy | None = None, at: datetime = START, **report: Any) -> None:
        self.now = at
        self.policy = policy or a_policy()
        self.facts: list[Fact] = []
        self.case: Case = self._first(**report)

    def _first(self, **report: Any) -> Case:
        username = report.pop("by", "worker")
        command = a_report(**{"occurred_at": self.now, "reported_at": self.now, **report})
        ctx = context(username, self.now, command.grid, self.policy)
        found = decide(None, step(None, username, command, self.now), ctx)
        self.facts += found
        case = fold(found)
        assert case is not None
        return case

    def do(self, username: str | None, command: Command, **more: Any) -> Case:
        """Gives the command now. Raises the DomainError with which it is refused."""
        ctx = context(username, self.now, self.case.grid, **{"policy": self.policy, **more})
        found = decide(self.case, step(self.case, username, command, self.now), ctx)
        self.facts += found
        folded = fold(found, self.case)
        assert folded is not None
        self.case = folded
        return folded

    def kinds(self) -> list[str]:
        """The kinds of the facts so far."""
        return [fact.body.kind for fact in self.facts]
