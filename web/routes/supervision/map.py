"""地图: the units filled by a measure, and their open cases. A table has the same, for keyboards and screen readers."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from doors.dependencies import ServicesDep
from models.base import Code
from services.cases.filter import CaseFilter
from services.cases.lists import list_cases
from services.supervision.map import MapData, feature_text, have_shapes, list_map_units, list_points, read_map
from web.local_time import format_exact
from web.pages import page
from web.reader import Reader, SignedIn
from web.routes.common import GridCode, open_viewpoint
from web.views.forms import blank
from web.views.page_links import link_builder, to_page, with_query
from web.views.script_data import data_block
from web.views.translation_marks import _
from web.views.unit_names import short_unit, shortest_unit

router = APIRouter()

MEASURES = {"overdue": _("超期数"), "open": _("未结案数"), "share": _("超期率"), "density": _("密度(件/平方公里)")}
#: Maximum number of cases of a unit in the list beside the map.
MAX_LISTED = 30

#: A box on the map, in degrees: west, south, east, north.
_DEGREES = r"-?[0-9]{1,3}(\.[0-9]{1,20})?"
Box = Annotated[str, Field(pattern=rf"^{_DEGREES}(,{_DEGREES}){{3}}$", max_length=100)]
OfLevel = Annotated[Annotated[int, Field(ge=1, le=4)] | None, blank(), Query()]


@router.get("/map")
async def show_map(
    services: ServicesDep,
    reader: SignedIn,
    grid: GridCode = None,
    level: OfLevel = None,
    measure: Annotated[str, Query(max_length=20)] = "overdue",
) -> Response:
    """The map with its table; without shapes, the table and a hint how to import them."""
    measure = measure if measure in MEASURES else "overdue"
    async with open_viewpoint(services, reader) as (connection, viewpoint):
        units_data = await read_map(connection, viewpoint, grid, level)
        shaped = await have_shapes(connection, viewpoint, [one.unit.code for one in units_data.units])
    tiles = services.settings.tiles
    moment = format_exact(reader.now, reader)
    area = units_data.grid.name if units_data.grid else reader.text("全部")
    caption = f"{area} · {reader.text(MEASURES[measure])} · {moment}"
    query = {"grid": grid, "level": level, "measure": measure}
    addresses = _script_addresses(grid, level)
    script_data = {
        **addresses,
        "measure": measure,
        "units": _unit_values(units_data),
        "own": grid is not None,
        "tiles": None if tiles is None else tiles.model_dump(),
        "said": [caption],
        "words": _script_texts(reader),
    }
    return page(
        reader,
        "map/map.html",
        map=units_data,
        shaped=shaped,
        shapes=addresses["shapes"],
        measure=measure,
        measures=MEASURES,
        level=units_data.level,
        tiles=tiles,
        picture=f"gridloop-map-{moment[:10]}.png",
        data=data_block("map-data", script_data),
        value=lambda one: shown_value(one, measure),
        here=link_builder("/map", **query),
    )


def _script_addresses(grid: str | None, level: int | None) -> dict[str, str]:
    return {
        "shapes": with_query("/map/shapes.geojson", grid=grid, level=level),
        "counts": with_query("/map/counts.json", grid=grid, level=level),
        "points": with_query("/map/points.json", grid=grid),
        "inside": "/map/points.json?grid=",
        "list": "/map/cases/",
    }


def _script_texts(reader: Reader) -> dict[str, str]:
    return {
        "north": reader.text("北"),
        "open": reader.text("未结案"),
        "overdue": reader.text("超期"),
        "inside": reader.text("查看此网格之内"),
        "many": reader.text("点位超过 2000 个,按网格显示件数"),
        "lasso": reader.text("框选"),
        "failed": reader.text("没有取到数据,请再试一次"),
        "bare": reader.text("底图暂不可用,只显示网格"),
        "none": reader.text("此范围没有带位置的未结案件"),
    }


def shown_value(one: Any, measure: str) -> str:
    """The measure of a unit as text for the table."""
    match measure:
        case "share":
            return "—" if one.share is None else f"{one.share * 100:.1f} %"
        case "density":
            return "—" if one.density is None else f"{one.density:g}"
    return str(getattr(one, measure).count)


def _unit_values(units_data: MapData) -> list[dict[str, Any]]:
    return [
        {
            "code": row.unit.code,
            "name": row.unit.name,
            "names": [short_unit(row.unit.name), shortest_unit(row.unit.name)],
            "open": row.open.count,
            "overdue": row.overdue.count,
            "share": row.share,
            "density": row.density,
        }
        for row in units_data.units
    ]


@router.get("/map/shapes.geojson")
async def shapes(services: ServicesDep, reader: SignedIn, grid: GridCode = None, level: OfLevel = None) -> Response:
    """The outlines of the units as GeoJSON, with five decimals."""
    async with open_viewpoint(services, reader) as (connection, viewpoint):
        _root, _level, units = await list_map_units(connection, viewpoint, grid, level)
        text = await feature_text(connection, viewpoint, [unit.code for unit in units])
    return Response(text, media_type="application/geo+json")


@router.get("/map/counts.json")
async def counts(services: ServicesDep, reader: SignedIn, grid: GridCode = None, level: OfLevel = None) -> Response:
    """The current counts of the units."""
    async with open_viewpoint(services, reader) as (connection, viewpoint):
        units_data = await read_map(connection, viewpoint, grid, level)
    return JSONResponse({"units": _unit_values(units_data)})


@router.get("/map/points.json")
async def points(
    services: ServicesDep,
    reader: SignedIn,
    grid: GridCode = None,
    box: Annotated[Box | None, blank(), Query()] = None,
) -> Response:
    """The open cases with a location; none if there are too many to draw. `box`: west, south, east, north."""
    corners = [float(part) for part in box.split(",")] if box else None
    async with open_viewpoint(services, reader) as (connection, viewpoint):
        points_found = await list_points(
            connection, viewpoint, grid, (corners[0], corners[1], corners[2], corners[3]) if corners else None
        )
    return JSONResponse(points_found.model_dump(mode="json"))


@router.get("/map/cases/{code}")
async def side_list(services: ServicesDep, reader: SignedIn, code: Code) -> Response:
    """The list beside the map: the open cases of a unit, the most urgent first."""
    return await _side_page(services, reader, code)


async def _side_page(services: ServicesDep, reader: Reader, code: str) -> Response:
    filters = CaseFilter.model_validate({"grid": code, "figure": "open", "sort": "due_at", "limit": MAX_LISTED})
    async with open_viewpoint(services, reader) as (connection, viewpoint):
        unit_data = await read_map(connection, viewpoint, code)
        cases = await list_cases(connection, reader.person, filters, reader.now, reader.language)
    assert unit_data.grid is not None
    return page(
        reader,
        "map/side.html",
        unit=unit_data.grid,
        cases=cases,
        all=to_page(f"/api/v1/cases?figure=open&grid={code}&sort=due_at"),
        below=f"/map?grid={code}" if unit_data.units and unit_data.grid.level < 4 else None,
    )
