"""What people choose from while they type: grid units by code or name."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen
from models.context import Person
from models.tables import GRID_UNITS
from services.directory.people import local_today
from services.directory.scope import unit_scope


class UnitChoice(Frozen):
    code: str
    name: str
    level: int


async def units_like(
    connection: AsyncConnection, person: Person, words: str, now: datetime, most: int = 20
) -> tuple[UnitChoice, ...]:
    """The units in use that `person` may look up whose code begins with `words`, or whose name holds them."""
    day = await local_today(connection, now)
    scope = await unit_scope(connection, person, day)
    c = GRID_UNITS.c
    words = words.replace("\x00", "").strip()
    fits = or_(c.code.startswith(words, autoescape=True), c.name.icontains(words, autoescape=True))
    in_use = or_(c.retired_on.is_(None), c.retired_on > day)
    rows = await connection.execute(
        select(c.code, c.name, c.level).where(scope.condition(), in_use, fits).order_by(c.level, c.code).limit(most)
    )
    return tuple(UnitChoice.model_validate(dict(row._mapping)) for row in rows)
