"""Suggest grid units by code or name while a person types."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen
from models.context import Person
from models.tables import GRID_UNITS
from models.text import clean_search
from services.directory.people import local_today
from services.directory.scope import unit_scope


class UnitChoice(Frozen):
    """A suggested unit."""

    code: str
    name: str
    level: int


async def suggest_units(
    connection: AsyncConnection, person: Person, query: str, now: datetime, limit: int = 20
) -> tuple[UnitChoice, ...]:
    """Return the units in use that `person` may look up, whose code begins with `query` or whose name contains it."""
    day = await local_today(connection, now)
    scope = await unit_scope(connection, person, day)
    c = GRID_UNITS.c
    query = clean_search(query)
    matches = or_(c.code.startswith(query, autoescape=True), c.name.icontains(query, autoescape=True))
    in_use = or_(c.retired_on.is_(None), c.retired_on > day)
    rows = await connection.execute(
        select(c.code, c.name, c.level).where(scope.condition(), in_use, matches).order_by(c.level, c.code).limit(limit)
    )
    return tuple(UnitChoice.model_validate(dict(row._mapping)) for row in rows)
