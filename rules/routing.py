"""Routing: the suggested host department of a category and place, and the desk that receives the case.

There is always a result. Each choice comes with its explanation, which becomes part of the fact.
"""

from dataclasses import dataclass

from models.case import Owner
from models.context import Context, Unit
from models.enums import Level, OwnerKind, Role
from models.facts import Explanation
from models.policy.document import Policy
from rules.scope import LOW_ROLES


@dataclass(frozen=True)
class Route:
    """The department that should host, and why."""

    host: str
    why: Explanation


@dataclass(frozen=True)
class Desk:
    """The first owner, its level, and why."""

    owner: Owner
    level: Level
    why: Explanation


def route(policy: Policy, category: str, grid_path: tuple[str, ...]) -> Route:
    """The host department named by the first rule that matches; the policy's last rule matches everything."""
    rule = next(r for r in policy.routes if _fits(category, r.categories) and _fits_any(grid_path, r.grids))
    return Route(rule.host, Explanation(rule=rule.id, zh=rule.why_zh, en=rule.why_en))


def desk(ctx: Context, units: tuple[Unit, ...], role: Role) -> Desk:
    """The lowest of `units` that has somebody in `role` today; else the named fallback owner.

    首接负责: whoever is named here is responsible for the case until it is formally passed on.
    """
    for unit in units:
        if role in unit.staffed:
            why = Explanation(
                rule=f"nearest-{role}",
                zh=f"由最近的有人值守单位 {unit.code} 首接负责",
                en=f"the nearest unit with a {role.replace('_', ' ')} today is {unit.code}",
            )
            return Desk(Owner(kind=OwnerKind.UNIT, id=unit.code), unit.level, why)
    why = Explanation(
        rule="fallback",
        zh="无人值守,由兜底责任人负责",
        en=f"no unit has a {role.replace('_', ' ')} today, so the named fallback owner answers",
    )
    return Desk(Owner(kind=OwnerKind.PERSON, id=str(ctx.fallback)), Level.PARK, why)


def low_desk(ctx: Context, level: Level | None) -> Desk | None:
    """The unit at `level` that settles small matters itself (最小微闭环); None when nobody is on duty there today."""
    unit = next((unit for unit in ctx.units if unit.level == level), None)
    if unit is None or unit.staffed.isdisjoint(LOW_ROLES):
        return None
    why = Explanation(
        rule="smallest-loop",
        zh=f"小事先由 {unit.code} 就地办理,不能按时办结再逐级上升",
        en=f"small things are settled at {unit.code} first, and climb when they can't be in time",
    )
    return Desk(Owner(kind=OwnerKind.UNIT, id=unit.code), unit.level, why)


def _fits(code: str, prefixes: tuple[str, ...]) -> bool:
    return not prefixes or any(code.startswith(prefix) for prefix in prefixes)


def _fits_any(grid_path: tuple[str, ...], prefixes: tuple[str, ...]) -> bool:
    return not prefixes or any(_fits(code, prefixes) for code in grid_path)
