"""Routes for monitoring stations beside those of every matter: their keys, and their readings."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import Field

from api.headers import IdempotencyKey
from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ResourcesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from models.base import Code, Frozen, Instant, WrittenInstant
from models.errors import BadFilter
from models.ids import new_id
from models.matters.readings import Taken
from services.stations.curves import MOST_ROWS, ReadingView, read_readings
from services.stations.intake import take_readings
from services.stations.keys import GivenKey, give_key
from services.stations.show import StationNow, find_station, metric_of, read_for

_PREFIX = "/api/v1/stations"
router = APIRouter(
    route_class=StrictRoute, prefix=_PREFIX, tags=["stations"], responses=PROBLEMS, dependencies=[KNOWN_PARAMETERS]
)
#: What stations call: no person signs in.
intake = APIRouter(route_class=StrictRoute, prefix=_PREFIX, tags=["stations"], responses=PROBLEMS)

_STATION_KEY = HTTPBearer(
    scheme_name="station-key",
    description="The station's own key from `POST /api/v1/stations/{code}/key`; or send it as `X-Station-Key`.",
    auto_error=False,
)
#: What a list of readings covers when no beginning is given.
_USUAL_SPAN = timedelta(hours=24)


class ReadingsBody(Frozen):
    """Readings of one station: `{metric, at, value, id?}` each, 1,000 at most. Each is judged by itself."""

    readings: Annotated[list[Any], Field(description="{metric, at, value, id?} each")]


class Readings(Frozen):
    """Stored readings of a metric, the oldest first. `next_from`: where the list goes on; None: it is complete."""

    station: str
    metric: str
    unit: str
    items: tuple[ReadingView, ...]
    next_from: Instant | None


@intake.post("/{code}/readings")
async def post_readings(
    code: str,
    body: ReadingsBody,
    resources: ResourcesDep,
    now: Now,
    language: Language,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_STATION_KEY)] = None,
    x_station_key: Annotated[str | None, Header(max_length=200)] = None,
) -> Taken:
    """Takes readings, with the station's own key. Sending them again is safe: what is known already is only counted.

    200: at least one was taken or known; `items` has each that was not simply stored. 422: none was taken.
    """
    key = x_station_key or (bearer.credentials if bearer is not None else None)
    return await take_readings(resources, code, key, body.readings, now, language)


@router.get("/{code}/readings")
async def get_readings(
    code: str,
    metric: Code,
    resources: ResourcesDep,
    caller: Caller,
    now: Now,
    since: Annotated[WrittenInstant | None, Query(alias="from")] = None,
    until: Annotated[WrittenInstant | None, Query(alias="to")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = MOST_ROWS,
) -> Readings:
    """The stored readings of a metric, late and suspect ones too, from `from` to before `to`.

    By default of the last day.
    """
    end = until or now + timedelta(hours=1)
    begin = since or end - _USUAL_SPAN
    if begin >= end:
        raise BadFilter(name="from", value=begin.isoformat(), pointer="/query/from")
    async with resources.reading.connect() as connection:
        station = await find_station(connection, caller, code, now)
        known = metric_of(station, metric)
        rows = await read_readings(connection, station.id, metric, begin, end, limit + 1)
    more = rows[limit].at if len(rows) > limit else None
    return Readings(station=station.code, metric=metric, unit=known.unit, items=rows[:limit], next_from=more)


@router.get("/{code}/now")
async def get_now(code: str, resources: ResourcesDep, caller: Caller, now: Now) -> StationNow:
    """Each metric with its newest reading and its state, and when the station was last heard."""
    async with resources.reading.connect() as connection:
        station = await find_station(connection, caller, code, now)
        return await read_for(connection, caller, station, now)


@router.post("/{code}/key")
async def post_key(
    code: str, resources: ResourcesDep, caller: Caller, now: Now, key: IdempotencyKey = None
) -> GivenKey:
    """Gives the station a new key, and shows it this once; the key before stops working at once."""
    return await give_key(resources, caller, code, key or new_id(), now)
