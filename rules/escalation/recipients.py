"""The recipients of a ladder step: people are resolved when it fires, by grant, shift and deputy.

When nobody holds the role in the unit, that is a vacancy, and the step goes to the next level up at once; above the
top level it reaches the fallback owner. A step is never skipped and always reaches somebody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from models.case import Case, Owner
from models.context import Context, Unit
from models.enums import EscalationMode, Level, OwnerKind, RequestKind, Role, Stage
from models.facts import Reached, Vacancy
from models.policy.standard import Target
from rules.levels import current_level
from rules.requests import given_above, pending_requests, takes_supervisor
from rules.tasks import decision_task

#: The roles that stand in at a unit above, when nobody there holds the target's role either.
HIGHER_ROLES = (Role.SUPERVISOR, Role.DUTY_OFFICER)
#: The roles of a desk before dispatch: at grids and micro-grids also those who settle small matters themselves.
DESK_ROLES = (Role.DUTY_OFFICER, Role.GRID_WORKER, Role.VOLUNTEER)


@dataclass(frozen=True)
class StepOutcome:
    """The recipients of a step, the vacancies it met, and the new owner of the case (None: unchanged)."""

    reached: tuple[Reached, ...]
    vacancies: tuple[Vacancy, ...]
    owner: Owner | None
    level: Level


def resolve_targets(
    case: Case, ctx: Context, targets: Iterable[Target], request: RequestKind | None = None
) -> StepOutcome:
    """The recipients of `targets` in the organisation of now. For a `request`, its decider replaces the host."""
    reached: list[Reached] = []
    vacancies: list[Vacancy] = []
    owner: Owner | None = None
    level, now_at = case.level, current_level(case)
    for target in targets:
        if target.host:
            reached += _handling_parties(case, ctx) if request is None else [_decider(case, ctx, request)]
            continue
        found, at, missed = _find_role_holder(ctx, target)
        vacancies += missed
        if target.mode is EscalationMode.ACT and at < now_at:
            level, owner = min(level, at), _owner_of(found)
        elif target.mode is EscalationMode.ACT:
            found = found.model_copy(update={"mode": EscalationMode.INFORM})
        reached.append(found)
    return StepOutcome(tuple(reached), tuple(dict.fromkeys(vacancies)), owner, level)


def _handling_parties(case: Case, ctx: Context) -> list[Reached]:
    """Who handles the case: the host department with its claimant, and the co-handlers whose reports are missing.

    Before dispatch, its owner; if that is a unit, the people of its desk.
    """
    if case.host is None:
        return [_desk_staff(case.owner or case.desk, case, ctx)]
    found = [Reached(mode=EscalationMode.INFORM, department=case.host, people=claim_holders(case, ctx))]
    owing = [c.department for c in case.co_handlers if c.reported_at is None] if case.stage is Stage.HANDLE else []
    return found + [Reached(mode=EscalationMode.INFORM, department=department) for department in owing]


def claim_holders(case: Case, ctx: Context) -> tuple[UUID, ...]:
    """The claimant, or their deputy while they are away.

    Empty when the claimant is away without a deputy: then the whole department is informed, its head included.
    """
    if case.claimed_by is None:
        return ()
    claimant = ctx.claimant
    if claimant is None or not claimant.absent:
        return (case.claimed_by,)
    return () if claimant.deputy is None else (claimant.deputy,)


def _decider(case: Case, ctx: Context, request: RequestKind) -> Reached:
    """Who decides or answers a request: the department asked to take over, the workers asked to look, the supervisors
    of what takes one, or the desk."""
    if takes_supervisor(case, request):
        return _supervisors(case, ctx, request)
    asked = case.transfer_request
    if request is RequestKind.TRANSFER and asked is not None:
        return Reached(mode=EscalationMode.INFORM, department=asked.department)
    if request is RequestKind.VERIFICATION and case.owner is not None:
        workers = (Role.GRID_WORKER, Role.VOLUNTEER)
        nearest = next((unit for unit in ctx.units if any(holders(unit, role) for role in workers)), None)
        if nearest is not None:
            people = tuple(dict.fromkeys(p for role in workers for p in holders(nearest, role)))
            return Reached(mode=EscalationMode.INFORM, unit=nearest.code, people=people)
    return _desk_staff(case.desk, case, ctx, deciding=True)


def _supervisors(case: Case, ctx: Context, request: RequestKind) -> Reached:
    """Who decides what takes a supervisor: those of the nearest unit that has any now, or the fallback owner."""
    task = decision_task(case, request, pending_requests(case)[request].decider)
    nearest = next((unit for unit in ctx.units if holders(unit, Role.SUPERVISOR)), None)
    if task.assignee.kind is OwnerKind.PERSON:
        return Reached(mode=EscalationMode.INFORM, people=(UUID(task.assignee.id),))
    if nearest is None:
        return Reached(mode=EscalationMode.INFORM, people=(ctx.fallback,))
    people = holders(nearest, Role.SUPERVISOR)
    return Reached(mode=EscalationMode.INFORM, role=Role.SUPERVISOR, unit=nearest.code, people=people)


def decider_left(case: Case, ctx: Context, request: RequestKind | None = None) -> Owner | None:
    """Who has to decide the request from now on, when no supervisor is left who could: the fallback owner. None while
    it stays as it is.

    Without `request`: all that was given to a supervisor and is undecided, appeals too.
    """
    if any(holders(unit, Role.SUPERVISOR) for unit in ctx.units):
        return None
    waiting: list[tuple[RequestKind, Owner | None]] = []
    if request is None:
        waiting += given_above(case)
    elif takes_supervisor(case, request):
        waiting.append((request, pending_requests(case)[request].decider))
    assignees = [decision_task(case, kind, decider).assignee for kind, decider in waiting]
    if all(assignee.kind is OwnerKind.PERSON for assignee in assignees):
        return None
    return Owner(kind=OwnerKind.PERSON, id=str(ctx.fallback))


def _desk_staff(owner: Owner, case: Case, ctx: Context, *, deciding: bool = False) -> Reached:
    if owner.kind is OwnerKind.PERSON:
        return Reached(mode=EscalationMode.INFORM, people=(UUID(owner.id),))
    if owner.kind is OwnerKind.DEPARTMENT:
        return Reached(mode=EscalationMode.INFORM, department=owner.id)
    held = next((unit.holders for unit in ctx.units if unit.code == owner.id), ())
    roles = (Role.REVIEWER,) if case.stage is Stage.REVIEW and not deciding else DESK_ROLES
    people = dict.fromkeys(holder.person for holder in held if holder.role in roles)
    return Reached(mode=EscalationMode.INFORM, unit=owner.id, people=tuple(people))


def summons_recipients(case: Case, ctx: Context, department: str) -> tuple[Reached, ...]:
    """Who is informed that a department did not answer a joint-meeting call: itself, the desk, and a supervisor."""
    supervisor, _, _ = _find_role_holder(ctx, Target(role=Role.SUPERVISOR, level=Level.COMMUNITY))
    summoned = Reached(mode=EscalationMode.INFORM, department=department)
    return (summoned, _desk_staff(case.desk, case, ctx, deciding=True), supervisor)


def _find_role_holder(ctx: Context, target: Target) -> tuple[Reached, Level, list[Vacancy]]:
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
    """The people who hold `role` in `unit` now."""
    return tuple(holder.person for holder in unit.holders if holder.role is role)


def _owner_of(found: Reached) -> Owner:
    if found.unit is not None:
        return Owner(kind=OwnerKind.UNIT, id=found.unit)
    return Owner(kind=OwnerKind.PERSON, id=str(found.people[0]))
