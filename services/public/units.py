"""The units that a person without an account can choose: the communities, which are publicly known."""

from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen
from models.enums import Level
from models.tables import GRID_UNITS
from services.directory.people import local_today


class PublicUnit(Frozen):
    """A community in use, its park's name, and its outline (GeoJSON, degrees) where it is known."""

    code: str
    name: str
    park: str
    geometry: dict[str, Any] | None = None


async def list_public_units(connection: AsyncConnection, now: datetime) -> tuple[PublicUnit, ...]:
    """Return the communities in use, by code."""
    day = await local_today(connection, now)
    c, park = GRID_UNITS.c, GRID_UNITS.alias("park")
    rows = await connection.execute(
        select(c.code, c.name, park.c.name.label("park"), c.geometry)
        .join(park, park.c.code == c.parent)
        .where(c.level == Level.COMMUNITY, or_(c.retired_on.is_(None), c.retired_on > day))
        .order_by(c.code)
    )
    return tuple(PublicUnit(code=row.code, name=row.name, park=row.park, geometry=row.geometry) for row in rows)
