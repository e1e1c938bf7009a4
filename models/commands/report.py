"""The report, and the values it consists of."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, ValidationError, ValidationInfo
from pydantic_core import PydanticCustomError

from models.answers import Answers, Asked, OptionalAnswers, OptionalSealedAnswers
from models.base import Given, Instant, Sha256, is_none
from models.datum import Datum, to_wgs84
from models.enums import Severity, Source
from models.sealed import Sealed

Attachments = Annotated[tuple[Sha256, ...], Field(max_length=20)]


class Location(Given):
    """A place in WGS 84, in degrees."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class WrittenLocation(Location):
    """A place as it is given, in degrees on `datum`."""

    datum: Datum = Datum.WGS84


def _on_wgs84(value: object, info: ValidationInfo) -> object:
    """Return a given place on WGS 84. What is no place is returned as it is, and refused by `Location`."""
    if not isinstance(value, dict) or "datum" not in value or (info.context is not None and info.context.get("stored")):
        return value
    try:
        given = WrittenLocation.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        if first["loc"] != ("datum",):
            return {name: part for name, part in value.items() if name != "datum"}
        raise PydanticCustomError("datum", "datum must be one of wgs84, gcj02, bd09") from error
    lat, lon = to_wgs84(given.lat, given.lon, given.datum)
    return Location(lat=lat, lon=lon)


#: A place in input from outside, converted once, here.
GivenLocation = Annotated[Location, BeforeValidator(_on_wgs84, json_schema_input_type=WrittenLocation)]


class ExternalReference(Given):
    """The number of the same matter in another system."""

    system: str
    number: Annotated[str, StringConstraints(min_length=1, max_length=80)]


class MatterReference(Given):
    """The matter (事项) on whose behalf a case was opened: a failed checklist, a station, a campaign."""

    kind: str
    code: str
    name: str


class Report(Given):
    """A report (上报) as a door has taken it. The reporter's name and phone are not in it, only a reference to them.

    `severity` None means the category's own, `title` None one made of the description (`rules.titles`). Text is not
    checked again: the report is stored as it stands here. `matter`: the report was made by the rules of that
    matter, which have checked who may cause it; no door takes this field. `enterprise`: the credit code of the
    enterprise that it is about. `answers` None: nothing was asked besides the description; `asked`: where and by which
    policy it was. `sealed`: the reporter's encrypted record, kept in the history for a lost database; no
    fact holds it, and it is no part of the command's digest. `sealed_answers`: those that nobody may read in a
    history. `carried`: personal answers of the case that a part is split off from, as that case keeps them.
    """

    kind: Literal["report"] = "report"
    report_id: UUID
    category: str
    title: str | None = None
    description: str = ""
    grid: str
    location: Location | None = None
    occurred_at: Instant
    reported_at: Instant
    severity: Severity | None = None
    source: Source = Source.GRID_WORKER
    attachments: Attachments = ()
    reporter_ref: UUID | None = None
    anonymous: bool = False
    external: ExternalReference | None = None
    split_from: str | None = None
    matter: Annotated[MatterReference | None, Field(exclude_if=is_none)] = None
    enterprise: Annotated[str | None, Field(exclude_if=is_none)] = None
    answers: OptionalAnswers = None
    asked: Annotated[Asked | None, Field(exclude_if=is_none)] = None
    content_hash: str
    sealed: Annotated[Sealed | None, Field(exclude_if=is_none)] = None
    sealed_answers: OptionalSealedAnswers = None
    carried: Answers = ()
