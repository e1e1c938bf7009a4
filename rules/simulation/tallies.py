"""The totals of a simulation: per policy, and the differences between two policies, clock by clock."""

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

#: How many clocks that differ are kept as examples, each way, and how many cases of the other lists.
EXAMPLES = 20
_HOUR = timedelta(hours=1)

#: A recipient: a person by id, or a department by its code.
Recipient = UUID | str


@dataclass
class Count:
    """The number of deadlines, and of those that were missed."""

    clocks: int = 0
    missed: int = 0

    def add(self, missed: bool) -> None:
        """Count one deadline."""
        self.clocks += 1
        self.missed += missed


@dataclass
class Load:
    """How often somebody was given a case, informed of one, or had one escalated to them to act."""

    given: int = 0
    told: int = 0
    to_act: int = 0

    @property
    def total(self) -> int:
        """The sum of the three."""
        return self.given + self.told + self.to_act


@dataclass
class Tally:
    """The totals of the clocks replayed under one policy. `late` are hours of natural time.

    `escalations` are counted by the level reached: when a role was vacant, the level that the step went to instead;
    None when only the fallback owner was left. `hosts_told` counts the steps that inform whoever handles the case.
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
    load: dict[Recipient, Load] = field(default_factory=dict)
    vacancies: Counter[tuple[Role, str]] = field(default_factory=Counter)
    left_to_fallback: dict[str, None] = field(default_factory=dict)
    urged: int = 0
    provisional: int = 0
    not_covered: Counter[str] = field(default_factory=Counter)
    uncountable: Counter[str] = field(default_factory=Counter)

    def median_late(self) -> float | None:
        """The median lateness of missed deadlines, in hours; None when none was missed."""
        return quantile(self.late, 0.5)

    def p90_late(self) -> float | None:
        """The lateness within which nine of ten missed deadlines stay, in hours; None when none was missed."""
        return quantile(self.late, 0.9)


def quantile(values: Sequence[float], part: float) -> float | None:
    """The smallest value that at least `part` of the values do not exceed (nearest rank); None when there are none."""
    ordered = sorted(values)
    return ordered[max(ceil(part * len(ordered)), 1) - 1] if ordered else None


@dataclass(frozen=True, slots=True)
class ClockOutcome:
    """A clock and its result under each policy, in their order; None where that policy has no deadline for it."""

    clock: RecordedClock
    results: tuple[ReplayedClock | None, ...]


@dataclass
class Comparison:
    """The clocks that two policies (by their places) end differently, with the latest of each kind as examples."""

    first: int
    second: int
    both: int = 0
    only_first: int = 0
    only_second: int = 0
    changed_cases: set[str] = field(default_factory=set)
    only_first_examples: list[ClockOutcome] = field(default_factory=list)
    only_second_examples: list[ClockOutcome] = field(default_factory=list)

    def add(self, outcome: ClockOutcome) -> None:
        """Count the clock, if both policies time it."""
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
    """Add an example; the list is cut now and then to the latest ones, of equals the first."""
    examples.append(outcome)
    if len(examples) > 10 * EXAMPLES:
        _trim_examples(examples, place)


def _trim_examples(examples: list[ClockOutcome], place: int) -> None:
    examples.sort(key=lambda kept: _lateness(kept, place), reverse=True)
    del examples[EXAMPLES:]


def _lateness(outcome: ClockOutcome, place: int) -> timedelta:
    replayed = outcome.results[place]
    return (replayed.late if replayed is not None else None) or timedelta()


class Simulation:
    """A comparison of policies: `add` each clock, then `finish`, then read `tallies` and `comparisons`."""

    def __init__(self, worlds: Sequence[World]) -> None:
        self.worlds = tuple(worlds)
        self.tallies = tuple(Tally() for _ in worlds)
        self.comparisons = tuple(Comparison(0, place) for place in range(1, len(worlds)))
        self._groups = tuple({c.code: c.group for c in world.policy.categories} for world in worlds)

    def add(self, clock: RecordedClock, now: datetime) -> ClockOutcome:
        """Replay the clock under each policy and count the results."""
        replayed = tuple(self._replay(place, clock, now) for place in range(len(self.worlds)))
        outcome = ClockOutcome(clock, replayed)
        for comparison in self.comparisons:
            comparison.add(outcome)
        return outcome

    def _replay(self, place: int, clock: RecordedClock, now: datetime) -> ReplayedClock | None:
        tally = self.tallies[place]
        try:
            replayed = replay_clock(self.worlds[place], clock, now)
        except NotCovered as unknown:
            tally.not_covered[str(unknown)] += 1
            return None
        except ValueError as error:
            tally.uncountable[str(error)] += 1
            return None
        if replayed is not None:
            group = self._groups[place].get(clock.category, "?")
            _count(tally, clock, replayed, group, self.worlds[place].fallback)
        return replayed

    def finish(self) -> None:
        """Sort the examples."""
        for comparison in self.comparisons:
            _trim_examples(comparison.only_first_examples, comparison.first)
            _trim_examples(comparison.only_second_examples, comparison.second)


def _count(tally: Tally, clock: RecordedClock, replayed: ReplayedClock, group: str, fallback: UUID) -> None:
    missed = replayed.missed_at is not None
    tally.total.add(missed)
    tally.cases.add(clock.case)
    if replayed.late is not None:
        tally.missed_cases.add(clock.case)
        tally.late.append(replayed.late / _HOUR)
    tally.stages.setdefault(clock.stage, Count()).add(missed)
    tally.groups.setdefault(group, Count()).add(missed)
    tally.units.setdefault(clock.grid_path[min(1, len(clock.grid_path) - 1)], Count()).add(missed)
    tally.urged += replayed.urged_at is not None
    tally.provisional += replayed.provisional
    _count_given(tally, clock, replayed, fallback)
    for fired in replayed.fired:
        tally.vacancies.update((vacancy.role, vacancy.unit) for vacancy in fired.vacancies)
        for reached in fired.reached:
            _count_reached(tally, clock, reached, fallback)


def _count_given(tally: Tally, clock: RecordedClock, replayed: ReplayedClock, fallback: UUID) -> None:
    tally.vacancies.update((vacancy.role, vacancy.unit) for vacancy in replayed.vacancies)
    if clock.stage is None:
        return
    recipients: list[Recipient] = list(replayed.given)
    if replayed.owner.kind is OwnerKind.DEPARTMENT:
        recipients.append(replayed.owner.id)
    elif replayed.owner.kind is OwnerKind.PERSON and replayed.given == (fallback,):
        tally.left_to_fallback[clock.case] = None
    for one in recipients:
        tally.load.setdefault(one, Load()).given += 1


def _count_reached(tally: Tally, clock: RecordedClock, reached: Reached, fallback: UUID) -> None:
    if reached.role is not None and reached.unit is not None:
        tally.escalations[Level(clock.grid_path.index(reached.unit) + 1), reached.mode] += 1
    elif reached.department is None and reached.unit is None and reached.people == (fallback,):
        tally.escalations[None, reached.mode] += 1
        tally.left_to_fallback[clock.case] = None
    else:
        tally.hosts_told += 1
    recipients: list[Recipient] = list(reached.people)
    if reached.department is not None:
        recipients.append(reached.department)
    for one in recipients:
        load = tally.load.setdefault(one, Load())
        if reached.mode is EscalationMode.ACT:
            load.to_act += 1
        else:
            load.told += 1
