"""推演 simulation: recorded or reported cases lived through once more under a policy, by the rules that cases live by.

What people did stays as it was (when a stage ended, when its clock stood still, what was extended, who took note);
what the policy does about it is counted anew: the deadline, whether it was missed, each step of the ladder and whom
it reaches. It is **mechanical**: under another policy people would have acted otherwise.

Here are the values and the world they are lived in; `rules.simulation.replay` lives them. Nothing asks the clock or the
store. The calendars are those of the simulated policy.
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

#: Stands for the policy's fallback owner where the roster does not know them.
NOBODY = derived_id("simulation", "nobody")


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a clock after its start. `due_before` is the recorded deadline that an extension moved on."""

    at: datetime
    body: Body
    due_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecordedClock:
    """One clock to live through: of a stage (`stage` None: of the whole case), from its start to its real end.

    `ended_at` None: it still runs. `grid_path` runs from the park down. `owner` None: by the rules, as for a case that
    comes in now; `host` None: by the policy's routes.
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
    """Who holds what, as it stands at one moment: per unit, per department, and everybody's name.

    `people` are those that a fallback owner is looked up in, by username.
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
    """A step of the ladder, or (`urge`) of the urge order that the system gives once a case is overdue at the top."""

    step: int
    at: datetime
    reached: tuple[Reached, ...]
    vacancies: tuple[Vacancy, ...]
    level: Level
    urge: bool = False


@dataclass(frozen=True, slots=True)
class ReplayedClock:
    """What became of a clock under a policy. `missed_at` is the deadline that passed, `due_at` the last one it had.

    `late` is natural time from the missed deadline to the end (None: kept). `given` are the people, or the department,
    whose it was at the start; `vacancies` the roles that nobody held when it was given.
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
    """The policy does not know the category."""


class World:
    """One policy over one roster; what many cases share is worked out once."""

    def __init__(self, policy: Policy, roster: Roster) -> None:
        self.policy = policy
        self.roster = roster
        self.fallback = roster.people.get(policy.fallback_owner, NOBODY)
        self._contexts: dict[tuple[str, ...], Context] = {}
        self._standards: dict[tuple[str, Severity, str | None], Standard] = {}
        self._severities = {category.code: category.severity for category in policy.categories}
        self._conditions = {c.code: frozenset(k.code for k in c.conditions) for c in policy.categories}

    def context(self, grid_path: tuple[str, ...]) -> Context:
        """The world as it is at that place. Its moment is of no account: no rule used here asks for it."""
        found = self._contexts.get(grid_path)
        if found is None:
            moment = datetime(2000, 1, 1, tzinfo=UTC)
            found = self._contexts[grid_path] = Context(
                now=moment, today=moment.date(), policy=self.policy, policy_version=1,
                calendars=self.policy.calendars, calendars_version=1, person=None,
                units=self.roster.units(grid_path), departments=(), fallback=self.fallback,
            )  # fmt: skip
        return found

    def severity(self, category: str, told: Severity | None) -> Severity:
        """What was told, else the category's own. Raises NotCovered."""
        if category not in self._severities:
            raise NotCovered(category)
        return told or self._severities[category]

    def standard(self, category: str, severity: Severity, condition: str | None) -> Standard:
        """The standard such a case has under the policy: by its condition if the policy knows that, else the severity.

        Raises NotCovered.
        """
        if category not in self._severities:
            raise NotCovered(category)
        key = (category, severity, condition if condition in self._conditions[category] else None)
        if key not in self._standards:
            self._standards[key] = opening(self.policy, *key).standard
        return self._standards[key]
