"""Whom a step of the ladder reaches: people are resolved when it fires, by grant, shift and deputy.

A role that nobody holds in the unit it is looked for in is a vacancy, and the step falls through to the next level
at once: at the top the fallback owner answers. It is never skipped, and never reaches nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from models.case import Case, Owner
from models.context import Context, Unit
from models.enums import EscalationMode, Level, OwnerKind, Role, Stage
from models.facts import Reached, Vacancy
from models.policy.standard import Target
from rules.evolvers.common import level_of

#: Who answers for a unit above, when the role looked for is not held there either.
HIGHER_ROLES = (Role.SUPERVISOR, Role.DUTY_OFFICER)
#: Who sits at a desk before dispatch: low down, those who settle small things themselves.
DESK_ROLES = (Role.DUTY_OFFICER, Role.GRID_WORKER, Role.VOLUNTEER)


@dataclass(frozen=True)
class Outcome:
    """Whom a step reached, whom it missed, and whose the case is then (None: whose it was)."""

    reached: tuple[Reached, ...]
    vacancies: tuple[Vacancy, ...]
    owner: Owner | None
    level: Level


def reach(case: Case, ctx: Context, targets: Iterable[Target]) -> Outcome:
    """Resolves `targets` as the organisation stands now."""
    reached: list[Reached] = []
    vacancies: list[Vacancy] = []
    owner: Owner | None = None
    level, stands_at = case.level, _stands_at(case)
    for target in targets:
        if target.host:
            reached.append(_host(case, ctx))
            continue
        found, at, missed = _climb(ctx, target)
        vacancies += missed
        if target.mode is EscalationMode.ACT and at < stands_at:
            level, owner = min(level, at), _owner(found)
        elif target.mode is EscalationMode.ACT:
            found = found.model_copy(update={"mode": EscalationMode.INFORM})
        reached.append(found)
    return Outcome(tuple(reached), tuple(dict.fromkeys(vacancies)), owner, level)


def _stands_at(case: Case) -> Level:
    """The level of whoever has the case. Its own level may lie higher: whoever is only informed takes nothing away."""
    owner = case.owner
    claimed = owner is not None and case.claimed_by is not None and owner.id == str(case.claimed_by)
    return Level(len(case.grid_path)) if owner is None or claimed else level_of(owner, case.grid_path)


def _host(case: Case, ctx: Context) -> Reached:
    """Whoever handles the case: its department, and the person who claimed it; before dispatch, its owner: of a unit,
    those who sit at the desk where the case lies."""
    people = (case.claimed_by,) if case.claimed_by else ()
    if case.host is not None:
        return Reached(mode=EscalationMode.INFORM, department=case.host, people=people)
    if case.owner is not None and case.owner.kind is OwnerKind.PERSON:
        return Reached(mode=EscalationMode.INFORM, people=(UUID(case.owner.id),))
    code = case.owner.id if case.owner else case.desk.id
    held = next((unit.holders for unit in ctx.units if unit.code == code), ())
    roles = (Role.REVIEWER,) if case.stage is Stage.REVIEW else DESK_ROLES
    sitting = dict.fromkeys(holder.person for holder in held if holder.role in roles)
    return Reached(mode=EscalationMode.INFORM, unit=code, people=tuple(sitting))


def _climb(ctx: Context, target: Target) -> tuple[Reached, Level, list[Vacancy]]:
    assert target.role is not None
    assert target.level is not None
    missed: list[Vacancy] = []
    for unit in (unit for unit in ctx.units if unit.level <= target.level):
        roles = (target.role,) if not missed else dict.fromkeys((target.role, *HIGHER_ROLES))
        for role in roles:
            if people := holders(unit, role):
                found = Reached(mode=target.mode, role=role, unit=unit.code, people=people)
                return found, unit.level, missed
        missed.append(Vacancy(role=target.role, unit=unit.code))
    return Reached(mode=target.mode, people=(ctx.fallback,)), Level.PARK, missed


def holders(unit: Unit, role: Role) -> tuple[UUID, ...]:
    """Who holds `role` in `unit` now."""
    return tuple(holder.person for holder in unit.holders if holder.role is role)


def _owner(found: Reached) -> Owner:
    if found.unit is not None:
        return Owner(kind=OwnerKind.UNIT, id=found.unit)
    return Owner(kind=OwnerKind.PERSON, id=str(found.people[0]))
