"""Who reads the figures, when, and which cases they count: the scope rule, narrowed to a place."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.criteria.scope import visible, within
from infra.store.policies import newest_version, policy_version
from models.context import Person
from models.enums import Role
from models.errors import NoSuchPage, NotYours
from models.tables import GRID_UNITS
from rules.scope import in_force
from services.directory.scope import UnitScope, unit_scope
from services.figures.conditions import Period
from services.figures.views import UnitName

#: The roles that may read figures; the scope rule decides which cases the figures count.
ROLES = (Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN, Role.DEPARTMENT_HEAD, Role.DUTY_OFFICER)


@dataclass(frozen=True)
class Viewpoint:
    """A reader of figures, `person` (None: the system, for a bulletin), at `now`, in the zone of the policy in
    force.

    `scope_day`: the day whose roles decide what they may see, when figures of the past are read; None: that of `now`.
    """

    person: Person | None
    now: datetime
    zone: ZoneInfo
    language: str
    units: UnitScope
    scope_day: date | None = None

    @property
    def own_departments(self) -> frozenset[str] | None:
        """The departments of a person who is only a head of departments; None: any department."""
        if self.person is None:
            return None
        grants = [grant for grant in in_force(self.person, self.scope_day or self.day) if grant.role in ROLES]
        if any(grant.role is not Role.DEPARTMENT_HEAD for grant in grants):
            return None
        return frozenset(grant.department for grant in grants if grant.department is not None)

    @property
    def day(self) -> date:
        """Today where the cases are."""
        return self.now.astimezone(self.zone).date()

    @property
    def today(self) -> Period:
        """Today, from midnight to midnight."""
        return self.days(self.day, self.day)

    def days(self, first: date, last: date) -> Period:
        """Return the period of whole days where the cases are, both included."""
        return Period(self._midnight(first), self._midnight(last + timedelta(days=1)), self.now)

    def cases_in(self, grid: str | None = None) -> ColumnElement[bool]:
        """The condition of the cases that may be counted, in the subtree of `grid`; None means anywhere."""
        visible_cases = true() if self.person is None else visible(self.person, self.scope_day or self.day)
        return and_(visible_cases, within(grid))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)


async def read_viewpoint(connection: AsyncConnection, person: Person | None, now: datetime, language: str) -> Viewpoint:
    """Return the viewpoint of `person`. Raises NotYours for somebody whose roles do not read figures."""
    policy = await policy_version(connection, await newest_version(connection))
    zone = ZoneInfo(policy.zone)
    day = now.astimezone(zone).date()
    if person is None:
        return Viewpoint(None, now, zone, language, UnitScope(True, ()))
    if not any(grant.role in ROLES for grant in in_force(person, day)):
        raise NotYours(command="supervision", who=" / ".join(ROLES))
    return Viewpoint(person, now, zone, language, await unit_scope(connection, person, day))


async def find_unit(connection: AsyncConnection, viewpoint: Viewpoint, code: str) -> UnitName:
    """Return the unit of that code. Raises NoSuchPage, whether it is out of scope or does not exist."""
    row = (
        await connection.execute(
            select(GRID_UNITS.c.code, GRID_UNITS.c.name, GRID_UNITS.c.level).where(
                GRID_UNITS.c.code == code, viewpoint.units.condition()
            )
        )
    ).one_or_none()
    if row is None:
        raise NoSuchPage(what=code)
    return UnitName(code=row.code, name=row.name, level=row.level)


async def find_root(connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None) -> UnitName | None:
    """Return the unit that figures are narrowed to; None for no unit. Raises NoSuchPage for a unit out of scope."""
    return None if grid is None else await find_unit(connection, viewpoint, grid)


async def list_units(
    connection: AsyncConnection, viewpoint: Viewpoint, *, level: int, beneath: str | None = None
) -> tuple[UnitName, ...]:
    """Return the units in use of that level within the scope, by code; `beneath` narrows to a subtree."""
    c = GRID_UNITS.c
    condition = and_(
        c.level == level, viewpoint.units.condition(), or_(c.retired_on.is_(None), c.retired_on > viewpoint.day)
    )
    if beneath is not None:
        root = select(c.path).where(c.code == beneath).scalar_subquery()
        condition = and_(condition, c.path.bool_op("<@")(root))
    rows = await connection.execute(select(c.code, c.name, c.level).where(condition).order_by(c.code))
    return tuple(UnitName(code=row.code, name=row.name, level=row.level) for row in rows)
