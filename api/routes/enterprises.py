"""Routes of enterprises besides those of every matter: colours, suggestions, and the register from a file."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field, StringConstraints

from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ResourcesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from doors.uploads import uploaded_file
from models.base import Code, Frozen, Text
from models.datum import Datum, to_wgs84
from models.errors import BadFilter
from services.enterprises.colour import ColourView, read_at, read_colour
from services.enterprises.counts import EnterpriseCounts, count_enterprises
from services.enterprises.register import LineOutcome, RegisterOutcome
from services.enterprises.suggest import EnterpriseSuggestion, Place, suggest_enterprises
from services.enterprises.upload import MOST_BYTES, load_register

router = APIRouter(
    route_class=StrictRoute,
    prefix="/api/v1/enterprises",
    tags=["enterprises"],
    responses=PROBLEMS,
    dependencies=[KNOWN_PARAMETERS],
)


class RegisterAnswer(Frozen):
    """What became of each line of a register, how many of each outcome, and how the file was read."""

    outcomes: tuple[LineOutcome, ...]
    counts: dict[RegisterOutcome, int]
    recognised: str


class SuggestFilter(Frozen):
    """What a report may be about: words of its title and description, its place."""

    q: Annotated[Text, StringConstraints(max_length=500)] = ""
    grid: Code | None = None
    lat: Annotated[float | None, Field(ge=-90, le=90)] = None
    lon: Annotated[float | None, Field(ge=-180, le=180)] = None
    datum: Datum = Datum.WGS84
    limit: Annotated[int, Field(ge=1, le=50)] = 8


@router.get("/suggest")
async def suggest(
    wanted: Annotated[SuggestFilter, Query()], resources: ResourcesDep, caller: Caller, now: Now
) -> tuple[EnterpriseSuggestion, ...]:
    """Enterprises that a report may be about: named in its words, in its unit, near its place."""
    lat, lon = wanted.lat, wanted.lon
    if (lat is None) != (lon is None):
        raise BadFilter(name="lat, lon", value="", pointer="/query/lat")
    if lat is not None and lon is not None:
        lat, lon = to_wgs84(lat, lon, wanted.datum)
    place = Place(grid=wanted.grid, lat=lat, lon=lon)
    async with resources.reading.connect() as connection:
        return await suggest_enterprises(connection, caller, wanted.q, place, now, wanted.limit)


@router.get("/counts")
async def counts(
    resources: ResourcesDep, caller: Caller, now: Now, grid: Annotated[Code | None, Query()] = None
) -> EnterpriseCounts:
    """How many enterprises have each colour, and how many lack somebody; `GET /enterprises?colour=` lists them."""
    async with resources.reading.connect() as connection:
        return await count_enterprises(connection, caller, now, grid)


@router.post("/import")
async def load(
    request: Request,
    resources: ResourcesDep,
    caller: Caller,
    now: Now,
    language: Language,
    name: Annotated[str, Query(max_length=200, description="The name of the file; its ending says what it is")],
    dry_run: Annotated[bool, Query(description="Check every line and store nothing")] = False,
) -> RegisterAnswer:
    """Enter the enterprises of a table (CSV, Excel) in the register. Sent again, it changes nothing."""
    async with uploaded_file(request, MOST_BYTES) as source:
        with TemporaryDirectory() as directory:
            path = Path(directory) / ("register" + Path(name).suffix.lower())
            with path.open("wb") as target:
                shutil.copyfileobj(source, target)
            loaded = await load_register(resources, caller, path, now, dry_run=dry_run)
    return RegisterAnswer(
        outcomes=loaded.outcomes,
        counts=loaded.counts,
        recognised=loaded.recognised[1] if language.startswith("en") else loaded.recognised[0],
    )


@router.get("/{code}/colour")
async def colour(
    code: str,
    resources: ResourcesDep,
    caller: Caller,
    now: Now,
    language: Language,
    at: Annotated[str, Query(max_length=40, description="A day of the park (its end), or a moment with offset")] = "",
) -> ColourView:
    """The colour as of any moment since the registration, with what it rests on, line by line."""
    async with resources.reading.connect() as connection:
        return await read_colour(connection, caller, code, now, language, read_at(at))
