"""Matters as pure values: one matter of any kind, driven by hand with the people of `tests.builders`."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from models.facts import Actor
from models.matters.base import Matter, MatterFact, MatterKind
from models.matters.context import MatterContext
from models.matters.effects import Effect
from models.matters.messages import MatterStep
from models.policy.document import Policy
from rules.matters.decide import decide, evolve, next_wake_up
from rules.matters.kind import MatterRules
from rules.matters.registry import RULES
from tests.builders import MICRO, person_id
from tests.rules.world import EVERYBODY, START, context


class MatterLife:
    """One matter, from the command that begins it: each call decides, evolves, and keeps facts and effects."""

    def __init__(
        self, kind: MatterKind, first: dict[str, Any], *, by: str | None = "duty", at: datetime = START,
        policy: Policy | None = None, grid: str = MICRO, extra: Any = None, number: str | None = None,
    ) -> None:  # fmt: skip
        self.rules: MatterRules = RULES[kind]
        self.now = at
        self.policy = policy
        self.grid = grid
        self.extra = extra
        self.number = number
        self.id = uuid4()
        self.facts: list[MatterFact] = []
        self.effects: list[Effect] = []
        self.matter: Any = None
        self.do(by, {"grid": grid, **first}, id_=self.id)

    def context(self, by: str | None) -> MatterContext:
        """The context now, for that person; None is the system."""
        known = context(by, self.now, self.grid, self.policy)
        return MatterContext(
            id=self.id,
            now=self.now,
            today=known.today,
            policy=known.policy,
            policy_version=1,
            person=EVERYBODY[by] if by else None,
            units=known.units,
            departments=known.departments,
            fallback=known.fallback,
            number=self.number,
            extra=self.extra,
        )

    def do(self, by: str | None, command: dict[str, Any], *, id_: UUID | None = None) -> list[str]:
        """Give the command now and return the kinds of the facts. Raises the DomainError of its refusal."""
        step = MatterStep(
            matter_kind=self.rules.kind,
            matter_id=self.id,
            known=self.matter.seq if self.matter else 0,
            id=id_ or uuid4(),
            at=self.now,
            actor=Actor(person=person_id(by) if by else None),
            command=command,
        )
        found, _ = decide(self.rules, self.matter, step, self.context(by))
        for fact in found:
            before: Matter | None = self.matter
            self.matter = evolve(self.rules, before, fact)
            self.facts.append(fact)
            self.effects += self.rules.effects(before, fact, self.matter)
        return [fact.body.kind for fact in found]

    def wake(self, at: datetime) -> list[str]:
        """Let the clock run to that moment, which must be one that the matter waits for, and wake the matter."""
        assert next_wake_up(self.rules, self.matter) is not None
        self.now = at
        return self.do(None, {"kind": "wake", "moment": at.isoformat()})

    @property
    def next_wake_up(self) -> datetime | None:
        """The next moment for which the matter waits."""
        return next_wake_up(self.rules, self.matter)

    @property
    def waits(self) -> bool:
        """Whether the matter waits for anything."""
        return self.next_wake_up is not None

    def kinds(self) -> list[str]:
        """The kinds of the facts so far."""
        return [fact.body.kind for fact in self.facts]
