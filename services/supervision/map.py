"""The shapes of units and the places of cases, as a map draws them: within scope, at five decimals (about a metre)."""

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
from models.tables import CASES, GRID_UNITS
from services.criteria.conditions import is_open, is_overdue, shows_light
from services.figures.conditions import Period
from services.figures.count import unit_at_level
from services.figures.drill_down import cases_at
from services.figures.viewpoint import Watch, find_unit, list_units
from services.figures.views import Number, UnitName

#: Degrees: about a metre.
PRECISION = 1e-5
#: So many points are drawn one by one; of more, a grid shows its count.
MOST_POINTS = 2_000
Geometry = dict[str, Any]


class MapUnit(Frozen):
    """A unit with the numbers that a map is filled by. `density`: open cases a square kilometre; null without shape."""

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
    """At most `MOST_POINTS` of `total`; when there are more, none."""

    total: int
    items: tuple[Point, ...]


async def shapes_of(connection: AsyncConnection, look: Watch, codes: Iterable[str]) -> dict[str, Geometry]:
    """The GeoJSON geometry of those of the units that have one, by code."""
    rows = await connection.execute(select(GRID_UNITS.c.code, GRID_UNITS.c.geometry).where(*_with_shape(look, codes)))
    return {row.code: row.geometry for row in rows}


async def are_shaped(connection: AsyncConnection, look: Watch, codes: Iterable[str]) -> bool:
    """Whether any of the units has a geometry."""
    return bool(await connection.scalar(select(exists().where(*_with_shape(look, codes)))))


def _with_shape(look: Watch, codes: Iterable[str]) -> tuple[Any, ...]:
    return GRID_UNITS.c.code.in_(sorted(codes)), GRID_UNITS.c.geometry.is_not(None), look.units.condition()


def rounded(geometries: Sequence[str]) -> list[str]:
    """GeoJSON geometries at five decimals, all at once. What would vanish keeps its own figures."""
    made = shapely.set_precision(shapely.from_geojson(geometries), PRECISION)
    return [
        own if empty else text
        for own, text, empty in zip(geometries, shapely.to_geojson(made), shapely.is_empty(made), strict=True)
    ]


def map_level(root: UnitName | None, wanted: int | None) -> int:
    """The level whose units are drawn: the one wanted, if it lies below `root`; else the communities, or the next."""
    least = Level.COMMUNITY if root is None else min(root.level + 1, int(Level.MICRO_GRID))
    if wanted is not None and wanted >= (root.level if root else 1):
        return wanted
    return int(least)


async def units_drawn(
    connection: AsyncConnection, look: Watch, grid: str | None, level: int | None = None
) -> tuple[UnitName | None, int, Sequence[UnitName]]:
    """The unit above, the level, and its units. Raises NoSuchPage for a unit out of scope."""
    root = None if grid is None else await find_unit(connection, look, grid)
    at = map_level(root, level)
    return root, at, await list_units(connection, look, level=at, beneath=grid)


async def map_data(connection: AsyncConnection, look: Watch, grid: str | None, level: int | None = None) -> MapData:
    """The units with their counts. Raises NoSuchPage for a unit out of scope."""
    root, at, units = await units_drawn(connection, look, grid, level)
    areas = await _areas(connection, [unit.code for unit in units])
    place = unit_at_level(at)
    late = func.count().filter(is_overdue(look.now)).label("late")
    located = func.count().filter(CASES.c.lat.is_not(None)).label("located")
    rows = await connection.execute(
        select(place.label("place"), func.count().label("cases"), late, located)
        .where(is_open(), look.fits(grid))
        .group_by("place")
    )
    counts = {row.place: row for row in rows}
    period = look.today

    def one(unit: UnitName) -> MapUnit:
        row = counts.get(unit.code)
        cases, overdue = (row.cases, row.late) if row else (0, 0)
        area = areas.get(unit.code)
        return MapUnit(
            unit=unit,
            open=Number(count=cases, cases=cases_at(FigureKey.OPEN, period, grid=unit.code)),
            overdue=Number(count=overdue, cases=cases_at(FigureKey.OVERDUE, period, grid=unit.code)),
            share=overdue / cases if cases else None,
            density=round(cases / area, 2) if area else None,
        )

    return MapData(
        grid=root,
        level=at,
        units=tuple(one(unit) for unit in units),
        located=sum(row.located for row in counts.values()),
    )


async def _areas(connection: AsyncConnection, codes: list[str]) -> dict[str, float]:
    """Square kilometres by code, from the units' own outlines on a sphere, near enough for a density."""
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
    """The areas of small outlines (GeoJSON), each at its latitude: a degree is 111.32 km, shortened eastwards by the
    cosine.
    """
    areas = shapely.area(shapely.from_geojson(geometries))
    return [float(area) * 111.32**2 * cos(radians(at)) for area, at in zip(areas, latitudes, strict=True)]


async def feature_text(connection: AsyncConnection, look: Watch, codes: Iterable[str]) -> str:
    """The shapes of the units as the text of a GeoJSON FeatureCollection, at five decimals."""
    u = GRID_UNITS.c
    shaped = select(u.code, cast(u.geometry, Text).label("shape")).where(*_with_shape(look, codes)).order_by(u.code)
    rows = (await connection.execute(shaped)).all()
    features = ",".join(
        f'{{"type":"Feature","id":{json.dumps(row.code)},"properties":{{}},"geometry":{geometry}}}'
        for row, geometry in zip(rows, rounded([row.shape for row in rows]), strict=True)
    )
    return f'{{"type":"FeatureCollection","features":[{features}]}}'


async def points_in(
    connection: AsyncConnection, look: Watch, grid: str | None, box: tuple[float, float, float, float] | None = None
) -> Points:
    """The open cases that say where they are, in the subtree of `grid` and in `box` (west, south, east, north)."""
    if grid is not None:
        await find_unit(connection, look, grid)
    c = CASES.c
    fits = [is_open(), look.fits(grid), c.lat.is_not(None)]
    if box is not None:
        west, south, east, north = box
        fits += [c.lon.between(west, east), c.lat.between(south, north)]
    period: Period = look.today
    assert period
    rows = (
        await connection.execute(
            select(
                c.case_no, c.title, c.lat, c.lon, is_overdue(look.now).label("overdue"),
                or_(shows_light(Light.RED, look.now)).label("red"), shows_light(Light.YELLOW, look.now).label("yellow"),
                shows_light(Light.GREY, look.now).label("grey"), func.count().over().label("total"),
            )
            .where(*fits)
            .order_by(c.case_no)
            .limit(MOST_POINTS + 1)
        )
    ).all()  # fmt: skip
    total = rows[0].total if rows else 0
    if total > MOST_POINTS:
        return Points(total=total, items=())
    return Points(total=total, items=tuple(_point(row) for row in rows))


def _point(row: Any) -> Point:
    light = Light.RED if row.red else Light.YELLOW if row.yellow else Light.GREY if row.grey else Light.GREEN
    return Point(
        case_no=row.case_no,
        title=row.title,
        lat=round(row.lat, 5),
        lon=round(row.lon, 5),
        light=light,
        overdue=bool(row.overdue),
    )
