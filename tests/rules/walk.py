"""Random working days: two to five cases, everybody of the tiny world, absences, merges, rounds, spring festival.

A walk follows from its seed alone, so that a failing one can be walked again, and shortened. Run many steps by hand:
`python -m tests.rules.walk --steps 100000`.
"""

import argparse
import random
from datetime import date, timedelta
from typing import Any

from models.case import Case
from models.commands import (
    HUMAN_COMMAND_MODELS,
    Absorb,
    Command,
    Inform,
    Recompute,
    Separate,
    SettleErrand,
    TakeOut,
    WakeUp,
)
from models.context import Claimant, Lead, NamedEnterprise, Person, Reviewer, StandIn
from models.enums import Role
from models.errors import DomainError
from models.facts import Fact
from models.ids import derived_id
from rules.decide import decide
from rules.errands import part_report, waiting_errands
from rules.evolve import fold
from rules.life_cycle import NEXT_STAGES
from rules.scope import DEPARTMENT_ROLES, allowed_commands, covers, in_force
from tests.builders import person_id
from tests.rules import invariants
from tests.rules.choices import ENTERPRISES, About, a_command, chosen
from tests.rules.lives import demo_policy
from tests.rules.world import EVERYBODY, START, a_report, context, step, today, units_to
from tests.timed import a_timed_policy, limit, office

TIMED = a_timed_policy()
#: The same, with handling limits of twice the length.
NEWER = a_timed_policy(standards=[s.model_copy(update={"handle": limit(16)}).model_dump() for s in TIMED.standards])
SPANS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=5), timedelta(days=4))


