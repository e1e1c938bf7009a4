"""地图: the units filled by a measure, and their open cases. A table holds the same, for keyboards and readers."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from doors.dependencies import ServicesDep
from models.base import Code
from services.cases.filter import CaseFilter
from services.cases.lists import list_cases
from services.figures.viewpoint import read_viewpoint
from services.supervision.map import MapData, are_shaped, feature_text, map_data, points_in, units_drawn
from web.local_time import format_exact
from web.pages import page
from web.reader import Reader, SignedIn
from web.views.forms import blank
from web.views.page_links import to_page, with_query
from web.views.script_data import data_block
from web.views.translation_marks import _

router = APIRouter()

MEASURES = {"overdue": _("超期数"), "open": _("未结案数"), "share": _("超期率"), "density": _("密度(件/平方公里)")}
#: How many cases of a unit are listed beside the map.
MAX_LISTED = 30

Grid = Annotated[Code | None, blank()]
OfLevel = Annotated[int | None, blank(), Query(ge=1, le=4)]


@router.get("/map")
async def show_map(
    opened: ServicesDep,
    reader: SignedIn,
    grid: Grid = None,
    level: OfLevel = None,
    measure: Annotated[str, Query(max_length=20)] = "overdue",
) -> Response:
    """The map with its table; without shapes, the table and how to import them."""
    measure = measure if measure in MEASURES else "overdue"
    async with opened.reading.connect() as connection:
        look = await read_viewpoint(connection, reader.person, reader.now, reader.language)
        found = await map_data(connection, look, grid, level)
        shaped = await are_shaped(connection, look, [one.unit.code for one in found.units])
    tiles = opened.settings.tiles
    at = format_exact(reader.now, reader)
    said = f"{found.grid.name if found.grid else reader.text('全部')} · {reader.text(MEASURES[measure])} · {at}"
    query = {"grid": grid, "level": level, "measure": measure}
    told = {
        "shapes": with_query("/map/shapes.geojson", grid=grid, level=level),
        "counts": with_query("/map/counts.json", grid=grid, level=level),
        "points": with_query("/map/points.json", grid=grid),
        "inside": "/map/points.json?grid=",
        "list": "/map/cases/",
        "measure": measure,
        "units": _unit_values(found),
        "own": grid is not None,
        "tiles": None if tiles is None else tiles.model_dump(),
        "said": [said],
        "words": {
            "open": reader.text("未结案"),
            "overdue": reader.text("超期"),
            "inside": reader.text("查看此网格之内"),
            "many": reader.text("点位超过 2000 个,按网格显示件数"),
            "lasso": reader.text("框选"),
            "failed": reader.text("没有取到数据,请再试一次"),
            "bare": reader.text("底图暂不可用,只显示网格"),
            "none": reader.text("此范围没有带位置的未结案件"),
        },
    }
    return page(
        reader,
        "map/map.html",
        found=found,
        shaped=shaped,
        shapes=told["shapes"],
        measure=measure,
        measures=MEASURES,
        level=found.level,
        tiles=tiles,
        picture=f"gridloop-map-{at[:10]}.png",
        data=data_block("map-data", told),
        value=lambda one: shown_value(one, measure),
        here=lambda **changed: with_query("/map", **{**query, **changed}),
    )


def shown_value(one: Any, measure: str) -> str:
    """The measure of a unit, as the table says it."""
    match measure:
        case "share":
            return "—" if one.share is None else f"{one.share * 100:.1f} %"
        case "density":
            return "—" if one.density is None else f"{one.density:g}"
    return str(getattr(one, measure).count)


def _unit_values(found: MapData) -> list[dict[str, Any]]:
    return [
        {
            "code": one.unit.code,
            "name": one.unit.name,
            "open": one.open.count,
            "overdue": one.overdue.count,
            "share": one.share,
            "density": one.density,
        }
        for one in found.units
    ]


@router.get("/map/shapes.geojson")
async def shapes(opened: ServicesDep, reader: SignedIn, grid: Grid = None, level: OfLevel = None) -> Response:
    """The outlines, at five decimals."""
    async with opened.reading.connect() as connection:
        look = await read_viewpoint(connection, reader.person, reader.now, reader.language)
        _root, _level, units = await units_drawn(connection, look, grid, level)
        text = await feature_text(connection, look, [unit.code for unit in units])
    return Response(text, media_type="application/geo+json")


@router.get("/map/counts.json")
async def counts(opened: ServicesDep, reader: SignedIn, grid: Grid = None, level: OfLevel = None) -> Response:
    """The counts as they are now."""
    async with opened.reading.connect() as connection:
        look = await read_viewpoint(connection, reader.person, reader.now, reader.language)
        found = await map_data(connection, look, grid, level)
    return JSONResponse({"units": _unit_values(found)})


@router.get("/map/points.json")
async def points(
    opened: ServicesDep,
    reader: SignedIn,
    grid: Grid = None,
    box: Annotated[str | None, blank(), Query(pattern=r"^-?[0-9.]+(,-?[0-9.]+){3}$", max_length=100)] = None,
) -> Response:
    """The open cases with a place; none when there are too many to draw. `box`: west, south, east, north."""
    corners = [float(part) for part in box.split(",")] if box else None
    async with opened.reading.connect() as connection:
        look = await read_viewpoint(connection, reader.person, reader.now, reader.language)
        found = await points_in(
            connection, look, grid, (corners[0], corners[1], corners[2], corners[3]) if corners else None
        )
    return JSONResponse(found.model_dump(mode="json"))


@router.get("/map/cases/{code}")
async def side_list(opened: ServicesDep, reader: SignedIn, code: str) -> Response:
    """The open cases of a unit, the most urgent first: the part beside the map."""
    return await _side_page(opened, reader, code)


async def _side_page(opened: ServicesDep, reader: Reader, code: str) -> Response:
    wanted = CaseFilter.model_validate({"grid": code, "figure": "open", "sort": "due_at", "limit": MAX_LISTED})
    async with opened.reading.connect() as connection:
        look = await read_viewpoint(connection, reader.person, reader.now, reader.language)
        found = await map_data(connection, look, code)
        cases = await list_cases(connection, reader.person, wanted, reader.now, reader.language)
    assert found.grid is not None
    return page(
        reader,
        "map/side.html",
        unit=found.grid,
        cases=cases,
        all=to_page(f"/api/v1/cases?figure=open&grid={code}&sort=due_at"),
        below=f"/map?grid={code}" if found.units and found.grid.level < 4 else None,
    )
