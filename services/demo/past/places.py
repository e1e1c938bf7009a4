"""Places of past reports: points inside the grids that they are about."""

import random
from collections.abc import Iterable
from typing import Any

from shapely import Point
from shapely.geometry import shape
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.commands import Location
from models.tables import GRID_UNITS
from services.demo.past.plan import PastCase

_DECIMALS = 6
#: How often a random point of the surrounding rectangle is tried before the middle of the grid is taken.
_TRIES = 40


async def find_places(connection: AsyncConnection, plan: Iterable[PastCase]) -> dict[int, Location]:
    """Return a point inside the grid for each case of the plan whose grid has a shape, by the case's number. A report
    of the same matter is about the same point."""
    cases = list(plan)
    c = GRID_UNITS.c
    rows = await connection.execute(select(c.code, c.geometry).where(c.code.in_({case.grid for case in cases})))
    shapes = {row.code: shape(row.geometry) for row in rows if row.geometry is not None}
    found: dict[int, Location] = {}
    for case in cases:
        if case.same_as is not None and case.same_as in found:
            found[case.number] = found[case.same_as]
        elif case.grid in shapes:
            point = _point_in(shapes[case.grid], random.Random(case.number))
            found[case.number] = Location(lat=round(point.y, _DECIMALS), lon=round(point.x, _DECIMALS))
    return found


def _point_in(area: Any, rng: random.Random) -> Point:
    west, south, east, north = area.bounds
    for _ in range(_TRIES):
        point = Point(rng.uniform(west, east), rng.uniform(south, north))
        if area.contains(point):
            return point
    middle: Point = area.representative_point()
    return middle