class Walk:
    """One random stretch of working days. Every step checks `tests.rules.invariants` on every case."""

    def __init__(self, seed: int, *, count: int | None = None, demo: bool = False, festival: bool = False) -> None:
        self.luck = random.Random(seed)
        self.policies = (demo_policy(), demo_policy()) if demo else (TIMED, NEWER)
        self.now = START - timedelta(days=30) if festival else START
        self.people = dict(EVERYBODY)
        self.absent: dict[str, str | None] = {}
        self.cases: dict[str, Case] = {}
        self.facts: dict[str, list[Fact]] = {}
        self.checked: dict[str, object] = {}
        self.closed_rounds: dict[tuple[str, int], object] = {}
        self.in_storm: set[str] = set()
        self.known_open_to: dict[str, tuple[object, dict[str, list[str]]]] = {}
        for _ in range(count or self.luck.randint(2, 5)):
            self.report()

    @property
    def day(self) -> date:
        """Today, where the cases are."""
        return today(self.now)

    @property
    def case(self) -> Case:
        """Any one of the cases; the last one worked on."""
        return self.cases[self.at]

    def report(self, **fields: Any) -> None:
        """Somebody reports something."""
        by = self.luck.choice(["worker", "reporter", "duty"])
        source = {"reporter": "resident", "duty": "hotline", "worker": "grid_worker"}[by]
        report = a_report(**{
            "category": self.luck.choice(["0103", "0201", "0302"]), "source": source,
            "severity": self.luck.choice([None, "urgent"]), "occurred_at": self.now, "reported_at": self.now,
            "reporter_ref": derived_id("reporter", len(self.cases)) if by == "reporter" else None, **fields,
        })  # fmt: skip
        no = f"c{len(self.cases) + 1}"
        ctx = context(by, self.now, report.grid, self.policies[0], case_no=no, reviewers=self._reviewers(report.grid))
        facts = decide(None, step(None, by, report, self.now), ctx)
        case = fold(facts)
        assert case is not None
        self.at = no
        self.cases[no], self.facts[no] = case, list(facts)

    def step(self) -> None:
        """Time passes, somebody goes on leave, or somebody does something that fits, or anybody anything."""
        self.at = self.luck.choice(sorted(self.cases))
        what = self.luck.random()
        if what < 0.22:
            self.now += self.luck.choice(SPANS if what < 0.21 else (timedelta(days=40),))
            self.wake_all()
        elif what < 0.26:
            self.someone_leaves_or_comes_back()
        elif what < 0.92:
            self.something_fitting()
        elif what < 0.93:
            self.storm()
        else:
            kind = self.luck.choice(sorted(HUMAN_COMMAND_MODELS))
            self.attempt(self.luck.choice(sorted(self.people)), self.command(kind))
        self.carry_out_errands()
        self.wake_all()
        self.check()

    def wake_all(self) -> None:
        """Whatever has fallen due is recorded, and claims whose role ended are ended."""
        for no in self.cases:
            self.give(no, None, WakeUp(moment=self.now))

    def someone_leaves_or_comes_back(self) -> None:
        """An absence with or without a deputy, its end, or a role that ends for good."""
        if self.absent and self.luck.random() < 0.6:
            self.absent.pop(self.luck.choice(sorted(self.absent)))
        else:
            name = self.luck.choice(["fire_handler", "labour_handler", "environment_handler", "reviewer"])
            self.absent[name] = self.luck.choice([None, "fire_handler_2", "labour_head", "supervisor"])
        if self.luck.random() < 0.1:
            name = self.luck.choice(["fire_handler", "fire_handler_2", "environment_handler"])
            grants = () if EVERYBODY[name].grants == self.people[name].grants else EVERYBODY[name].grants
            self.people[name] = self.people[name].model_copy(update={"grants": grants})

    def person(self, name: str) -> Person:
        """The person with what they act as today: their own roles, and those of whom they stand in for."""
        person = self.people[name]
        for away, deputy in self.absent.items():
            if deputy == name:
                stands_in = StandIn(person=person_id(away), since=self.day, until=self.day)
                grants = (*person.grants, *self.people[away].grants)
                person = person.model_copy(update={"grants": grants, "stands_in": (*person.stands_in, stands_in)})
        return person

    def present(self) -> dict[str, Person]:
        """Everybody who is at work."""
        return {name: self.person(name) for name in self.people if name not in self.absent}

    def storm(self) -> None:
        """A typhoon closes the park: the calendar is published anew, and an emergency tells every open case."""
        days = {"since": self.day, "until": self.day + timedelta(days=1), "reason": "台风"}
        closed = (office(closures=(days,)),)
        for no, case in self.cases.items():
            if case.is_open:
                self.in_storm.add(no)
                self.give(no, None, Recompute(version=2), calendars=closed, calendars_version=2)
                told = Inform(matter_kind="emergency", code="emergency-1", name="台风", what="emergency_begun")
                self.give(no, None, told)

    def open_to(self, no: str) -> dict[str, list[str]]:
        """The commands that the case allows somebody at work today, each with who may give it."""
        state = (self.cases[no].seq, self.world())
        if self.known_open_to.get(no, (None, {}))[0] != state:
            able: dict[str, list[str]] = {}
            for name, person in self.present().items():
                for kind in allowed_commands(person, self.cases[no], self.day):
                    able.setdefault(kind, []).append(name)
            self.known_open_to[no] = (state, able)
        return self.known_open_to[no][1]

    def world(self) -> object:
        """What besides a case decides who may do what with it: the day, who is away, and the roles."""
        return (self.day, tuple(sorted(self.absent.items())), tuple(p.grants for p in self.people.values()))

    def something_fitting(self) -> None:
        """A command that the case allows somebody; the ones that move it on are the likelier."""
        able = self.open_to(self.at)
        kinds = sorted(able)
        if kinds:
            kind = chosen(kinds, self.luck)
            self.attempt(self.luck.choice(able[kind]), self.command(kind))

    def attempt(self, username: str, command: Any) -> None:
        """A command is given: either facts follow, or it is refused, with a reason and without a trace."""
        no = self.at
        before, known = self.cases[no], len(self.facts[no])
        person = self.person(username)
        allowed = command.kind in allowed_commands(person, before, self.day)
        try:
            found = self.give(no, username, command)
        except DomainError as refused:
            reason = [refused.message("zh"), refused.message("en")]
            assert all(reason)
            assert not any("?" in sentence for sentence in reason), "a message with a hole in it"
            assert (self.cases[no], len(self.facts[no])) == (before, known)
        else:
            assert allowed, f"{command.kind} by {username} went through, though not allowed"
            assert found, "an accepted command of a person leaves a fact"

    def give(self, no: str, username: str | None, command: Command, **more: Any) -> tuple[Fact, ...]:
        """Decides and evolves. Raises the DomainError with which the command is refused."""
        case = self.cases[no]
        facts = decide(case, step(case, username, command, self.now), self.context(case, username, command, more))
        for fact in facts:
            after = fold([fact], self.cases[no])
            assert after is not None
            if after.stage is not self.cases[no].stage:
                assert after.stage in NEXT_STAGES[self.cases[no].stage]
            self.cases[no] = after
        self.facts[no] += facts
        return facts

    def context(self, case: Case, username: str | None, command: Any, more: dict[str, Any]) -> Any:
        """The world as the recording step would look it up for this command."""
        target = getattr(command, "grid", None) or case.grid
        known: dict[str, Any] = {
            "policy": self.policies[0 if case.policy_version == 1 else 1],
            "policy_version": case.policy_version,
            "person": self.person(username) if username else None,
            "target_units": units_to(target),
            "adoptable": self.policies[1],
            "reviewers": self._reviewers(target),
            "host_reaches": self._reaches(case.host, [unit.code for unit in units_to(target)]),
            "claimant": self._claimant(case),
            "colleague": self.people[self.luck.choice(["fire_handler_2", "labour_head", "reviewer", "supervisor"])],
            "lead": self._lead(getattr(command, "into", None)),
            "enterprise": _enterprise(getattr(command, "enterprise", None), case.park),
        }
        return context(None, self.now, case.grid, **{**known, **more})

    def _reviewers(self, grid: str) -> tuple[Reviewer, ...]:
        day = self.day
        reviewing = [
            (grant.grid, person.id)
            for person in self.present().values()
            for grant in in_force(person, day)
            if grant.role is Role.REVIEWER
        ]
        return tuple(
            Reviewer(unit=unit.code, person=id_, departments=())
            for unit in units_to(grid)
            for id_ in dict.fromkeys(id_ for grid, id_ in reviewing if grid == unit.code)
        )

    def _reaches(self, host: str | None, path: list[str]) -> bool:
        day = self.day
        return any(
            grant.role in DEPARTMENT_ROLES and grant.department == host and covers(grant, path)
            for person in self.people.values()
            for grant in in_force(person, day)
        )

    def _claimant(self, case: Case) -> Claimant | None:
        for name, person in self.people.items():
            if person.id == case.claimed_by:
                deputy = self.absent.get(name)
                return Claimant(person=person, absent=name in self.absent, deputy=person_id(deputy) if deputy else None)
        return None

    def _lead(self, no: str | None) -> Lead | None:
        case = self.cases.get(no or "")
        if case is None:
            return None
        return Lead(
            case_no=case.case_no, report_id=case.report_id, is_open=case.is_open, received_at=case.received_at,
            whole_due_at=case.whole.due_at if case.whole else None, enterprise=case.enterprise,
        )  # fmt: skip

    def carry_out_errands(self) -> None:
        """What cases have to tell one another; sometimes a little later than at once."""
        for no in list(self.cases):
            for errand in waiting_errands(self.cases[no]):
                # A case may be archived meanwhile; the audit then ends its workflow.
                if self.luck.random() < 0.8 and self.cases[no].archived_at is None:
                    self._carry_out(no, errand)

    def _carry_out(self, no: str, errand: Any) -> None:
        settled, refused = None, None
        try:
            if errand.part is not None:
                case = self.cases[no]
                part = part_report(case, errand, derived_id(case.report_id, errand.id))
                self.report(**part.model_dump(include={"category", "title", "grid", "severity"}))
                settled = self.at
            elif errand.member is not None:
                self.give(errand.member, None, TakeOut(lead_no=no, reason=errand.reason))
            else:
                other = next(k for k, c in self.cases.items() if c.report_id == (errand.lead or errand.left))
                told: Any = Absorb(case_no=no) if errand.lead else Separate(case_no=no)
                self.give(other, None, told)
        except DomainError as error:
            refused = error.code
        self.give(no, None, SettleErrand(errand=errand.id, case_no=settled, refused=refused))

    def command(self, kind: str) -> Any:
        """A command with some body for the case at hand: mostly fitting, sometimes not."""
        case = self.case
        about = About(
            numbers=tuple(sorted(self.cases)),
            due_at=case.clock.due_at if case.clock else None,
            absorbed=case.absorbed,
            co_handlers=tuple(helper.department for helper in case.co_handlers),
        )
        return a_command(kind, self.luck, self.now, about)

    def check(self) -> None:
        """Every invariant on every case that has changed, or whose people have."""
        now = self.world()
        for no, case in self.cases.items():
            if self.checked.get(no) != (case.seq, now):
                invariants.check(self, no, case)
                self.checked[no] = (case.seq, now)

    def check_whole(self) -> None:
        """What is too dear to check after each step: each case is the fold of all its facts."""
        for no, case in self.cases.items():
            invariants.the_facts_are_the_case(self.facts[no], case)


def _enterprise(code: str | None, park: str) -> NamedEnterprise | None:
    return NamedEnterprise(code=code, park=park, active=True) if code in ENTERPRISES else None


def main() -> None:
    """Walks until that many steps are done, and says how far it came."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--steps", type=int, default=10_000)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--length", type=int, default=80)
    wanted = asked.parse_args()
    done, seed = 0, wanted.seed
    while done < wanted.steps:
        walk = Walk(seed, demo=seed % 2 == 0, festival=seed % 3 == 0)
        for _ in range(wanted.length):
            try:
                walk.step()
            except Exception as error:
                raise AssertionError(f"seed {seed}, step {done % wanted.length}, case {walk.at}") from error
            done += 1
        walk.check_whole()
        seed += 1
    print(f"{done} steps, {seed - wanted.seed} walks")


if __name__ == "__main__":
    main()
