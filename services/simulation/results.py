"""The result of a simulation: figures per policy, side by side, with names instead of codes. Written as JSON as it
is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from models.base import Frozen
from models.enums import EscalationMode, Level, Role, Stage
from rules.simulation.tallies import EXAMPLES, ClockOutcome, Comparison, Count as Counted, Simulation, Tally
from rules.simulation.world import NOBODY
from services.plans.load import PlanLoad
from services.simulation.labels import STAGES

LETTERS = "ABCD"
#: The most entries of a list in JSON and on the page; the rest is only counted.
MAX_LISTED = 500

MECHANICAL_ZH = (
    "机械推演:人当时做了什么(何时办结、何时中止计时)保持不变,只把规则重新算一遍;换一套规则,人会有不同的做法。"
)
MECHANICAL_EN = (
    "Mechanical: what people did (when they finished, when a clock stood still) is kept as it was, and only the rules "
    "are worked out anew. Under another policy people would have behaved differently."
)


class Share(Frozen):
    """Deadlines of one kind, and how many of them were missed. `key` is a stage, a group or a unit."""

    key: str
    name_zh: str
    name_en: str
    clocks: int
    missed: int


class Escalated(Frozen):
    """How often the ladder reached a level (None: only the fallback owner was left), to act or to be informed."""

    level: str | None
    mode: EscalationMode
    times: int


class Loaded(Frozen):
    """How often a person or department was given a case, informed of one, or had one escalated to them."""

    kind: Literal["person", "department"]
    id: str
    name: str
    given: int
    told: int
    to_act: int
    total: int


class Vacant(Frozen):
    """A role that was looked for in a unit or a department, and that nobody holds."""

    role: Role
    unit: str
    name: str
    times: int


class PolicyResult(Frozen):
    """The effect of one policy on the clocks. Lateness is in hours of natural time."""

    letter: str
    label: str
    name: str
    clocks: int
    missed: int
    cases: int
    cases_missed: int
    late_median_hours: float | None
    late_p90_hours: float | None
    stages: tuple[Share, ...]
    groups: tuple[Share, ...]
    units: tuple[Share, ...]
    escalations: tuple[Escalated, ...]
    hosts_told: int
    urge_orders: int
    load: tuple[Loaded, ...]
    loaded: int
    vacancies: tuple[Vacant, ...]
    vacant: int
    fallback_owner: str
    fallback_known: bool
    left_to_fallback: int
    left_to_fallback_examples: tuple[str, ...]
    left_to_nobody: int
    provisional: int
    not_covered: dict[str, int]
    uncountable: dict[str, int]


class Changed(Frozen):
    """A clock that ends differently: its deadline under each policy (None: not timed), and whether it was missed."""

    case: str
    category: str
    name_zh: str
    name_en: str
    unit: str
    stage: Stage | None
    round: int
    started_at: datetime
    ended_at: datetime | None
    due_at: tuple[datetime | None, ...]
    missed: tuple[bool, ...]


class Compared(Frozen):
    """Two policies, by their letters: clocks late under only one of them, with the latest as examples."""

    first: str
    second: str
    missed_under_both: int
    only_first: int
    only_second: int
    changed_cases: int
    only_first_examples: tuple[Changed, ...]
    only_second_examples: tuple[Changed, ...]


class RejectedRow(Frozen):
    """A row that was left out, and the reason; in Chinese only where it is known in Chinese."""

    row: str
    number: str
    reason: str
    reason_zh: str = ""


class Result(Frozen):
    """The result of a simulation. `as_of`: up to when running clocks were counted, and the date of the roster."""

    mechanical_zh: str = MECHANICAL_ZH
    mechanical_en: str = MECHANICAL_EN
    source: str
    replayed: Literal["reports", "facts"]
    replayed_zh: str
    replayed_en: str
    zone: str
    as_of: datetime
    cases: int
    clocks: int
    still_running: int
    first_at: datetime | None
    last_at: datetime | None
    rejected: int
    rejected_rows: tuple[RejectedRow, ...]
    policies: tuple[PolicyResult, ...]
    comparisons: tuple[Compared, ...]
    #: The duties that plans ask for under each policy, in their order; only where the database's plans are known.
    plans: tuple[PlanLoad, ...] = ()


@dataclass
class Names:
    """The names of units, people and departments."""

    units: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[UUID, str] = field(default_factory=dict)
    departments: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def somebody(self, id_: UUID | str) -> str:
        """Return the name of a person or a department."""
        if isinstance(id_, UUID):
            return "—" if id_ == NOBODY else self.people.get(id_, str(id_))
        return self.departments.get(id_, (id_, id_))[0]

    def unit(self, code: str) -> str:
        """Return the name of a unit, or of a department where a department's role is vacant."""
        return self.units.get(code) or self.departments.get(code, (code, code))[0]


