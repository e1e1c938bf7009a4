"""The life of one past case: whatever fell due, and the commands of its plan, each decided by the rules at its time."""

import hashlib
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from models.case import Case
from models.commands import Absorb, Command, Report, SettleErrand, WakeUp
from models.context import Lead, NamedEnterprise, Person
from models.enums import Role, Source, Stage
from models.errors import DomainError
from models.facts import Actor, Completed, Fact, SelfClosed
from models.ids import derived_id
from models.messages import Step
from rules.decide import decide
from rules.errands import errand_message, waiting_errands
from rules.escalation.wake_ups import next_wake_up
from rules.evolve import fold
from services.commands.send import read_command
from services.demo.deeds import Deed, actor_for, body_of, command_name
from services.demo.past.pace import moment_of
from services.demo.past.plan import PastCase
from services.demo.past.world import PastWorld

#: Commands that end with photos of the result.
_WITH_PHOTOS = ("complete", "self_close")
#: Commands that somebody else gives than whoever gave the one before.
_BY_ANOTHER = ("void", "grant_reopen")
#: What the reviewer writes to the reporter where nobody has written anything yet.
_ANSWER = "您反映的问题已由网格员现场处理,经核实已解决。"


class Life:
    """One case from its report on. `next_at` is when its next thing happens; None once nothing more will."""

    def __init__(self, world: PastWorld, plan: PastCase, photos: Mapping[str, tuple[str, str]]) -> None:
        self.plan = plan
        self.facts: list[Fact] = []
        self.case: Case | None = None
        self._world = world
        self._rng = random.Random(plan.number)
        self._photos = photos[plan.report.picture]
        self._steps = list(plan.steps)
        self._step_at: datetime | None = plan.at

    @property
    def next_at(self) -> datetime | None:
        """When the next thing happens: something falls due, or somebody does something."""
        wake = None if self.case is None else next_wake_up(self.case)
        return min((at for at in (wake, self._step_at) if at is not None), default=None)

    def open(self, case_no: str, location: Any) -> None:
        """Receive the report under that number."""
        at, plan = self.plan.at, self.plan
        person = self._reporter()
        report = Report(
            report_id=plan.report_id, category=plan.report.category, title=plan.report.title,
            description=plan.report.description, grid=plan.grid, location=location,
            occurred_at=at - timedelta(minutes=self._rng.randrange(1, 40)), reported_at=at,
            severity=plan.report.severity, source=plan.source,
            attachments=(self._photos[0],) if self._rng.random() < 0.6 else (),
            content_hash=hashlib.sha256(plan.report_id.bytes).hexdigest(),
            enterprise=plan.enterprise, answers=plan.report.drawn_answers(plan.number),
        )  # fmt: skip
        named = plan.enterprise and NamedEnterprise(code=plan.enterprise, park=plan.grid[:9], active=True)
        self._record(report, person, at, plan.report_id, case_no=case_no, enterprise=named)
        self._plan_next(at)

    def go_on(self, at: datetime, others: Mapping[UUID, "Life"]) -> None:
        """Do the next thing, which is due at `at`."""
        assert self.case is not None
        wake = next_wake_up(self.case)
        if wake is not None and wake <= at:
            self._record(WakeUp(moment=wake), None, at, derived_id(self.case.report_id, "wake", self.case.seq, wake))
        else:
            self._take_step(at, others)
        self._carry_out_errands(at, others)

    def tell(self, command: Command, at: datetime, id_: UUID) -> None:
        """Record what another case tells this one."""
        self._record(command, None, at, id_)

    def as_lead(self) -> Lead:
        """Return what a merge into this case must know of it."""
        case = self.case
        assert case is not None
        return Lead(
            case_no=case.case_no, report_id=case.report_id, is_open=case.is_open, received_at=case.received_at,
            whole_due_at=case.whole.due_at if case.whole else None, enterprise=case.enterprise,
        )  # fmt: skip

    def _reporter(self) -> Person:
        """Return who reports: the grid worker of the place, the desk for a caller, or a resident."""
        if self.plan.source is Source.HOTLINE and (officer := self._world.on_duty(self.plan.at)) is not None:
            return officer
        for unit in self._world.bases[self.plan.grid].units if self.plan.source is Source.GRID_WORKER else ():
            if unit.code in self._world.workers:
                return self._world.workers[unit.code]
        return next(p for p in self._world.town.people if any(grant.role is Role.REPORTER for grant in p.grants))

    def _take_step(self, at: datetime, others: Mapping[UUID, "Life"]) -> None:
        """Give the next command of the plan. One that nobody may give, or that is refused, is left out."""
        step, case = self._steps.pop(0), self.case
        assert case is not None
        name = command_name(step)
        person = self._actor(name, step, at)
        more: dict[str, Any] = {}
        if person is not None:
            deed = Deed(self.plan.number, case, self._world.town, at)
            body = body_of(step, deed)
            if name in _WITH_PHOTOS:
                body["evidence"] = (self._photos[1],)
            if name == "rate":
                body["score"] = self._score(case)
            if name == "merge":
                lead = others[self.plan.lead_id].as_lead()
                body, more["lead"] = {"into": lead.case_no, "reason": "同一地点同一问题"}, lead
            if name == "pass_review":
                more["answer"] = self._answer()
                body["answer"] = more["answer"] or _ANSWER
            id_ = derived_id(case.report_id, "demo", len(self.facts))
            try:
                self._record(read_command(name, body), person, at, id_, **more)
            except DomainError:
                if name == "merge":  # the earlier case has been closed meanwhile
                    self._steps = ["accept", "dispatch", "claim", "complete", "pass_review"]
        self._plan_next(at)

    def _actor(self, name: str, step: str, at: datetime) -> Person | None:
        """Return who gives the command; at the park's desk, whoever is on shift, where they may."""
        case, world = self.case, self._world
        assert case is not None
        day = at.astimezone(world.office.zone).date()
        workers = [world.workers[unit] for unit in case.grid_path if unit in world.workers]
        people: Sequence[Person] = [*world.town.people, *(p for p in workers if p not in world.town.people)]
        if step.endswith(":co_handler"):
            helpers = {helper.department for helper in case.co_handlers}
            people = [p for p in people if any(grant.department in helpers for grant in p.grants)]
        if name in _BY_ANOTHER:
            people = [p for p in people if p.id != self.facts[-1].actor.person]
        officer = world.on_duty(at)
        if officer is not None and officer.id != case.reported_by and case.stage in (Stage.RECEIVE, Stage.DISPATCH):
            found = actor_for((officer,), case, name, 0, day)
            if found is not None and name not in _BY_ANOTHER:
                return found
        return actor_for(people, case, name, self.plan.number + len(self.facts) % 2, day)

    def _answer(self) -> str:
        """Return the answer to the reporter that came with the last result; empty when it had none."""
        results = [fact.body for fact in self.facts if isinstance(fact.body, Completed | SelfClosed)]
        return getattr(results[-1], "answer", "") if results else ""

    def _score(self, case: Case) -> int:
        """Return how a result is rated: worse when it came late or a second time."""
        late = any(clock.was_late for clock in case.all_clocks)
        return self._rng.choices((5, 4, 3, 2, 1), (1, 3, 3, 2, 2) if late or case.round > 1 else (9, 4, 1, 1, 0))[0]

    def _plan_next(self, at: datetime) -> None:
        self._step_at = None
        if self._steps and self.case is not None:
            self._step_at = moment_of(self._steps[0], self.case, at, self._world.office, self._rng, self.plan.storm)

    def _carry_out_errands(self, at: datetime, others: Mapping[UUID, "Life"]) -> None:
        """Tell the lead that this case was merged into it."""
        assert self.case is not None
        for errand in waiting_errands(self.case):
            assert errand.lead is not None, "nothing else is asked for in the plan"
            id_ = derived_id(self.case.report_id, errand.id)
            telling = errand_message(self.case, errand, id_)
            others[errand.lead].tell(Absorb(case_no=telling.from_case), at, id_)
            settled = derived_id(self.case.report_id, errand.id, "settled")
            self._record(SettleErrand(errand=errand.id), None, at, settled)

    def _record(self, command: Command, person: Person | None, at: datetime, id_: UUID, **more: Any) -> None:
        """Decide one command and evolve the case by its facts. Raises the DomainError that refuses it."""
        case = self.case
        report_id = self.plan.report_id
        step = Step(
            report_id=report_id, known=case.seq if case else 0, id=id_, at=at,
            actor=Actor(person=person.id if person else None), command=command,
        )  # fmt: skip
        now = max(at, case.updated_at) if case else at
        facts = decide(case, step, self._world.context(self.plan.grid, now, person, case, **more))
        self.facts += facts
        self.case = fold(facts, case)
