"""The mapping of an imported list: which column holds which field, and which service is which category."""

from pathlib import Path
from typing import Annotated, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, model_validator

from models.base import Code, Frozen
from models.datum import Datum
from services.files.cells import header_key
from services.files.errors import Unusable
from services.files.reference_files import BadFile, parse, read_yaml


class Fields(Frozen):
    """The column of the list that holds each field of a report. With `grid`, a report may have no coordinates.

    `answers`: by the code of a question, the column of its answers; several are divided by semicolons.
    """

    number: str = "service_request_id"
    service: str = "service_code"
    title: str = "title"
    description: str = "description"
    lat: str = "lat"
    lon: str = "long"
    reported_at: str = "requested_datetime"
    grid: str | None = None
    answers: dict[Code, str] = Field(default_factory=dict)

    @property
    def required(self) -> tuple[str, ...]:
        """The columns that a file must have, the number first: those that a report needs, and those that were named."""
        place = (self.lat, self.lon) if self.grid is None else (self.grid,)
        named = [
            getattr(self, name) for name in ("title", "description", "lat", "lon") if name in self.model_fields_set
        ]
        return tuple(dict.fromkeys((self.number, self.service, *place, self.reported_at, *named)))

    @property
    def optional(self) -> tuple[str, ...]:
        """The columns that are read where a file has them."""
        return tuple(
            name
            for name in (self.title, self.description, self.lat, self.lon, *self.answers.values())
            if name not in self.required
        )


class Place(Frozen):
    """The area that the list covers, in degrees; it is scaled onto the park, which keeps the pattern of places."""

    west: float
    south: float
    east: float
    north: float

    @model_validator(mode="after")
    def _has_an_extent(self) -> Self:
        if not self.west < self.east:
            raise ValueError("west must lie west of east")
        if not self.south < self.north:
            raise ValueError("south must lie south of north")
        return self


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"there is no time zone {name}")
    return name


class Mapping(Frozen):
    """How another system's list is read. With `default_category` None an unknown service is rejected.

    `datum` is what the list's coordinates refer to; `place` is on the same.
    """

    system: Code
    fields: Fields = Fields()
    zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    services: dict[str, Code]
    default_category: Code | None = None
    datum: Datum = Datum.WGS84
    place: Place | None = None

    def category(self, service: str) -> Code | None:
        """Return the category of a service, None without one. Spaces, case and width do not tell services apart."""
        if service in self.services:
            return self.services[service]
        key = header_key(service)
        return next((code for name, code in self.services.items() if header_key(name) == key), self.default_category)


class BadMapping(Unusable):
    """The mapping file is wrong; the message names the file and the place in it, in both languages."""


def read_mapping(path: Path) -> Mapping:
    """Read the mapping from a YAML file. Raises BadMapping."""
    try:
        return parse(read_yaml(path), Mapping)
    except BadFile as error:
        zh, en = ("\n".join(problem.text(language) for problem in error.problems) for language in ("zh", "en"))
        raise BadMapping(zh, en) from error
