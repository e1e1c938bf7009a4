"""From a point to its micro-grid: inside, on a border, outside, and in shapes that are not rectangles."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from models.enums import Level
from rules.organisation.grid_tree import GridUnit
from rules.organisation.lower_levels import make_lower_levels
from rules.organisation.tiling import DEMO_BOX, tile
from services.files.shipped import DIVISIONS
from services.organisation.grid_registry import load_units, read_checked
from services.organisation.locate import find_unit_at


async def test_every_micro_grid_is_found_at_its_middle(engine: AsyncEngine) -> None:
    units = tile(make_lower_levels(read_checked(DIVISIONS).units), DEMO_BOX)
    async with transaction(engine) as connection:
        await load_units(connection, units)
        for unit in [u for u in units if u.level is Level.MICRO_GRID][::20]:
            assert unit.geometry is not None
            (west, south), _, (east, north), *_ = unit.geometry["coordinates"][0]
            assert await find_unit_at(connection, (south + north) / 2, (west + east) / 2) == unit.code


async def test_a_border_belongs_to_the_lowest_code_and_outside_is_nowhere(engine: AsyncEngine) -> None:
    units = tile(make_lower_levels(read_checked(DIVISIONS).units), DEMO_BOX)
    micro = [unit for unit in units if unit.level is Level.MICRO_GRID]
    async with transaction(engine) as connection:
        await load_units(connection, units)
        for unit in micro[::40]:
            assert unit.geometry is not None
            for lon, lat in unit.geometry["coordinates"][0]:
                touching = [u.code for u in micro if u.geometry and [lon, lat] in _edges(u.geometry, lon, lat)]
                assert await find_unit_at(connection, lat, lon) == min(touching)
        assert await find_unit_at(connection, 37.9, 114.7) is None
        assert await find_unit_at(connection, 114.7, 37.98) is None


def _edges(geometry: dict[str, list[list[list[float]]]], lon: float, lat: float) -> list[list[float]]:
    """Return the point itself, if the rectangle touches it."""
    (west, south), _, (east, north), *_ = geometry["coordinates"][0]
    return [[lon, lat]] if west <= lon <= east and south <= lat <= north else []


async def test_the_box_is_only_a_first_filter(engine: AsyncEngine) -> None:
    """A triangle's box reaches beyond the triangle; a retired unit is never found."""
    triangle = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 1], [0, 0]]]}
    units = [
        GridUnit("130172100", "园区", Level.PARK),
        GridUnit("130172100001", "社区", Level.COMMUNITY),
        GridUnit("130172100001001", "网格", Level.GRID),
        GridUnit("130172100001001001", "微网格", Level.MICRO_GRID, households=12, geometry=triangle),
    ]
    async with transaction(engine) as connection:
        await load_units(connection, units)
        assert await find_unit_at(connection, 0.2, 0.2) == "130172100001001001"
        assert await find_unit_at(connection, 0.9, 0.9) is None
        await connection.execute(text("UPDATE grid_units SET retired_on = '2026-01-01' WHERE level = 4"))
        assert await find_unit_at(connection, 0.2, 0.2) is None
