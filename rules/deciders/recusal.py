"""Deciders of stepping aside (回避) from one case."""

from collections.abc import Sequence

from models.case import Case, Owner
from models.commands import LiftRecusal, Recuse
from models.context import Context, Person
from models.enums import OwnerKind, Role, Stage
from models.errors import NothingToChange, NotRecusable, NotYours, UnknownPerson
from models.facts import Body, RecusalLifted, Recused
from rules.deciders.common import Decider, actor, department_owner, is_independent, person_owner
from rules.escalation.recipients import DESK_ROLES
from rules.life_cycle import Who
from rules.requests import has_deciders
from rules.scope import standing

#: Only a supervisor takes a case from those who oversee it (our choice): no desk escapes its overseer.
_OVERSEERS = frozenset({Who.SUPERVISOR, Who.KEEPER})


def recuse(case: Case, cmd: Recuse, ctx: Context) -> Sequence[Body]:
    """Take the case from somebody who has an interest in it: it goes to whoever of its owner's is left, or above.

    Everybody may step aside themselves; the desk says it of others, a supervisor of overseers. Auditors and
    administrators only read: for them an administrator declares the interest. Raises UnknownPerson, NotYours,
    NothingToChange, or NotRecusable for the fallback owner, after whom nobody would be left.
    """
    person = _person(cmd.person, ctx)
    if person.id in case.recused:
        raise NothingToChange(pointer="/person")
    theirs = standing(person, case, ctx.today)
    if person.id == ctx.fallback or Who.READER in theirs:
        raise NotRecusable(pointer="/person")
    mine = standing(actor(ctx), case, ctx.today)
    allowed = {Who.SUPERVISOR} if theirs & _OVERSEERS else {Who.SUPERVISOR, Who.DUTY_OFFICER}
    if person.id != actor(ctx).id and mine.isdisjoint(allowed):
        raise NotYours(command="recuse", who=" / ".join(sorted(allowed)))
    owner, desk = _owner_without(person, case, ctx), _desk_without(person, theirs, case, ctx)
    decider = _decider_without(person, theirs, case, ctx)
    return [Recused(person=person.id, reason=cmd.reason, owner=owner, desk=desk, decider=decider)]


def lift_recusal(case: Case, cmd: LiftRecusal, ctx: Context) -> Sequence[Body]:
    """End a recusal. Raises UnknownPerson or NothingToChange."""
    person = _person(cmd.person, ctx)
    if person.id not in case.recused:
        raise NothingToChange(pointer="/person")
    return [RecusalLifted(person=person.id, reason=cmd.reason)]


def _person(username: str, ctx: Context) -> Person:
    if ctx.colleague is None:
        raise UnknownPerson(person=username, pointer="/person")
    return ctx.colleague


def _owner_without(person: Person, case: Case, ctx: Context) -> Owner | None:
    """The owner after the person has stepped aside; None when the case stays where it is."""
    owner = case.owner
    if owner is None:
        return None
    if owner == person_owner(person.id):
        in_handling = case.stage is Stage.HANDLE and case.host is not None
        return department_owner(case.host or "") if in_handling else _first(_units_left(person, case, ctx), ctx)
    if owner.kind is OwnerKind.UNIT and owner.id not in _units_left(person, case, ctx):
        return _first(_units_left(person, case, ctx), ctx)
    return None


def _desk_without(person: Person, theirs: frozenset[Who], case: Case, ctx: Context) -> Owner | None:
    """Who decides requests after the person has stepped aside; None when others at the desk can.

    Some decisions take a supervisor: without another one, the fallback owner decides.
    """
    fallback = person_owner(ctx.fallback)
    if Who.SUPERVISOR in theirs and not _units_with(person, case, ctx, (Role.SUPERVISOR,)):
        return None if case.desk == fallback else fallback
    left = _units_with(person, case, ctx, (Role.DUTY_OFFICER, Role.SUPERVISOR))
    return None if case.desk.kind is not OwnerKind.UNIT or case.desk.id in left else _first(left, ctx)


def _decider_without(person: Person, theirs: frozenset[Who], case: Case, ctx: Context) -> Owner | None:
    """Who decides what waits for a supervisor after one has stepped aside; None when nothing does."""
    if Who.SUPERVISOR not in theirs or not has_deciders(case):
        return None
    return _first(_units_with(person, case, ctx, (Role.SUPERVISOR,)), ctx)


def _first(units: Sequence[str], ctx: Context) -> Owner:
    return Owner(kind=OwnerKind.UNIT, id=units[0]) if units else person_owner(ctx.fallback)


def _units_left(person: Person, case: Case, ctx: Context) -> tuple[str, ...]:
    """The units, the lowest first, in which somebody else can take the case."""
    if case.stage is Stage.REVIEW:
        aside = {person.id, *case.recused}
        able = {
            one.unit
            for one in ctx.reviewers
            if one.person not in aside and is_independent(one.person, one.departments, case, ctx)
        }
        return tuple(unit.code for unit in ctx.units if unit.code in able)
    owner = case.owner
    left = set(_units_with(person, case, ctx, (Role.DUTY_OFFICER, Role.SUPERVISOR)))
    if owner is not None and owner.id in _units_with(person, case, ctx, DESK_ROLES):
        left.add(owner.id)
    return tuple(unit.code for unit in ctx.units if unit.code in left)


def _units_with(person: Person, case: Case, ctx: Context, roles: tuple[Role, ...]) -> tuple[str, ...]:
    """The units, the lowest first, in which somebody else holds one of the roles today."""
    aside = {person.id, *case.recused}
    return tuple(
        unit.code
        for unit in ctx.units
        if any(holder.role in roles and holder.person not in aside for holder in unit.holders)
    )


DECIDERS: dict[str, Decider] = {"recuse": recuse, "lift_recusal": lift_recusal}
