"""The grid tree for administrators: the units below one, with the size of their subtrees."""

from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen
from models.context import Person
from models.enums import Level, UnitType
from models.tables import GRID_UNITS
from services.directory.people import local_today
from services.directory.scope import unit_scope


class Branch(Frozen):
    """A unit of the tree; `below` counts the units under it, `shaped` says whether it has an outline."""

    code: str
    name: str
    level: int
    type: UnitType
    below: int
    households: int
    shaped: bool


async def list_branches(
    connection: AsyncConnection, person: Person, now: datetime, under: str | None
) -> tuple[Branch, ...]:
    """Return the units directly below that code, or the parks, as far as the person may look them up."""
    day = await local_today(connection, now)
    scope = await unit_scope(connection, person, day)
    u, b = GRID_UNITS.c, GRID_UNITS.alias("below")
    beneath = and_(b.c.path.bool_op("<@")(u.path), b.c.retired_on.is_(None))
    parent = u.parent == under if under is not None else u.level == int(Level.PARK)
    rows = await connection.execute(
        select(
            u.code, u.name, u.level, u.type, (func.count() - 1).label("below"),
            func.coalesce(func.sum(b.c.households), 0).label("households"), u.geometry.is_not(None).label("shaped"),
        )
        .join(b, beneath)
        .where(parent, scope.condition(), or_(u.retired_on.is_(None), u.retired_on > day))
        .group_by(u.code)
        .order_by(u.code)
    )  # fmt: skip
    return tuple(Branch.model_validate(dict(row._mapping)) for row in rows)
