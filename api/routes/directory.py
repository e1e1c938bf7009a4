"""Routes for reference data in the caller's scope: grid units, categories, departments, people."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ServicesDep
from doors.etags import has_tag
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from doors.version import version
from models.base import Code
from services.directory import people, units
from services.directory.views import CategoryList, DepartmentList, PersonPage, UnitDetail, UnitPage
from services.organisation.zones import ZoneList, list_zones
from services.public.messages import offered_ways

router = APIRouter(
    route_class=StrictRoute, prefix="/api/v1", tags=["directory"], responses=PROBLEMS, dependencies=[KNOWN_PARAMETERS]
)

GEO_JSON = "application/geo+json"
_FEATURES: dict[int | str, dict[str, Any]] = {
    200: {"description": "A FeatureCollection (RFC 7946)", "content": {GEO_JSON: {"schema": {"type": "object"}}}}
}

Under = Annotated[Code | None, Query(description="The code of a unit: only its subtree, itself included")]
Near = Annotated[
    Code | None,
    Query(description="The code of a unit: its subtree, and the grids around it about which the caller may report"),
]
OfLevel = Annotated[int | None, Query(ge=1, le=4, description="1 park, 2 community, 3 grid, 4 micro-grid")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before")]


@router.get("/grids")
async def list_grids(
    services: ServicesDep,
    caller: Caller,
    now: Now,
    under: Under = None,
    level: OfLevel = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> UnitPage:
    """The grid units in use that the caller may see, by code."""
    async with services.reading.connect() as connection:
        return await units.list_units(connection, caller, now, beneath=under, level=level, limit=limit, cursor=cursor)


@router.get("/grids.geojson", response_class=Response, responses=_FEATURES)
async def map_grids(
    services: ServicesDep, caller: Caller, now: Now, under: Under = None, level: OfLevel = None, near: Near = None
) -> Response:
    """The same units as a map, without those that have no shape. With `near`: the shapes by which a phone finds the
    grid of a report by itself."""
    async with services.reading.connect() as connection:
        features = await units.unit_features(connection, caller, now, beneath=under, level=level, near=near)
    return Response(features, media_type=GEO_JSON)


@router.get("/grids/{code}")
async def get_grid(code: str, services: ServicesDep, caller: Caller, now: Now) -> UnitDetail:
    """One unit: its path, how many units are below it, and who holds roles there."""
    async with services.reading.connect() as connection:
        return await units.get_unit(connection, caller, now, code)


@router.get("/categories", response_model=CategoryList, responses={304: {"description": "Not changed"}})
async def list_categories(
    request: Request, response: Response, services: ServicesDep, caller: Caller
) -> CategoryList | Response:
    """What can be reported, under the newest policy, and how reporters may be told. `ETag` changes with either; 304
    where the caller has it already."""
    async with services.reading.connect() as connection:
        known = await people.list_categories(connection)
        found = known.model_copy(update={"tell_by": await offered_ways(connection, services.settings)})
    tag = f'W/"{found.policy_version}-{version()}-{"-".join(found.tell_by)}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if has_tag(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return found


@router.get("/departments")
async def list_departments(services: ServicesDep, caller: Caller) -> DepartmentList:
    """The departments in use."""
    async with services.reading.connect() as connection:
        return await people.list_departments(connection)


@router.get("/zones")
async def list_all_zones(services: ServicesDep, caller: Caller, now: Now) -> ZoneList:
    """The zones (片区), each with its units and its liaison officers today. `GET /cases?zone=` lists their cases."""
    async with services.reading.connect() as connection:
        return await list_zones(connection, now)


@router.get("/people")
async def list_people(
    services: ServicesDep, caller: Caller, now: Now, limit: Limit = 200, cursor: Cursor = None
) -> PersonPage:
    """The colleagues in the caller's units and departments, and the caller; by user name."""
    async with services.reading.connect() as connection:
        return await people.list_people(connection, caller, now, limit=limit, cursor=cursor)
