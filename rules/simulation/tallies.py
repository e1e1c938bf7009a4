"""What a simulation adds up to: per policy, and between two policies, clock by clock."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from models.enums import EscalationMode, Level, OwnerKind, Role, Stage
from models.facts import Reached
from rules.simulation.replay import replay_clock
from rules.simulation.world import NotCovered, RecordedClock, ReplayedClock, World

#: How many clocks that turn out otherwise are kept as examples, each way, and how many cases of the other lists.
EXAMPLES = 20
_HOUR = timedelta(hours=1)

#: Whom something reaches: a person by id, or a department by its code.
Somebody = UUID | str


@dataclass
class Count:
    """Deadlines there were, and those of them that were missed."""

    clocks: int = 0
    missed: int = 0

    def add(self, missed: bool) -> None:
        """One more deadline."""
        self.clocks += 1
        self.missed += missed


@dataclass
class Load:
    """How often somebody was given a case, told of one, or had one move up to them."""

    given: int = 0
    told: int = 0
    to_act: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return self.given + self.told + self.to_act


@dataclass
class Tally:
    """What a policy does to the clocks that were lived through under it. `late` are hours of natural time.

    `escalations` are by the level reached: where a role was vacant that is the level fallen through to, None where
    only the fallback owner was left. `hosts_told` counts the steps that tell whoever handles the case.
    """

    total: Count = field(default_factory=Count)
    cases: set[str] = field(default_factory=set)
    missed_cases: set[str] = field(default_factory=set)
    stages: dict[Stage | None, Count] = field(default_factory=dict)
    groups: dict[str, Count] = field(default_factory=dict)
    units: dict[str, Count] = field(default_factory=dict)
    late: list[float] = field(default_factory=list)
    escalations: Counter[tuple[Level | None, EscalationMode]] = field(default_factory=Counter)
    hosts_told: int = 0
    load: dict[Somebody, Load] = field(default_factory=dict)
    vacancies: Counter[tuple[Role, str]] = field(default_factory=Counter)
    left_to_fallback: dict[str, None] = field(default_factory=dict)
    urged: int = 0
    provisional: int = 0
    not_covered: Counter[str] = field(default_factory=Counter)
    uncountable: Counter[str] = field(default_factory=Counter)

    def median_late(self) -> float | None:
        """The middle lateness of what was missed, in hours; None for nothing missed."""
        return quantile(self.late, 0.5)

    def p90_late(self) -> float | None:
        """What nine of ten late ones stay within, in hours; None for nothing missed."""
        return quantile(self.late, 0.9)


def quantile(values: Sequence[float], part: float) -> float | None:
    """The smallest of the values that at least that part of them does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(ceil(part * len(ordered)), 1) - 1] if ordered else None


@dataclass(frozen=True, slots=True)
class ClockOutcome:
    """A clock and what became of it under each policy, in their order; None where that policy has no deadline."""

    clock: RecordedClock
    results: tuple[ReplayedClock | None, ...]


@dataclass
class Comparison:
    """Clocks that two policies, by their places, let end differently, the longest late of each kind as examples."""

    first: int
    second: int
    both: int = 0
    only_first: int = 0
    only_second: int = 0
    changed_cases: set[str] = field(default_factory=set)
    only_first_examples: list[ClockOutcome] = field(default_factory=list)
    only_second_examples: list[ClockOutcome] = field(default_factory=list)

    def add(self, outcome: ClockOutcome) -> None:
        """Counts the clock, if both policies time it."""
        one, other = outcome.results[self.first], outcome.results[self.second]
        if one is None or other is None or (one.missed_at is None and other.missed_at is None):
            return
        if one.missed_at is not None and other.missed_at is not None:
            self.both += 1
            return
        self.changed_cases.add(outcome.clock.case)
        if one.missed_at is not None:
            self.only_first += 1
            _add_example(self.only_first_examples, outcome, self.first)
        else:
            self.only_second += 1
            _add_example(self.only_second_examples, outcome, self.second)


def _add_example(examples: list[ClockOutcome], outcome: ClockOutcome, place: int) -> None:
    """Among the examples, if it is late enough: the latest first, of equals the one that came first."""
    examples.append(outcome)
    if len(examples) > 10 * EXAMPLES:
        _trim_examples(examples, place)


