"""The ladder of what is overdue in a matter: who is told, step by step, up the four levels (our choice).

A kind adds a `Climb` to its matter when something falls due undone (`start_climb`), and takes it away when it is done
(`end_climb`). The steps come from the policy (`Policy.park.ladder`), each a natural time after the one before.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from models.enums import EscalationMode, Level, Role
from models.facts import Reached, Vacancy
from models.matters.base import Climb, Matter
from models.matters.common import Climbed
from models.matters.context import MatterContext
from models.policy.rungs import MatterRung
from rules.escalation.recipients import HIGHER_ROLES, holders
from rules.matters.kind import MatterRules


def start_climb(climbs: tuple[Climb, ...], about: str, since: datetime, rungs: Iterable[datetime]) -> tuple[Climb, ...]:
    """`climbs` with one for `about`, which is overdue since `since`; unchanged when there is one already."""
    if any(climb.about == about for climb in climbs):
        return climbs
    return (*climbs, Climb(about=about, since=since, rungs=tuple(rungs)))


def end_climb(climbs: tuple[Climb, ...], about: str) -> tuple[Climb, ...]:
    """`climbs` without the one for `about`."""
    return tuple(climb for climb in climbs if climb.about != about)


def rungs_after(
    since: datetime, ctx: MatterContext, ladder: Sequence[MatterRung] | None = None
) -> tuple[datetime, ...]:
    """The moments of the steps of `ladder` (None: the usual one of the policy) for what is overdue since `since`."""
    return tuple(since + timedelta(hours=rung.after_hours) for rung in ladder or ctx.policy.park.ladder)


def next_rung(matter: Matter) -> datetime | None:
    """The next moment at which a step of any running ladder is due."""
    return min((climb.rungs[climb.fired] for climb in matter.climbs if climb.fired < len(climb.rungs)), default=None)


def due_rungs(rules: MatterRules, matter: Matter, moment: datetime, ctx: MatterContext) -> list[Climbed]:
    """The steps of all ladders that are due by `moment`, with those whom each reaches now."""
    ladder = rules.ladder(ctx.policy)
    found = []
    for climb in matter.climbs:
        if climb.fired < len(climb.rungs) and climb.rungs[climb.fired] <= moment:
            vacancies: tuple[Vacancy, ...] = ()
            rung = ladder[min(climb.fired, len(ladder) - 1)]
            if rung.role is None:
                reached = rules.in_charge(matter, climb.about) or (owner_reached(matter, ctx),)
            else:
                reached, vacancies = reach_role(rung.role, rung.level, ctx)
            found.append(
                Climbed(
                    about=climb.about,
                    step=climb.fired,
                    since=climb.since,
                    planned_at=climb.rungs[climb.fired],
                    reached=reached,
                    vacancies=vacancies,
                )
            )
    return found


def after_step(climbs: tuple[Climb, ...], step: Climbed) -> tuple[Climb, ...]:
    """`climbs` after that step has fired."""
    return tuple(
        climb.model_copy(update={"fired": step.step + 1}) if climb.about == step.about else climb for climb in climbs
    )


def reach_role(wanted: Role, level: Level, ctx: MatterContext) -> tuple[tuple[Reached, ...], tuple[Vacancy, ...]]:
    """Who holds the role at that level or above now. A vacancy goes one level up at once; never nobody is reached."""
    missed: list[Vacancy] = []
    for unit in (unit for unit in ctx.units if unit.level <= level):
        for role in (wanted,) if not missed else dict.fromkeys((wanted, *HIGHER_ROLES)):
            if people := holders(unit, role):
                return (Reached(mode=EscalationMode.INFORM, role=role, unit=unit.code, people=people),), tuple(missed)
        missed.append(Vacancy(role=wanted, unit=unit.code))
    return (Reached(mode=EscalationMode.INFORM, people=(ctx.fallback,)),), tuple(missed)


def owner_reached(matter: Matter, ctx: MatterContext) -> Reached:
    """Whoever is to do it: its department, the people named, else whoever works at its unit or above."""
    if matter.people:
        return Reached(mode=EscalationMode.INFORM, people=matter.people)
    if matter.department is not None:
        return Reached(mode=EscalationMode.INFORM, department=matter.department)
    for unit in ctx.units:
        if unit.holders and unit.level >= Level.COMMUNITY:
            return Reached(mode=EscalationMode.INFORM, unit=unit.code, people=tuple(h.person for h in unit.holders))
    return Reached(mode=EscalationMode.INFORM, people=(ctx.fallback,))