def policy_result(simulation: Simulation, place: int, label: str, names: Names) -> PolicyResult:
    """Return the figures of the policy at that place."""
    tally, world = simulation.tallies[place], simulation.worlds[place]
    groups = {group.code: (group.name_zh, group.name_en) for group in world.policy.groups}
    fallback_known = world.fallback != NOBODY
    left_over = len(tally.left_to_fallback)
    load = _load(tally, names)
    vacancies = _vacancies(tally, names)
    return PolicyResult(
        letter=LETTERS[place],
        label=label,
        name=world.policy.name,
        clocks=tally.total.clocks,
        missed=tally.total.missed,
        cases=len(tally.cases),
        cases_missed=len(tally.missed_cases),
        late_median_hours=tally.median_late(),
        late_p90_hours=tally.p90_late(),
        stages=tuple(
            _share(str(stage or "whole"), STAGES[stage], tally.stages[stage])
            for stage in STAGES
            if stage in tally.stages
        ),
        groups=tuple(_share(c, groups.get(c, (c, c)), count) for c, count in sorted(tally.groups.items())),
        units=tuple(_share(c, (names.unit(c), names.unit(c)), count) for c, count in sorted(tally.units.items())),
        escalations=tuple(
            Escalated(level=level.name.lower() if level else None, mode=mode, times=tally.escalations[level, mode])
            for level in (*Level, None)
            for mode in (EscalationMode.ACT, EscalationMode.INFORM)
        ),
        hosts_told=tally.hosts_told,
        urge_orders=tally.urged,
        load=load[:MAX_LISTED],
        loaded=len(load),
        vacancies=vacancies[:MAX_LISTED],
        vacant=len(vacancies),
        fallback_owner=world.policy.fallback_owner,
        fallback_known=fallback_known,
        left_to_fallback=left_over if fallback_known else 0,
        left_to_fallback_examples=tuple(list(tally.left_to_fallback)[:EXAMPLES]),
        left_to_nobody=0 if fallback_known else left_over,
        provisional=tally.provisional,
        not_covered=dict(sorted(tally.not_covered.items())),
        uncountable=dict(tally.uncountable.most_common()),
    )


def _share(key: str, name: tuple[str, str], count: Counted) -> Share:
    return Share(key=key, name_zh=name[0], name_en=name[1], clocks=count.clocks, missed=count.missed)


def _load(tally: Tally, names: Names) -> tuple[Loaded, ...]:
    loads = (
        Loaded(
            kind="person" if isinstance(holder, UUID) else "department",
            id=str(holder), name=names.somebody(holder),
            given=load.given, told=load.told, to_act=load.to_act, total=load.total,
        )
        for holder, load in tally.load.items()
    )  # fmt: skip
    return tuple(sorted(loads, key=lambda loaded: (-loaded.total, loaded.id)))


def _vacancies(tally: Tally, names: Names) -> tuple[Vacant, ...]:
    ordered = sorted(tally.vacancies.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Vacant(role=role, unit=unit, name=names.unit(unit), times=times) for (role, unit), times in ordered)


def compare_policies(comparison: Comparison, simulation: Simulation, names: Names) -> Compared:
    """Return the comparison of two policies."""
    return Compared(
        first=LETTERS[comparison.first],
        second=LETTERS[comparison.second],
        missed_under_both=comparison.both,
        only_first=comparison.only_first,
        only_second=comparison.only_second,
        changed_cases=len(comparison.changed_cases),
        only_first_examples=_examples(comparison.only_first_examples, simulation, names),
        only_second_examples=_examples(comparison.only_second_examples, simulation, names),
    )


def _examples(outcomes: Sequence[ClockOutcome], simulation: Simulation, names: Names) -> tuple[Changed, ...]:
    return tuple(_changed(outcome, simulation, names) for outcome in outcomes)


def _changed(outcome: ClockOutcome, simulation: Simulation, names: Names) -> Changed:
    clock = outcome.clock
    categories = (world.policy.category(clock.category) for world in simulation.worlds)
    category = next((found for found in categories if found is not None), None)
    return Changed(
        case=clock.case,
        category=clock.category,
        name_zh=category.name_zh if category else clock.category,
        name_en=category.name_en if category else clock.category,
        unit=names.unit(clock.grid_path[min(1, len(clock.grid_path) - 1)]),
        stage=clock.stage,
        round=clock.round,
        started_at=clock.started_at,
        ended_at=clock.ended_at,
        due_at=tuple(None if lived is None else lived.missed_at or lived.due_at for lived in outcome.results),
        missed=tuple(lived is not None and lived.missed_at is not None for lived in outcome.results),
    )
