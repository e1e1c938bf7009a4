"""Lives of one case in the tiny world, by wall time in the park: dispatched, waited for, claimed, done."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from models.base import Frozen
from models.case import Clock
from models.commands import Accept, Complete, Dispatch, PassReview, WakeUp
from models.context import Claimant, Grant, Lead, Person, Reviewer, StandIn
from models.enums import Role
from models.ids import new_id
from models.policy.document import Policy
from rules.escalation.wake_ups import next_wake_up
from rules.scope import allowed_commands
from rules.tasks import open_tasks
from services.files.shipped import POLICY
from services.policies.files import read_policy
from tests.builders import FIRE, PARK, SINCE, person_id
from tests.rules.world import EVERYBODY, Life, today
from tests.timed import a_timed_policy

SHANGHAI = ZoneInfo("Asia/Shanghai")
PHOTO = "a" * 64
Kind = TypeVar("Kind", bound=Frozen)


@cache
def demo_policy() -> Policy:
    """The policy of the demonstration park."""
    return read_policy(POLICY)


def at(text: str) -> datetime:
    """A wall time in the park."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def local(moment: datetime | None) -> datetime:
    """A moment that there is, in the park's time."""
    assert moment is not None
    return moment.astimezone(SHANGHAI)


def handled(
    since: str, category: str = "0103", host: str = FIRE, co_handlers: tuple[str, ...] = (), **more: object
) -> Life:
    """A case dispatched to its host at that moment, under the timed policy changed by `more`."""
    return dispatched(a_timed_policy(**more), since, category, host, co_handlers)


def dispatched(
    policy: Policy, since: str, category: str, host: str, co_handlers: tuple[str, ...] = (), **report: Any
) -> Life:
    """A case dispatched to its host at that moment, under `policy`."""
    life = Life(policy, at(since), category=category, **report)
    life.do("duty", Accept())
    life.do("duty", Dispatch(host=host, co_handlers=co_handlers))
    return life


def closed(life: Life, by: str = "fire_handler") -> Life:
    """The same case, completed and passed."""
    life.do(by, Complete(result="已处理", evidence=(PHOTO,), answer="已处理"))
    life.do("reviewer", PassReview())
    return life


def wait(life: Life, until: str) -> None:
    """Time passes; the case wakes whenever it must."""
    while (moment := next_wake_up(life.case)) is not None and moment <= at(until):
        life.now = max(moment, life.now)
        life.do(None, WakeUp(moment=moment))
    life.now = at(until)


def clock(life: Life) -> Clock:
    """The clock of the stage that runs."""
    assert life.case.clock is not None
    return life.case.clock


def whole(life: Life) -> Clock:
    """The clock of the whole case."""
    assert life.case.whole is not None
    return life.case.whole


def due(life: Life) -> datetime:
    """When the running stage is due, in the park's time."""
    return local(clock(life).due_at)


def whole_due(life: Life) -> datetime:
    """When the whole case is due, in the park's time."""
    return local(whole(life).due_at)


def may(life: Life, username: str | Person) -> tuple[str, ...]:
    """The commands open to that person now."""
    person = EVERYBODY[username] if isinstance(username, str) else username
    return allowed_commands(person, life.case, today(life.now))


def tasks(life: Life) -> dict[str, str]:
    """The open tasks, each with the id of who owes it."""
    return {task.key: task.assignee.id for task in open_tasks(life.case)}


def bodies(life: Life, kind: type[Kind]) -> Iterator[Kind]:
    """The bodies of the facts of that kind, in order."""
    return (fact.body for fact in life.facts if isinstance(fact.body, kind))


def the_lead(life: Life, **fields: Any) -> Lead:
    """The case as a merge into it sees it."""
    case = life.case
    known = {
        "case_no": "lead", "report_id": case.report_id, "is_open": case.is_open, "received_at": case.received_at,
        "whole_due_at": case.whole.due_at if case.whole else None,
    }  # fmt: skip
    return Lead.model_validate(known | fields)


def another_lead(**fields: Any) -> Lead:
    """An open case received before all others."""
    received_at = at("2026-01-05T09:00")
    known = {"case_no": "lead", "report_id": new_id(), "is_open": True, "received_at": received_at}
    return Lead.model_validate(known | fields)


def holding(username: str, *grants: Grant) -> Person:
    """Somebody of the tiny world with one more role, or several."""
    person = EVERYBODY[username]
    return person.model_copy(update={"grants": (*person.grants, *grants)})


def a_grant(role: Role, department: str | None = None, grid: str | None = PARK) -> Grant:
    """A role in force."""
    return Grant(role=role, grid=grid, department=department, since=SINCE)


def deputy_of(absent: str, deputy: str, life: Life) -> Person:
    """The deputy with the roles of whoever is away."""
    day = today(life.now)
    stands_in = (StandIn(person=person_id(absent), since=day, until=day),)
    return holding(deputy, *EVERYBODY[absent].grants).model_copy(update={"stands_in": stands_in})


def without_roles(username: str) -> Claimant:
    """A claimant who no longer holds any role."""
    return Claimant(person=EVERYBODY[username].model_copy(update={"grants": ()}))


def a_reviewer(username: str, unit: str = PARK, *departments: str) -> Reviewer:
    """Who may review at a unit, with the departments they belong to."""
    return Reviewer(unit=unit, person=person_id(username), departments=departments)
