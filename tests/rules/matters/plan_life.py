"""A plan that lives by the rules alone: commands, and time that wakes it, with the rows of its duties kept beside."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from models.context import Department, Grant, Holder, Person, Unit
from models.enums import Level, Role
from models.facts import Actor
from models.ids import derived_id
from models.matters.base import MatterBody, MatterFact, MatterKind
from models.matters.context import MatterContext
from models.matters.messages import MatterStep
from models.matters.plan import (
    DutiesIssued,
    DutiesMissed,
    DutiesWithdrawn,
    DutyDone,
    DutyStatus,
    KnownDuty,
    OpenBatch,
    PlanState,
)
from rules.deadlines.working_time import timetable
from rules.matters.decide import decide, evolve, next_wake_up
from rules.matters.plan import RULES
from rules.matters.plan.duties import duty_id
from rules.matters.plan.evolving import keys_of
from rules.matters.plan.extra import KnownPlace, PlanExtra
from rules.matters.plan.occurrences import Plant
from services.files.shipped import POLICY
from services.policies.files import read_policy

Body = TypeVar("Body", bound=MatterBody)
DEMO = read_policy(POLICY)
PARK, COMMUNITY, GRID, PLANT = "1", "11", "111", "119"
WORKER, DESK, STRANGER = (UUID(int=n) for n in (1, 2, 3))
PLAN = UUID(int=99)
PLACE_PATHS = {GRID: (PARK, COMMUNITY, GRID), PLANT: (PARK, COMMUNITY, PLANT), COMMUNITY: (PARK, COMMUNITY)}
UNITS = (
    Unit(code=COMMUNITY, level=Level.COMMUNITY, holders=(Holder(role=Role.SUPERVISOR, person=DESK),)),
    Unit(code=PARK, level=Level.PARK, holders=(Holder(role=Role.SUPERVISOR, person=UUID(int=4)),)),
)


def person(id_: UUID, role: Role | None = None, path: tuple[str, ...] = ()) -> Person:
    """Somebody with that role at the end of `path`."""
    grants = () if role is None else (Grant(role=role, grid=path[-1], path=path, since=date(2020, 1, 1)),)
    return Person(id=id_, username=f"u{id_.int}", grants=grants)


PEOPLE = {
    WORKER: person(WORKER, Role.GRID_WORKER, PLACE_PATHS[GRID]),
    DESK: person(DESK, Role.SUPERVISOR, (PARK, COMMUNITY)),
    STRANGER: person(STRANGER, Role.GRID_WORKER, ("2", "21", "211")),
}
PEOPLE[WORKER] = PEOPLE[WORKER].model_copy(
    update={"grants": (*PEOPLE[WORKER].grants, *person(WORKER, Role.GRID_WORKER, PLACE_PATHS[PLANT]).grants)}
)


@dataclass
class PlanLife:
    """One plan, its facts, and the rows of its duties. `holders` are those who hold the plan's role at any place."""

    plan: PlanState | None = None
    facts: list[MatterFact] = field(default_factory=list)
    rows: dict[UUID, KnownDuty] = field(default_factory=dict)
    holders: tuple[UUID, ...] = (WORKER,)
    plants: dict[str, Plant] = field(default_factory=dict)
    same: tuple[str, str] | None = None
    policy: Any = DEMO
    steps: int = 0

    def give(self, at: datetime, command: dict[str, Any], by: UUID | None = DESK) -> Any:
        """Give a command at that moment; returns the new facts."""
        first = self.plan is None
        step = MatterStep(
            matter_kind=MatterKind.PLAN,
            matter_id=PLAN,
            known=len(self.facts),
            id=PLAN if first else derived_id("step", self.steps),
            at=at,
            actor=Actor(person=by),
            command=command,
        )
        self.steps += 1
        before = self.plan
        facts, after = decide(RULES, before, step, self.context(at, by, command))
        assert after is None or isinstance(after, PlanState)
        self.plan = after
        for fact in facts:
            self._project(fact)
        self.facts += facts
        return facts

    def until(self, at: datetime) -> list[MatterFact]:
        """Let time pass: the plan is woken at every moment it waits for, up to `at`."""
        found: list[MatterFact] = []
        assert self.plan is not None
        while (moment := next_wake_up(RULES, self.plan)) is not None and moment <= at:
            new = self.give(moment, {"kind": "wake", "moment": moment.isoformat()}, by=None)
            assert new, f"woken at {moment} for nothing"
            found += new
        return found

    def context(self, at: datetime, by: UUID | None, command: dict[str, Any]) -> MatterContext:
        """What the rules may know."""
        duty = self.rows.get(UUID(command["duty"])) if command.get("kind") == "report_duty" else None
        done: dict[str, tuple[str, ...]] = {}
        for row in self.rows.values():
            if row.status is DutyStatus.DONE:
                done[row.batch] = (*done.get(row.batch, ()), row.place)
        extra = PlanExtra(
            places={code: KnownPlace(path=path, name=code, people=self.holders) for code, path in PLACE_PATHS.items()},
            plants=self.plants,
            on_register=True,
            same=self.same,
            done=done,
            duty=duty,
            checklist=None if duty is None else self.policy.park.checklist(duty.checklist),
        )
        return MatterContext(
            **({"id": PLAN} if "id" in MatterContext.model_fields else {}),
            now=at,
            today=timetable(self.policy.calendars[0]).local(at).date(),
            policy=self.policy,
            policy_version=1,
            person=None if by is None else PEOPLE[by],
            units=UNITS,
            departments=(Department(id="safety"),),
            fallback=UUID(int=5),
            number="JH-1",
            extra=extra,
        )

    def duty(self, day: str, shift: str = "", place: int = 0) -> KnownDuty:
        """The duty of that day and shift."""
        assert self.plan is not None
        key = self.plan.keys[place]
        return next(r for r in self.rows.values() if (str(r.day), r.shift, r.place) == (day, shift, key))

    def state(self) -> PlanState:
        """The plan as it stands."""
        assert self.plan is not None
        return self.plan

    def kinds(self, facts: list[MatterFact] | None = None) -> list[str]:
        """The kinds of the facts, in order."""
        return [fact.body.kind for fact in (self.facts if facts is None else facts)]

    def bodies(self, kind: type[Body]) -> list[Body]:
        """The facts of that kind, in order."""
        return [fact.body for fact in self.facts if isinstance(fact.body, kind)]

    def _project(self, fact: MatterFact) -> None:
        """Keep the rows as the store keeps them."""
        match fact.body:
            case DutiesIssued(batches=batches):
                for batch in batches:
                    self._issue(batch)
            case DutiesWithdrawn(batches=withdrawn):
                due = [row for row in self.rows.values() if row.batch in withdrawn and row.status is DutyStatus.DUE]
                self._mark(due, DutyStatus.WITHDRAWN)
            case DutiesMissed(batch=missed, places=places):
                left = [row for row in self.rows.values() if row.batch == missed and row.place in places]
                self._mark(left, DutyStatus.MISSED)
            case DutyDone() as body:
                status = DutyStatus.LATE if body.late else DutyStatus.DONE
                changes = {"status": status, "done_by": fact.actor.person, "received_at": fact.at, "said": body.said}
                self.rows[body.duty] = self.rows[body.duty].model_copy(update={**changes, "done_by_name": "某某"})

    def _issue(self, batch: OpenBatch) -> None:
        plan = self.state()
        where = dict(zip(plan.keys, plan.terms.places, strict=True))
        for key in keys_of(plan.keys, batch):
            id_ = duty_id(PLAN, key, batch.key)
            stands = id_ in self.rows and self.rows[id_].status is not DutyStatus.WITHDRAWN
            if not stands and key not in batch.done:
                self.rows[id_] = KnownDuty(
                    id=id_, batch=batch.key, place=key, where=where[key],
                    grid_path=PLACE_PATHS[where[key].grid], day=batch.day, shift=batch.shift,
                    opens_at=batch.opens_at, due_at=batch.due_at, status=DutyStatus.DUE,
                    checklist=plan.terms.checklist, policy_version=1,
                )  # fmt: skip

    def _mark(self, rows: list[KnownDuty], status: DutyStatus) -> None:
        for row in rows:
            self.rows[row.id] = row.model_copy(update={"status": status})


def refold(life: PlanLife) -> PlanState | None:
    """The plan folded anew from its facts."""
    plan: Any = None
    for fact in life.facts:
        plan = evolve(RULES, plan, fact)
    assert plan is None or isinstance(plan, PlanState)
    return plan


def all_ok(
    life: PlanLife, duty: KnownDuty, done_at: datetime | None = None, **failed: dict[str, Any]
) -> dict[str, Any]:
    """The command that reports `duty`: everything in order, but what is named in `failed`."""
    checklist = life.policy.park.checklist(duty.checklist)
    items = [{"item": item.code, "outcome": "ok", **failed.get(item.code, {})} for item in checklist.items]
    sent = {} if done_at is None else {"done_at": done_at.isoformat()}
    return {"kind": "report_duty", "duty": str(duty.id), "items": items, **sent}
