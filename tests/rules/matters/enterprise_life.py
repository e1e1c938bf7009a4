"""One enterprise driven by hand: its cases come and go, its wake-ups are kept, and its facts are remembered."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from models.credit_code import check_character
from models.enums import Severity
from models.facts import Actor
from models.matters.base import MatterBody, MatterFact
from models.matters.colour import CaseMark, Evidence, RoundMark
from models.matters.context import MatterContext
from models.matters.enterprise import Assess, ColourChanged, Enterprise, EnterpriseExtra, RegisterEnterprise
from models.policy.colours import Colour, VisitEvery
from models.policy.document import Policy
from rules.colours import colour_of
from rules.matters import enterprise as rules
from rules.matters.enterprise_changes import evolve
from tests.builders import GRID, person_id
from tests.rules.world import EVERYBODY, START, today, units_to, usual_policy

CODE = "91330621MA2B" + "00001"
ID = uuid4()
CODE += check_character(CODE)


class EnterpriseLife:
    """An enterprise registered at `at`; time moves with `until`, which records every due moment on the way."""

    def __init__(self, at: datetime = START, policy: Policy | None = None, **fields: Any) -> None:
        self.now, self.policy = at, policy or usual_policy()
        self.cases: dict[str, CaseMark] = {}
        self.failed: list[RoundMark] = []
        self.missed: list[RoundMark] = []
        self.facts: list[MatterFact] = []
        self.state: Enterprise | None = None
        command = {"code": CODE, "name": "东方印染有限公司", "grid": GRID, "size": "above_scale", **fields}
        self.do("duty", RegisterEnterprise.model_validate(command))

    @property
    def enterprise(self) -> Enterprise:
        """The enterprise as it stands."""
        assert self.state is not None
        return self.state

    @property
    def colour(self) -> Colour:
        """Its computed colour."""
        return self.enterprise.colour

    def context(self, username: str | None, **more: Any) -> MatterContext:
        """What the rules may know now."""
        extra = EnterpriseExtra(
            evidence=Evidence(
                cases=tuple(self.cases.values()), failed_rounds=tuple(self.failed), missed_rounds=tuple(self.missed)
            ),
            **more,
        )
        return MatterContext(
            id=ID,
            now=self.now,
            today=today(self.now),
            policy=self.policy,
            policy_version=1,
            person=EVERYBODY[username] if username else None,
            units=units_to(GRID),
            departments=(),
            fallback=person_id("fallback"),
            extra=extra,
        )

    def do(self, username: str | None, command: Any, **more: Any) -> list[str]:
        """Give a command; returns the kinds of its facts."""
        ctx = self.context(username, **more)
        return self._apply(rules.decide(self.state, command, ctx), username, uuid4(), command.kind)

    def assess(self) -> list[str]:
        """What the outbox gives after a fact of a case."""
        return self.do(None, Assess())

    def until(self, moment: datetime) -> None:
        """Let time pass, recording what falls due."""
        while (due := rules.next_wake_up(self.enterprise)) is not None and due <= moment:
            self.now = due
            bodies = rules.due(self.enterprise, due, self.context(None))
            assert bodies, f"nothing was due at {due}"
            self._apply(bodies, None, uuid4(), "wake")
            following = rules.next_wake_up(self.enterprise)
            assert following is None or following > due
        self.now = moment

    def days(self, number: float) -> None:
        """Let so many days pass."""
        self.until(self.now + timedelta(days=number))

    def open(self, case_no: str, category: str = "0101", severity: Severity = Severity.ORDINARY) -> None:
        """A case about the enterprise is received."""
        self.cases[case_no] = CaseMark(case_no=case_no, category=category, severity=severity, received_at=self.now)
        self.assess()

    def change(self, case_no: str, **fields: Any) -> None:
        """A fact of that case."""
        self.cases[case_no] = self.cases[case_no].model_copy(update=fields)
        self.assess()

    def close(self, case_no: str) -> None:
        """The case is closed after review."""
        self.change(case_no, ended_at=self.now)

    def overdue(self, case_no: str) -> None:
        """The case misses its deadline."""
        self.change(case_no, late_at=self.now)

    def visits(self) -> VisitEvery:
        """How often it is visited now."""
        return self.enterprise.visits

    def at(self, moment: datetime) -> Colour:
        """The computed colour as of a moment, from the facts alone."""
        state: Enterprise | None = None
        for fact in self.facts:
            if fact.at <= moment:
                found = evolve(state, fact)
                assert isinstance(found, Enterprise)
                state = found
        assert state is not None
        return state.colour

    def changes(self) -> list[ColourChanged]:
        """Every change of colour."""
        return [fact.body for fact in self.facts if isinstance(fact.body, ColourChanged)]

    def _apply(self, bodies: Any, username: str | None, id_: UUID, command: str) -> list[str]:
        bodies = list(bodies)
        for body in bodies:
            self._record(body, username, id_, command)
        assert self.colour is colour_of(self.enterprise.causes, self.enterprise.held), "explained as it is stored"
        return [body.kind for body in bodies]

    def _record(self, body: MatterBody, username: str | None, id_: UUID, command: str) -> None:
        fact = MatterFact(
            seq=len(self.facts) + 1,
            at=self.now,
            actor=Actor(person=person_id(username) if username else None),
            command_id=id_,
            command=command,
            digest="",
            body=body,
        )
        after = evolve(self.state, fact)
        assert isinstance(after, Enterprise)
        self.state = after.model_copy(update={"seq": fact.seq, "updated_at": fact.at})
        self.facts.append(fact)
