"""Simulation (推演): the values that it works on, and the policy and organisation that it runs in.

A simulation replays past cases under a policy by the same rules (`rules.simulation.replay`). What people did stays as
it was: when a stage ended, when its clock was stopped, what was extended, who acknowledged. What the policy does is
computed again: the deadline, whether it was missed, each ladder step and its recipients. This is **mechanical**: under
another policy people would have acted otherwise. No system clock and no store is read. The calendars are those of the
simulated policy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from models.case import Owner
from models.context import Context, Holder, Unit
from models.enums import Level, Severity, Stage
from models.facts import Body, Reached, Vacancy
from models.ids import derived_id
from models.policy.document import Policy
from models.policy.standard import Standard
from rules.deadlines.standards import opening

#: The id used for the policy's fallback owner when the roster does not have that person.
NOBODY = derived_id("simulation", "nobody")


@dataclass(frozen=True, slots=True)
class Change:
    """A fact that changed a clock after its start. `due_before` is the recorded deadline before an extension."""

    at: datetime
    body: Body
    due_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecordedClock:
    """One clock to replay, of a stage (`stage` None: of the whole case), from its start to its real end.

    `ended_at` None: it still runs. `grid_path` runs from the park down. `owner` None: chosen by the rules, as for a new
    case; `host` None: by the policy's routes.
    """

    case: str
    category: str
    severity: Severity | None
    grid_path: tuple[str, ...]
    started_at: datetime
    ended_at: datetime | None
    stage: Stage | None = Stage.HANDLE
    round: int = 1
    condition: str | None = None
    owner: Owner | None = None
    host: str | None = None
    claimed_by: UUID | None = None
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Roster:
    """Who holds which role at one moment, per unit and per department; `people` maps user names to ids.

    A policy's fallback owner is looked up in `people`.
    """

    holders: Mapping[str, tuple[Holder, ...]] = field(default_factory=dict)
    departments: Mapping[str, tuple[UUID, ...]] = field(default_factory=dict)
    people: Mapping[str, UUID] = field(default_factory=dict)

    def units(self, grid_path: tuple[str, ...]) -> tuple[Unit, ...]:
        """The units from the lowest of the path up to the park, with their holders."""
        return tuple(
            Unit(code=code, level=Level(place), staffed=frozenset(h.role for h in held), holders=held)
            for place, code in reversed(tuple(enumerate(grid_path, 1)))
            for held in (self.holders.get(code, ()),)
        )


@dataclass(frozen=True, slots=True)
class FiredStep:
    """A ladder step that fired; `urge`: of the urge order that the system gives for an overdue at the top level."""

    step: int
    at: datetime
    reached: tuple[Reached, ...]
    vacancies: tuple[Vacancy, ...]
    level: Level
    urge: bool = False


@dataclass(frozen=True, slots=True)
class ReplayedClock:
    """The result of a clock under a policy. `missed_at` is the deadline that passed, `due_at` the last one it had.

    `late` is natural time from the missed deadline to the end (None: not missed). `given` are the people who had the
    case at the start; `vacancies` the roles that nobody held then.
    """

    due_at: datetime | None
    missed_at: datetime | None
    late: timedelta | None
    owner: Owner
    given: tuple[UUID, ...]
    vacancies: tuple[Vacancy, ...]
    fired: tuple[FiredStep, ...]
    urged_at: datetime | None
    provisional: bool


class NotCovered(ValueError):
    """The policy does not have the category."""


class World:
    """One policy with one roster; what many cases share is computed once."""

    def __init__(self, policy: Policy, roster: Roster) -> None:
        self.policy = policy
        self.roster = roster
        self.fallback = roster.people.get(policy.fallback_owner, NOBODY)
        self._contexts: dict[tuple[str, ...], Context] = {}
        self._standards: dict[tuple[str, Severity, str | None], Standard] = {}
        self._severities = {category.code: category.severity for category in policy.categories}
        self._conditions = {c.code: frozenset(k.code for k in c.conditions) for c in policy.categories}

    def context(self, grid_path: tuple[str, ...]) -> Context:
        """The context of cases at that place. Its time is arbitrary: no rule used here reads it."""
        found = self._contexts.get(grid_path)
        if found is None:
            moment = datetime(2000, 1, 1, tzinfo=UTC)
            found = self._contexts[grid_path] = Context(
                now=moment, today=moment.date(), policy=self.policy, policy_version=1,
                calendars=self.policy.calendars, calendars_version=1, person=None,
                units=self.roster.units(grid_path), departments=(), fallback=self.fallback,
            )  # fmt: skip
        return found

    def severity(self, category: str, reported: Severity | None) -> Severity:
        """The reported severity, else the category's own. Raises NotCovered."""
        if category not in self._severities:
            raise NotCovered(category)
        return reported or self._severities[category]

    def standard(self, category: str, severity: Severity, condition: str | None) -> Standard:
        """The standard of such a case under the policy: by its condition if the policy has it, else by its severity.

        Raises NotCovered.
        """
        if category not in self._severities:
            raise NotCovered(category)
        key = (category, severity, condition if condition in self._conditions[category] else None)
        if key not in self._standards:
            self._standards[key] = opening(self.policy, *key).standard
        return self._standards[key]
