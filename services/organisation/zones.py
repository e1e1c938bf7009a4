"""Zones (片区): stored with the people file, and listed with their units and liaison officers."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from models.base import Code, Frozen, Title


class ZoneEntry(Frozen):
    """A zone in a file: its units, each with everything below it."""

    code: Code
    name: Title
    units: tuple[Code, ...]


class ZoneUnit(Frozen):
    """A unit of a zone."""

    code: str
    name: str


class ZoneView(Frozen):
    """A zone with the names of its units and of its liaison officers today."""

    code: str
    name: str
    units: tuple[ZoneUnit, ...]
    liaisons: tuple[str, ...]


class ZoneList(Frozen):
    """Zones by code."""

    items: tuple[ZoneView, ...]


_STORE = text("""
    INSERT INTO zones (code, name, units) VALUES (:code, :name, :units)
    ON CONFLICT (code) DO UPDATE SET name = excluded.name, units = excluded.units
""")
_LIST = text("""
    SELECT z.code, z.name,
        coalesce((SELECT json_agg(json_build_object('code', u.code, 'name', u.name) ORDER BY u.code)
            FROM grid_units u WHERE u.code = ANY (z.units)), '[]'::json) AS units,
        coalesce((SELECT json_agg(DISTINCT p.name) FROM grants g JOIN people p ON p.id = g.person AND p.active
            WHERE g.role = 'liaison' AND g.grid = ANY (z.units)
            AND g.since <= :day AND (g.until IS NULL OR g.until >= :day)), '[]'::json) AS liaisons
    FROM zones z ORDER BY z.code
""")


async def store_zones(connection: AsyncConnection, zones: Iterable[ZoneEntry]) -> None:
    """Store zones, new or changed, in the caller's transaction; none is deleted."""
    for zone in zones:
        await connection.execute(_STORE, {"code": zone.code, "name": zone.name, "units": list(zone.units)})


async def list_zones(connection: AsyncConnection, now: datetime) -> ZoneList:
    """Return all zones. They are no secret: every unit says to which it belongs."""
    rows = await connection.execute(_LIST, {"day": await local_day(connection, now)})
    return ZoneList(items=tuple(ZoneView.model_validate(dict(row._mapping)) for row in rows))
