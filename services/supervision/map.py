"""The shapes of units and the places of cases for a map: within scope, at five decimals (about a metre)."""

import json
from collections.abc import Iterable, Sequence
from math import cos, radians
from typing import Any

import shapely
from sqlalchemy import Text, cast, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen
from models.enums import Level, Light
from models.figures import FigureKey
from models.personal_numbers import mask_numbers
from models.tables import CASES, GRID_UNITS
from services.criteria.conditions import is_open, is_overdue, shows_light
from services.figures.count import unit_at_level
from services.figures.drill_down import cases_url
from services.figures.viewpoint import Viewpoint, find_root, list_units
from services.figures.views import Number, UnitName

#: In degrees: about a metre.
PRECISION = 1e-5
#: The most points drawn one by one; with more, each grid shows a count.
MAX_POINTS = 2_000
Geometry = dict[str, Any]


class MapUnit(Frozen):
    """A unit with the numbers that colour the map. `density`: open cases per square kilometre; null without a shape."""

    unit: UnitName
    open: Number
    overdue: Number
    share: float | None
    density: float | None


class MapData(Frozen):
    """The units of one level under `grid`, which is null for the whole scope."""

    grid: UnitName | None
    level: int
    units: tuple[MapUnit, ...]
    located: int


class Point(Frozen):
    """An open case at its place."""

    case_no: str
    title: str
    lat: float
    lon: float
    light: Light
    overdue: bool


class Points(Frozen):
    """At most `MAX_POINTS` of `total`; when there are more, none."""

    total: int
    items: tuple[Point, ...]


async def read_shapes(connection: AsyncConnection, viewpoint: Viewpoint, codes: Iterable[str]) -> dict[str, Geometry]:
    """Return the GeoJSON geometry of those of the units that have one, by code."""
    rows = await connection.execute(
        select(GRID_UNITS.c.code, GRID_UNITS.c.geometry).where(*_with_shape(viewpoint, codes))
    )
    return {row.code: row.geometry for row in rows}


async def have_shapes(connection: AsyncConnection, viewpoint: Viewpoint, codes: Iterable[str]) -> bool:
    """Return whether any of the units has a geometry."""
    return bool(await connection.scalar(select(exists().where(*_with_shape(viewpoint, codes)))))


def _with_shape(viewpoint: Viewpoint, codes: Iterable[str]) -> tuple[Any, ...]:
    return GRID_UNITS.c.code.in_(sorted(codes)), GRID_UNITS.c.geometry.is_not(None), viewpoint.units.condition()


def round_geometries(geometries: Sequence[str]) -> list[str]:
    """Return GeoJSON geometries at five decimals, all in one call. A geometry that would vanish keeps its own
    digits.
    """
    rounded_shapes = shapely.set_precision(shapely.from_geojson(geometries), PRECISION)
    return [
        original if empty else text
        for original, text, empty in zip(
            geometries, shapely.to_geojson(rounded_shapes), shapely.is_empty(rounded_shapes), strict=True
        )
    ]


def map_level(root: UnitName | None, level: int | None) -> int:
    """Return the level whose units are drawn: `level` if it lies below `root`, else the next level, or the
    communities.
    """
    default = Level.COMMUNITY if root is None else min(root.level + 1, int(Level.MICRO_GRID))
    if level is not None and level >= (root.level if root else 1):
        return level
    return int(default)


async def list_map_units(
    connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None, level: int | None = None
) -> tuple[UnitName | None, int, Sequence[UnitName]]:
    """Return the unit above, the level, and its units. Raises NoSuchPage for a unit out of scope."""
    root = await find_root(connection, viewpoint, grid)
    drawn_level = map_level(root, level)
    return root, drawn_level, await list_units(connection, viewpoint, level=drawn_level, beneath=grid)


