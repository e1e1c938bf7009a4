"""Who looks at the figures, when, and at which cases: the scope rule, narrowed to a place."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version, policy_version
from models.context import Person
from models.enums import Role
from models.errors import NoSuchPage, NotYours
from models.tables import GRID_UNITS
from rules.scope import in_force
from services.criteria.scope import visible, within
from services.directory.scope import UnitScope, unit_scope
from services.figures.conditions import Period
from services.figures.views import UnitName

#: Who may look at figures at all; which cases these count is the scope rule's matter.
ROLES = (Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN, Role.DEPARTMENT_HEAD, Role.DUTY_OFFICER)


@dataclass(frozen=True)
class Watch:
    """One look: by `person` (None: the system, for a bulletin), at `now`, in the zone of the policy in force."""

    person: Person | None
    now: datetime
    zone: ZoneInfo
    language: str
    units: UnitScope

    @property
    def own_departments(self) -> frozenset[str] | None:
        """The departments of somebody who looks as their head and in no other role; None: any department."""
        if self.person is None:
            return None
        found = [grant for grant in in_force(self.person, self.day) if grant.role in ROLES]
        if any(grant.role is not Role.DEPARTMENT_HEAD for grant in found):
            return None
        return frozenset(grant.department for grant in found if grant.department is not None)

    @property
    def day(self) -> date:
        """Today where the cases are."""
        return self.now.astimezone(self.zone).date()

    @property
    def today(self) -> Period:
        """Today, from midnight to midnight."""
        return self.days(self.day, self.day)

    def days(self, first: date, last: date) -> Period:
        """Whole days where the cases are, both included."""
        return Period(self._midnight(first), self._midnight(last + timedelta(days=1)), self.now)

    def fits(self, grid: str | None = None) -> ColumnElement[bool]:
        """The cases that the look may count, in the subtree of `grid`."""
        seen = true() if self.person is None else visible(self.person, self.day)
        return and_(seen, within(grid))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)


async def watch(connection: AsyncConnection, person: Person | None, now: datetime, language: str) -> Watch:
    """A look at the figures. Raises NotYours for somebody without a role that looks at them."""
    policy = await policy_version(connection, await newest_version(connection))
    zone = ZoneInfo(policy.zone)
    day = now.astimezone(zone).date()
    if person is None:
        return Watch(None, now, zone, language, UnitScope(True, ()))
    if not any(grant.role in ROLES for grant in in_force(person, day)):
        raise NotYours(command="supervision", who=" / ".join(ROLES))
    return Watch(person, now, zone, language, await unit_scope(connection, person, day))


async def find_unit(connection: AsyncConnection, look: Watch, code: str) -> UnitName:
    """The unit of that code. Raises NoSuchPage, whether it is out of scope or does not exist."""
    row = (
        await connection.execute(
            select(GRID_UNITS.c.code, GRID_UNITS.c.name, GRID_UNITS.c.level).where(
                GRID_UNITS.c.code == code, look.units.condition()
            )
        )
    ).one_or_none()
    if row is None:
        raise NoSuchPage(what=code)
    return UnitName(code=row.code, name=row.name, level=row.level)


async def list_units(
    connection: AsyncConnection, look: Watch, *, level: int, beneath: str | None = None
) -> tuple[UnitName, ...]:
    """The units in use of that level that the look may see, by code; `beneath` narrows to a subtree."""
    c = GRID_UNITS.c
    wanted = and_(c.level == level, look.units.condition(), or_(c.retired_on.is_(None), c.retired_on > look.day))
    if beneath is not None:
        root = select(c.path).where(c.code == beneath).scalar_subquery()
        wanted = and_(wanted, c.path.bool_op("<@")(root))
    rows = await connection.execute(select(c.code, c.name, c.level).where(wanted).order_by(c.code))
    return tuple(UnitName(code=row.code, name=row.name, level=row.level) for row in rows)
