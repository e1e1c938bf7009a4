"""Find the micro-grid that contains a point on the map, and compare it with the unit that was given besides."""

from shapely import Point
from shapely.geometry import shape
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.commands import Location
from models.errors import PlaceContradictsGrid, PlaceOutsidePark

_CANDIDATES = text("""
SELECT code, geometry FROM grid_units
WHERE level = 4 AND retired_on IS NULL
  AND west <= :lon AND east >= :lon AND south <= :lat AND north >= :lat
ORDER BY code
""")
#: Whether any micro-grid of the unit's park has an outline.
_HAS_OUTLINES = text("""
SELECT EXISTS (
    SELECT FROM grid_units u JOIN grid_units given ON given.code = :grid
    WHERE u.level = 4 AND u.retired_on IS NULL AND u.geometry IS NOT NULL
      AND u.path <@ subpath(given.path, 0, 1))
""")
_COMPARED = text("""
SELECT f.path <@ g.path AS within, f.name AS found_name, g.name AS grid_name
FROM grid_units f, grid_units g WHERE f.code = :found AND g.code = :grid
""")


async def find_unit_at(connection: AsyncConnection, lat: float, lon: float) -> str | None:
    """Return the code of the micro-grid that contains the point (WGS 84, degrees), or None.

    A point on a border belongs to the lowest code that touches it (our choice).
    """
    point = Point(lon, lat)
    for code, geometry in await connection.execute(_CANDIDATES, {"lat": lat, "lon": lon}):
        if shape(geometry).covers(point):
            return str(code)
    return None


async def check_place(
    connection: AsyncConnection, grid: str, location: Location, *, mismatch_meant: bool, is_new: bool = True
) -> None:
    """Check that a location lies within the unit given besides.

    Raises PlaceContradictsGrid for one in another unit, unless that is meant, and PlaceOutsidePark for a new location
    outside every unit. A park without outlines cannot tell; an unknown unit is for the rule to refuse.
    """
    found = await find_unit_at(connection, location.lat, location.lon)
    if found is None:
        if is_new and await connection.scalar(_HAS_OUTLINES, {"grid": grid}):
            raise PlaceOutsidePark(pointer="/location")
        return
    row = (await connection.execute(_COMPARED, {"found": found, "grid": grid})).one_or_none()
    if row is not None and not row.within and not mismatch_meant:
        raise PlaceContradictsGrid(
            found=f"{row.found_name} ({found})", grid=f"{row.grid_name} ({grid})", pointer="/location"
        )