async def read_map(
    connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None, level: int | None = None
) -> MapData:
    """Return the units with their counts. Raises NoSuchPage for a unit out of scope."""
    root, drawn_level, units = await list_map_units(connection, viewpoint, grid, level)
    areas = await _areas(connection, [unit.code for unit in units])
    place = unit_at_level(drawn_level)
    overdue_count = func.count().filter(is_overdue(viewpoint.now)).label("overdue")
    located = func.count().filter(CASES.c.lat.is_not(None)).label("located")
    rows = await connection.execute(
        select(place.label("place"), func.count().label("cases"), overdue_count, located)
        .where(is_open(), viewpoint.cases_in(grid))
        .group_by("place")
    )
    counts = {row.place: row for row in rows}
    period = viewpoint.today

    def map_unit(unit: UnitName) -> MapUnit:
        row = counts.get(unit.code)
        cases, overdue = (row.cases, row.overdue) if row else (0, 0)
        area = areas.get(unit.code)
        return MapUnit(
            unit=unit,
            open=Number(count=cases, cases=cases_url(FigureKey.OPEN, period, grid=unit.code)),
            overdue=Number(count=overdue, cases=cases_url(FigureKey.OVERDUE, period, grid=unit.code)),
            share=overdue / cases if cases else None,
            density=round(cases / area, 2) if area else None,
        )

    return MapData(
        grid=root,
        level=drawn_level,
        units=tuple(map_unit(unit) for unit in units),
        located=sum(row.located for row in counts.values()),
    )


async def _areas(connection: AsyncConnection, codes: list[str]) -> dict[str, float]:
    """Return square kilometres by code, from the units' outlines on a sphere; accurate enough for a density."""
    u = GRID_UNITS.c
    rows = (
        await connection.execute(
            select(u.code, cast(u.geometry, Text).label("shape"), ((u.south + u.north) / 2).label("latitude")).where(
                u.code.in_(codes), u.geometry.is_not(None)
            )
        )
    ).all()
    areas = square_kilometres([row.shape for row in rows], [row.latitude for row in rows])
    return {row.code: area for row, area in zip(rows, areas, strict=True)}


def square_kilometres(geometries: Sequence[str], latitudes: Sequence[float]) -> list[float]:
    """Return the areas of small outlines (GeoJSON), each at its latitude.

    A degree is 111.32 km, shortened eastwards by the cosine of the latitude.
    """
    areas = shapely.area(shapely.from_geojson(geometries))
    return [float(area) * 111.32**2 * cos(radians(latitude)) for area, latitude in zip(areas, latitudes, strict=True)]


async def feature_text(connection: AsyncConnection, viewpoint: Viewpoint, codes: Iterable[str]) -> str:
    """Return the shapes of the units as the text of a GeoJSON FeatureCollection, at five decimals."""
    u = GRID_UNITS.c
    statement = (
        select(u.code, cast(u.geometry, Text).label("shape")).where(*_with_shape(viewpoint, codes)).order_by(u.code)
    )
    rows = (await connection.execute(statement)).all()
    features = ",".join(
        f'{{"type":"Feature","id":{json.dumps(row.code)},"properties":{{}},"geometry":{geometry}}}'
        for row, geometry in zip(rows, round_geometries([row.shape for row in rows]), strict=True)
    )
    return f'{{"type":"FeatureCollection","features":[{features}]}}'


async def list_points(
    connection: AsyncConnection,
    viewpoint: Viewpoint,
    grid: str | None,
    box: tuple[float, float, float, float] | None = None,
) -> Points:
    """Return the open cases with a location in the subtree of `grid` and in `box` (west, south, east, north)."""
    await find_root(connection, viewpoint, grid)
    c = CASES.c
    conditions = [is_open(), viewpoint.cases_in(grid), c.lat.is_not(None)]
    if box is not None:
        west, south, east, north = box
        conditions += [c.lon.between(west, east), c.lat.between(south, north)]
    rows = (
        await connection.execute(
            select(
                c.case_no, c.title, c.lat, c.lon, is_overdue(viewpoint.now).label("overdue"),
                or_(shows_light(Light.RED, viewpoint.now)).label("red"),
                shows_light(Light.YELLOW, viewpoint.now).label("yellow"),
                shows_light(Light.GREY, viewpoint.now).label("grey"), func.count().over().label("total"),
            )
            .where(*conditions)
            .order_by(c.case_no)
            .limit(MAX_POINTS + 1)
        )
    ).all()  # fmt: skip
    total = rows[0].total if rows else 0
    if total > MAX_POINTS:
        return Points(total=total, items=())
    return Points(total=total, items=tuple(_point(row) for row in rows))


def _point(row: Any) -> Point:
    light = Light.RED if row.red else Light.YELLOW if row.yellow else Light.GREY if row.grey else Light.GREEN
    return Point(
        case_no=row.case_no,
        title=mask_numbers(row.title),
        lat=round(row.lat, 5),
        lon=round(row.lon, 5),
        light=light,
        overdue=bool(row.overdue),
    )
