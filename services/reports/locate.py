"""Find the micro-grid that contains a point on the map."""

from shapely import Point
from shapely.geometry import shape
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_CANDIDATES = text("""
SELECT code, geometry FROM grid_units
WHERE level = 4 AND retired_on IS NULL
  AND west <= :lon AND east >= :lon AND south <= :lat AND north >= :lat
ORDER BY code
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