def _trim_examples(examples: list[ClockOutcome], place: int) -> None:
    examples.sort(key=lambda kept: _lateness(kept, place), reverse=True)
    del examples[EXAMPLES:]


def _lateness(outcome: ClockOutcome, place: int) -> timedelta:
    lived = outcome.results[place]
    return (lived.late if lived is not None else None) or timedelta()


class Simulation:
    """Policies side by side: `add` each clock, then `finish`, then read `tallies` and `comparisons`."""

    def __init__(self, worlds: Sequence[World]) -> None:
        self.worlds = tuple(worlds)
        self.tallies = tuple(Tally() for _ in worlds)
        self.comparisons = tuple(Comparison(0, place) for place in range(1, len(worlds)))
        self._groups = tuple({c.code: c.group for c in world.policy.categories} for world in worlds)

    def add(self, clock: RecordedClock, now: datetime) -> ClockOutcome:
        """Lives the clock under each policy, and counts what becomes of it."""
        lived = tuple(self._replay(place, clock, now) for place in range(len(self.worlds)))
        outcome = ClockOutcome(clock, lived)
        for comparison in self.comparisons:
            comparison.add(outcome)
        return outcome

    def _replay(self, place: int, clock: RecordedClock, now: datetime) -> ReplayedClock | None:
        tally = self.tallies[place]
        try:
            lived = replay_clock(self.worlds[place], clock, now)
        except NotCovered as unknown:
            tally.not_covered[str(unknown)] += 1
            return None
        except ValueError as error:
            tally.uncountable[str(error)] += 1
            return None
        if lived is not None:
            group = self._groups[place].get(clock.category, "?")
            _count(tally, clock, lived, group, self.worlds[place].fallback)
        return lived

    def finish(self) -> None:
        """Brings the examples into their order."""
        for comparison in self.comparisons:
            _trim_examples(comparison.only_first_examples, comparison.first)
            _trim_examples(comparison.only_second_examples, comparison.second)


def _count(tally: Tally, clock: RecordedClock, lived: ReplayedClock, group: str, fallback: UUID) -> None:
    missed = lived.missed_at is not None
    tally.total.add(missed)
    tally.cases.add(clock.case)
    if lived.late is not None:
        tally.missed_cases.add(clock.case)
        tally.late.append(lived.late / _HOUR)
    tally.stages.setdefault(clock.stage, Count()).add(missed)
    tally.groups.setdefault(group, Count()).add(missed)
    tally.units.setdefault(clock.grid_path[min(1, len(clock.grid_path) - 1)], Count()).add(missed)
    tally.urged += lived.urged_at is not None
    tally.provisional += lived.provisional
    _count_given(tally, clock, lived, fallback)
    for fired in lived.fired:
        tally.vacancies.update((vacancy.role, vacancy.unit) for vacancy in fired.vacancies)
        for reached in fired.reached:
            _count_reached(tally, clock, reached, fallback)


def _count_given(tally: Tally, clock: RecordedClock, lived: ReplayedClock, fallback: UUID) -> None:
    tally.vacancies.update((vacancy.role, vacancy.unit) for vacancy in lived.vacancies)
    if clock.stage is None:
        return
    somebody: list[Somebody] = list(lived.given)
    if lived.owner.kind is OwnerKind.DEPARTMENT:
        somebody.append(lived.owner.id)
    elif lived.owner.kind is OwnerKind.PERSON and lived.given == (fallback,):
        tally.left_to_fallback[clock.case] = None
    for one in somebody:
        tally.load.setdefault(one, Load()).given += 1


def _count_reached(tally: Tally, clock: RecordedClock, reached: Reached, fallback: UUID) -> None:
    if reached.role is not None and reached.unit is not None:
        tally.escalations[Level(clock.grid_path.index(reached.unit) + 1), reached.mode] += 1
    elif reached.department is None and reached.unit is None and reached.people == (fallback,):
        tally.escalations[None, reached.mode] += 1
        tally.left_to_fallback[clock.case] = None
    else:
        tally.hosts_told += 1
    somebody: list[Somebody] = list(reached.people)
    if reached.department is not None:
        somebody.append(reached.department)
    for one in somebody:
        load = tally.load.setdefault(one, Load())
        if reached.mode is EscalationMode.ACT:
            load.to_act += 1
        else:
            load.told += 1
