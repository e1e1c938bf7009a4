"""The scope of units and colleagues that a person may look up. That of cases is `infra.store.criteria.scope`."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, cast, false, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from models.context import Person
from models.enums import Role
from models.tables import GRID_UNITS
from models.tables.columns import Ltree
from rules.scope import DEPARTMENT_ROLES, REPORTING_ROLES, TERRITORIAL_ROLES, in_force, reporting_root

#: Roles that look up the whole park, wherever they are held: who reports or handles goes where the matter is.
_PARK_WIDE = DEPARTMENT_ROLES | {Role.REPORTER}
_SEES_EVERYBODY = frozenset({Role.ADMIN, Role.AUDITOR})


@dataclass(frozen=True)
class UnitScope:
    """The subtrees a person sees, as paths of their roots; `everywhere` overrides them. Without roots: no unit."""

    everywhere: bool
    roots: tuple[str, ...]

    def condition(self) -> ColumnElement[bool]:
        """Whether a row of `grid_units` lies in one of the subtrees, or on the path down to one."""
        if self.everywhere:
            return true()
        if not self.roots:
            return false()
        above = {code for root in self.roots for code in root.split(".")[:-1]}
        return or_(*(under(root) for root in self.roots), GRID_UNITS.c.code.in_(sorted(above)))


def under(path: str) -> ColumnElement[bool]:
    """Whether a row of `grid_units` is the unit at `path` or lies below it."""
    return GRID_UNITS.c.path.op("<@")(cast(literal(path), Ltree()))


async def unit_scope(connection: AsyncConnection, person: Person, day: date) -> UnitScope:
    """Return the units that `person` may look up on `day`.

    The subtrees of their roles with the units above them; the whole park for those who report or handle.
    """
    grants = [g for g in in_force(person, day) if g.role in TERRITORIAL_ROLES | _PARK_WIDE]
    if any(grant.grid is None for grant in grants):
        return UnitScope(True, ())
    paths = await _paths(connection, {grant.grid for grant in grants if grant.grid})
    roots = {paths[g.grid].split(".")[0] if g.role in _PARK_WIDE else paths[g.grid] for g in grants if g.grid in paths}
    return UnitScope(False, _outermost(roots))


async def reporting_scope(connection: AsyncConnection, person: Person, day: date) -> UnitScope:
    """Return the units about which `person` may report on `day`, for shapes and names; `rules.scope` decides on
    reports.
    """
    roots = [reporting_root(g) for g in in_force(person, day) if g.role in REPORTING_ROLES]
    if None in roots:
        return UnitScope(True, ())
    paths = await _paths(connection, {code for code in roots if code})
    return UnitScope(False, _outermost(set(paths.values())))


@dataclass(frozen=True)
class PeopleScope:
    """The people a person may look up: those with a role in the units or the departments; `everybody` overrides
    both.
    """

    everybody: bool
    roots: tuple[str, ...]
    departments: tuple[str, ...]


async def people_scope(connection: AsyncConnection, person: Person, day: date) -> PeopleScope:
    """Return the colleagues that `person` may look up on `day`. A reporter has none."""
    grants = in_force(person, day)
    if any(g.role in _SEES_EVERYBODY for g in grants):
        return PeopleScope(True, (), ())
    territorial = [g for g in grants if g.role in TERRITORIAL_ROLES]
    if any(g.grid is None for g in territorial):
        return PeopleScope(True, (), ())
    paths = await _paths(connection, {g.grid for g in territorial if g.grid})
    departments = {g.department for g in grants if g.role in DEPARTMENT_ROLES and g.department}
    return PeopleScope(False, _outermost(set(paths.values())), tuple(sorted(departments)))


async def _paths(connection: AsyncConnection, codes: set[str]) -> dict[str, str]:
    if not codes:
        return {}
    rows = await connection.execute(
        select(GRID_UNITS.c.code, GRID_UNITS.c.path).where(GRID_UNITS.c.code.in_(sorted(codes)))
    )
    return {row.code: str(row.path) for row in rows}


def _outermost(paths: set[str]) -> tuple[str, ...]:
    """Return the paths that lie below no other."""
    return tuple(sorted(p for p in paths if not any(p.startswith(other + ".") for other in paths)))
