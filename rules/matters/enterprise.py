"""The rules of enterprises (企业): the register, its people, and the colour that follows from the cases about them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from models.errors import (
    InputError,
    MatterNotNow,
    NothingToChange,
    TimeNotLater,
    TooLate,
    UnknownCalendar,
    UnknownDepartment,
    UnknownGrid,
    UnknownPerson,
)
from models.matters import enterprise as model
from models.matters.base import MatterBody, MatterCommand, MatterFact, MatterKind
from models.matters.context import MatterContext
from models.matters.effects import ActOnMatter, Effect
from models.matters.enterprise import (
    AmendEnterprise,
    Assess,
    Assessed,
    AssignPeople,
    CloseEnterprise,
    ColourChanged,
    ColourOverridden,
    Enterprise,
    EnterpriseAmended,
    EnterpriseClosed,
    EnterpriseExtra,
    EnterpriseMoved,
    EnterpriseRegistered,
    EnterpriseRenamed,
    EnterpriseReopened,
    LiftOverride,
    MoveEnterprise,
    OverrideColour,
    OverrideEnded,
    PeopleAssigned,
    RegisterEnterprise,
    RenameEnterprise,
    ReopenEnterprise,
)
from models.policy.colours import Colour
from rules.colours import Standing, assess
from rules.matters.days import start_of
from rules.matters.enterprise_changes import evolve
from rules.matters.kind import DESK, MatterRules, Part

_REGISTER = DESK | {Part.ADMIN}
WHO: Mapping[str, frozenset[Part]] = {
    "register": _REGISTER,
    "amend": _REGISTER | {Part.OWNER},
    "assign_people": _REGISTER,
    "rename": _REGISTER,
    "move": _REGISTER,
    "close": _REGISTER,
    "reopen": _REGISTER,
    "override_colour": frozenset({Part.SUPERVISOR}),
    "lift_override": frozenset({Part.SUPERVISOR}),
}
#: The particulars that `amend` changes.
PARTICULARS = (
    "size", "industry", "headcount", "shifts", "calendar", "work_rule", "workshops", "department", "location",
)  # fmt: skip


# --- commands ---------------------------------------------------------------------------------------------------------


def _extra(ctx: MatterContext) -> EnterpriseExtra:
    return ctx.extra if isinstance(ctx.extra, EnterpriseExtra) else EnterpriseExtra()


def _person(username: str | None, field: str, ctx: MatterContext) -> UUID | None:
    """The id of the person with that user name. Raises UnknownPerson."""
    if username is None:
        return None
    found = _extra(ctx).people.get(username)
    if found is None:
        raise UnknownPerson(person=username, pointer=f"/{field}")
    return found


def _check_references(calendar: str | None, department: str | None, ctx: MatterContext) -> None:
    """Raises UnknownCalendar or UnknownDepartment."""
    if calendar is not None and all(calendar != known.name for known in ctx.calendars):
        known = ", ".join(one.name for one in ctx.calendars)
        raise UnknownCalendar(calendar=calendar, known=known, pointer="/calendar")
    if department is not None and ctx.department(department) is None:
        raise UnknownDepartment(department=department, pointer="/department")


def _register(cmd: RegisterEnterprise, ctx: MatterContext) -> Sequence[MatterBody]:
    _check_references(cmd.calendar, cmd.department, ctx)
    given = {name: getattr(cmd, name) for name in PARTICULARS if name != "department"}
    return [
        EnterpriseRegistered(
            code=cmd.code,
            name=cmd.name,
            grid=cmd.grid,
            grid_path=ctx.grid_path,
            department=cmd.department,
            safety_officer=cmd.safety_officer,
            volunteer=_person(cmd.volunteer, "volunteer", ctx),
            cadre=_person(cmd.cadre, "cadre", ctx),
            visits=ctx.policy.park.colours.visits.of(Colour.GREEN),
            **given,
        )
    ]


def _amend(enterprise: Enterprise, cmd: AmendEnterprise, ctx: MatterContext) -> Sequence[MatterBody]:
    _check_references(cmd.calendar, cmd.department, ctx)
    given = {name: getattr(cmd, name) for name in PARTICULARS if name in cmd.model_fields_set}
    before = {name: getattr(enterprise, name) for name in given}
    changed = {name for name in given if given[name] != before[name]}
    if not changed:
        raise NothingToChange()
    written = cmd.model_dump(mode="json", include=changed)
    state = enterprise.model_dump(mode="json", include=changed)
    return [EnterpriseAmended(changes=written, before=state, note=cmd.note)]


def _assign(enterprise: Enterprise, cmd: AssignPeople, ctx: MatterContext) -> Sequence[MatterBody]:
    given: dict[str, Any] = {}
    for field in ("volunteer", "cadre"):
        if field in cmd.model_fields_set:
            given[field] = _person(getattr(cmd, field), field, ctx)
    if "safety_officer" in cmd.model_fields_set:
        given["safety_officer"] = cmd.safety_officer
    changes = {name: value for name, value in given.items() if value != getattr(enterprise, name)}
    if not changes:
        raise NothingToChange()
    return [PeopleAssigned(changes=PeopleAssigned(changes=changes).model_dump(mode="json")["changes"])]


def _rename(enterprise: Enterprise, cmd: RenameEnterprise, ctx: MatterContext) -> Sequence[MatterBody]:
    if cmd.name == enterprise.name:
        raise NothingToChange(pointer="/name")
    return [EnterpriseRenamed(name=cmd.name, before=enterprise.name, note=cmd.note)]


def _move(enterprise: Enterprise, cmd: MoveEnterprise, ctx: MatterContext) -> Sequence[MatterBody]:
    units = _extra(ctx).units
    if not units or units[0].code != cmd.grid or units[0].retired:
        raise UnknownGrid(grid=cmd.grid, pointer="/grid")
    if cmd.grid == enterprise.grid and cmd.location in (None, enterprise.location):
        raise NothingToChange(pointer="/grid")
    path = tuple(unit.code for unit in reversed(units))
    if path[0] != enterprise.grid_path[0]:
        raise InputError(
            why_zh="不能迁入另一个园区,请在该园区另行登记",
            why_en="it cannot move to another park; register it there",
            pointer="/grid",
        )
    return [
        EnterpriseMoved(grid=cmd.grid, grid_path=path, before=enterprise.grid, location=cmd.location, note=cmd.note)
    ]


def _close(enterprise: Enterprise, cmd: CloseEnterprise, ctx: MatterContext) -> Sequence[MatterBody]:
    return [EnterpriseClosed(reason=cmd.reason)]


def _reopen(enterprise: Enterprise, cmd: ReopenEnterprise, ctx: MatterContext) -> Sequence[MatterBody]:
    if enterprise.ended_at is None:
        raise MatterNotNow(command="reopen", why_zh="该企业在册", why_en="the enterprise is on the register")
    return [EnterpriseReopened(reason=cmd.reason)]


# --- colour -----------------------------------------------------------------------------------------------------------


def _assess(enterprise: Enterprise, ctx: MatterContext) -> list[MatterBody]:
    """The facts of assessing the colour anew: none when nothing changed."""
    rules = ctx.policy.park.colours
    before = Standing(causes=enterprise.causes, held=enterprise.held, check_at=enterprise.check_at)
    after = assess(before, rules, _extra(ctx).evidence, ctx.now)
    override = enterprise.override
    visits = rules.visits.of(after.colour if override is None else override.colour)
    bodies: list[MatterBody] = []
    if after != before or visits is not enterprise.visits:
        bodies.append(
            Assessed(
                causes=after.causes,
                held=after.held,
                check_at=after.check_at,
                visits=visits,
                policy_version=ctx.policy_version,
            )
        )
    if after.colour is not enterprise.colour:
        bodies.append(ColourChanged(before=enterprise.colour, after=after.colour, causes=after.causes, held=after.held))
    return bodies


def _override(enterprise: Enterprise, cmd: OverrideColour, ctx: MatterContext) -> Sequence[MatterBody]:
    until = start_of(cmd.until + timedelta(days=1), ctx)
    if until <= ctx.now:
        raise TimeNotLater(moment=cmd.until, after=ctx.today, pointer="/until")
    last = ctx.today + timedelta(days=ctx.policy.park.colours.override_days)
    if cmd.until > last:
        raise TooLate(moment=cmd.until, limit=last, pointer="/until")
    return [
        ColourOverridden(
            colour=cmd.colour,
            computed=enterprise.colour,
            until=until,
            reason=cmd.reason,
            visits=ctx.policy.park.colours.visits.of(cmd.colour),
        )
    ]


def _lift(enterprise: Enterprise, cmd: LiftOverride, ctx: MatterContext) -> Sequence[MatterBody]:
    if enterprise.override is None:
        raise MatterNotNow(command="lift_override", why_zh="没有人工设定的颜色", why_en="no colour was set by hand")
    return [_override_end(enterprise, ctx, lifted=True, reason=cmd.reason)]


def _override_end(enterprise: Enterprise, ctx: MatterContext, *, lifted: bool, reason: str = "") -> OverrideEnded:
    assert enterprise.override is not None
    return OverrideEnded(
        colour=enterprise.override.colour,
        computed=enterprise.colour,
        lifted=lifted,
        reason=reason,
        visits=ctx.policy.park.colours.visits.of(enterprise.colour),
    )


# --- the shape of MatterRules -----------------------------------------------------------------------------------------

_DECIDERS: Mapping[type[MatterCommand], Callable[[Any, Any, MatterContext], Sequence[MatterBody]]] = {
    RegisterEnterprise: lambda _, cmd, ctx: _register(cmd, ctx),
    AmendEnterprise: _amend,
    AssignPeople: _assign,
    RenameEnterprise: _rename,
    MoveEnterprise: _move,
    CloseEnterprise: _close,
    ReopenEnterprise: _reopen,
    Assess: lambda enterprise, _, ctx: _assess(enterprise, ctx),
    OverrideColour: _override,
    LiftOverride: _lift,
}


def decide(enterprise: Enterprise | None, command: MatterCommand, ctx: MatterContext) -> Sequence[MatterBody]:
    """The facts that a command leads to. Raises the DomainError that refuses it."""
    return _DECIDERS[type(command)](enterprise, command, ctx)


def due(enterprise: Enterprise, moment: datetime, ctx: MatterContext) -> Sequence[MatterBody]:
    """What fell due at `moment`: the colour set by hand ends, or the computed one is assessed anew."""
    if enterprise.override is not None and enterprise.override.until <= moment:
        return [_override_end(enterprise, ctx, lifted=False)]
    return _assess(enterprise, ctx)


def next_wake_up(enterprise: Enterprise) -> datetime | None:
    """The end of the colour set by hand, or the next assessment, whichever is first."""
    ends = None if enterprise.override is None else enterprise.override.until
    return min((moment for moment in (ends, enterprise.check_at) if moment is not None), default=None)


def fits(enterprise: Enterprise, command: str) -> bool:
    """Whether the command makes sense now: what is on the register is not registered again."""
    match command:
        case "reopen":
            return enterprise.ended_at is not None
        case "lift_override":
            return enterprise.override is not None
    return True


def effects(before: Enterprise | None, fact: MatterFact, after: Enterprise) -> Sequence[Effect]:
    """An enterprise that is on the register now is assessed by the cases that name it already."""
    if isinstance(fact.body, EnterpriseRegistered | EnterpriseReopened):
        return [assessment(after.id)]
    return ()


def assessment(id_: UUID, about: str | None = None) -> ActOnMatter:
    """The effect that has the colour of an enterprise assessed anew."""
    return ActOnMatter(
        matter_kind=MatterKind.ENTERPRISE, matter_id=id_, command=Assess(about=about).model_dump(mode="json")
    )


RULES = MatterRules(
    kind=MatterKind.ENTERPRISE,
    name_zh="企业",
    name_en="enterprise",
    state=Enterprise,
    commands=model.COMMANDS,
    bodies=model.BODIES,
    who=WHO,
    decide=decide,
    evolve=evolve,
    due=due,
    next_wake_up=next_wake_up,
    effects=effects,
    open_to_staff=True,
    lasting=frozenset({"reopen"}),
    fits=fits,
)
