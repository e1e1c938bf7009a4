"""The units that a person without an account can choose: the communities, which are publicly known."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen
from models.enums import Level
from models.tables import GRID_UNITS
from services.directory.people import local_today


class PublicUnit(Frozen):
    """A community in use."""

    code: str
    name: str


async def list_public_units(connection: AsyncConnection, now: datetime) -> tuple[PublicUnit, ...]:
    """Return the communities in use, by code."""
    day = await local_today(connection, now)
    c = GRID_UNITS.c
    rows = await connection.execute(
        select(c.code, c.name)
        .where(c.level == Level.COMMUNITY, or_(c.retired_on.is_(None), c.retired_on > day))
        .order_by(c.code)
    )
    return tuple(PublicUnit(code=row.code, name=row.name) for row in rows)
