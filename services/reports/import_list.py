"""Import cases from another system's list of service requests, as described by a mapping, each at most once.

The number in the other system becomes an external reference, and the report id is derived from it: a second import
finds the cases of the first, wherever that one stopped.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, ValidationError, model_validator
from sqlalchemy import text

from models.base import Code, Frozen
from models.commands import ExternalReference, Location
from models.context import Person
from models.enums import Source
from models.errors import DomainError
from models.ids import derived_id
from services.files.errors import Unusable
from services.files.reference_files import BadFile, parse, read_yaml
from services.files.service_requests import Row
from services.reports.submit import ReportInput, submit
from services.runtime.resources import Resources
from services.wording.input_faults import fault_text
from services.wording.refusals import refusal_message

#: How many reports are submitted at the same time.
CONCURRENCY = 12
#: West, south, east, north, in degrees.
Box = tuple[float, float, float, float]
_MISSING = ("缺少", "missing")


class Fields(Frozen):
    """The column of the list that holds each field of a report."""

    number: str = "service_request_id"
    service: str = "service_code"
    title: str = "title"
    description: str = "description"
    lat: str = "lat"
    lon: str = "long"
    reported_at: str = "requested_datetime"


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
    """How another system's list is read. With `default_category` None an unknown service is rejected."""

    system: Code
    fields: Fields = Fields()
    zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    services: dict[str, Code]
    default_category: Code | None = None
    place: Place | None = None


class BadRow(Unusable):
    """A row cannot be read; the message names the field and the fault, in both languages."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        super().__init__(_with_field(field, zh), _with_field(field, en))


class BadMapping(Unusable):
    """The mapping file is wrong; the message names the file and the place in it, in both languages."""


@dataclass(frozen=True)
class Rejected:
    """A row that did not become a case, and the reason in both languages."""

    row: int
    number: str
    zh: str
    en: str


@dataclass
class Outcome:
    """The counts of an import so far; `known` counts the rows that were cases already."""

    opened: int = 0
    known: int = 0
    rejected: list[Rejected] = field(default_factory=list)

    @property
    def done(self) -> int:
        """The number of rows processed."""
        return self.opened + self.known + len(self.rejected)


def read_mapping(path: Path) -> Mapping:
    """Read the mapping from a YAML file. Raises BadMapping."""
    try:
        return parse(read_yaml(path), Mapping)
    except BadFile as error:
        zh, en = ("\n".join(problem.text(language) for problem in error.problems) for language in ("zh", "en"))
        raise BadMapping(zh, en) from error


async def import_rows(
    resources: Resources,
    person: Person,
    rows: list[Row],
    mapping: Mapping,
    *,
    outcome: Outcome,
    park: str | None = None,
    progress: Callable[[Outcome], None] = lambda _: None,
    stop: asyncio.Event | None = None,
) -> Outcome:
    """Open a case for each row that is not one yet, up to twelve at the same time, in the order of the file.

    Once `stop` is set, it ends after the rows already started; run again, it continues from there. Raises StoreAway
    when the store is away; cases opened before that stay.
    """
    known_numbers = await _known_numbers(resources, mapping.system)
    box = await _park_box(resources, park) if mapping.place is not None else None
    slots = asyncio.Semaphore(CONCURRENCY)
    stop = stop or asyncio.Event()
    locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def import_one(row: Row) -> None:
        number = str(row[1].get(mapping.fields.number) or "").strip()
        # Rows of one number never race: the second finds the case that the first opened.
        async with locks[number], slots:
            if stop.is_set():
                return
            if number in known_numbers:
                outcome.known += 1
            else:
                await _import_row(resources, person, row, number, mapping, box, outcome)
            progress(outcome)

    async with asyncio.TaskGroup() as group:
        for row in rows:
            group.create_task(import_one(row))
    outcome.rejected.sort(key=lambda rejected: rejected.row)
    return outcome


async def _import_row(
    resources: Resources, person: Person, row: Row, number: str, mapping: Mapping, box: Box | None, outcome: Outcome
) -> None:
    now = datetime.now(UTC)
    try:
        report = to_report(row[1], number, mapping, box)
        external = ExternalReference(system=mapping.system, number=number)
        submitted = await submit(resources, person, report, now, external)
    except (DomainError, ValueError) as error:
        if isinstance(error, DomainError) and error.status >= 500:
            raise
        outcome.rejected.append(Rejected(row[0], number, *rejection_reason(error)))
        return
    if submitted.created:
        outcome.opened += 1
    else:
        outcome.known += 1


def to_report(record: dict[str, Any], number: str, mapping: Mapping, box: Box | None) -> ReportInput:
    """Return the report that a record describes. Raises BadRow or ValidationError."""
    names = mapping.fields
    if not number:
        raise BadRow(names.number, *_MISSING)
    service = str(record.get(names.service) or "").strip()
    category = mapping.services.get(service, mapping.default_category)
    if category is None:
        raise BadRow(names.service, f"“{service}”没有对应的类别", f"no category is mapped for “{service}”")
    reported_at = _moment(record.get(names.reported_at), names.reported_at, mapping.zone)
    fields: dict[str, Any] = {
        "report_id": derived_id("import", mapping.system, number),
        "category": category,
        "title": str(record.get(names.title) or service)[:120],
        "description": str(record.get(names.description) or ""),
        "location": _location(record, mapping, box),
        "occurred_at": reported_at,
        "reported_at": reported_at,
        "source": Source.IMPORT,
    }
    return ReportInput.model_validate(fields)


def _location(record: dict[str, Any], mapping: Mapping, box: Box | None) -> Location:
    names = mapping.fields
    try:
        lat, lon = float(record[names.lat]), float(record[names.lon])
    except (KeyError, TypeError, ValueError) as error:
        raise BadRow(f"{names.lat}, {names.lon}", "没有位置", "no place") from error
    if mapping.place is None or box is None:
        return Location(lat=lat, lon=lon)
    place = mapping.place
    if not (place.west <= lon <= place.east and place.south <= lat <= place.north):
        zh, en = f"{lat}, {lon} 在映射所指的范围之外", f"{lat}, {lon} lies outside the mapping's place"
        raise BadRow(f"{names.lat}, {names.lon}", zh, en)
    west, south, east, north = box
    return Location(
        lat=south + (lat - place.south) / (place.north - place.south) * (north - south),
        lon=west + (lon - place.west) / (place.east - place.west) * (east - west),
    )


def _moment(value: Any, name: str, zone: str) -> datetime:
    if value is None or value == "":
        raise BadRow(name, *_MISSING)
    if isinstance(value, datetime):
        parsed = value
    else:
        try:
            parsed = datetime.fromisoformat(str(value))
        except ValueError as error:
            raise BadRow(name, f"“{value}”不是时间", f"“{value}” is no time") from error
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=ZoneInfo(zone))


def rejection_reason(error: DomainError | ValueError) -> tuple[str, str]:
    """Return the reason for a rejection in Chinese and in English, with the field where it is known."""
    if isinstance(error, BadRow):
        return error.zh, error.en
    if isinstance(error, DomainError):
        field = (error.pointer or "").removeprefix("/")
        return _with_field(field, refusal_message(error, "zh")), _with_field(field, refusal_message(error, "en"))
    if not isinstance(error, ValidationError):  # a lone surrogate, which no text can hold
        return f"值无效: {error}", str(error)
    first = error.errors()[0]
    field = ".".join(map(str, first["loc"]))
    return _with_field(field, fault_text(first, "zh")), _with_field(field, fault_text(first, "en"))


def _with_field(field: str, message: str) -> str:
    return f"{field}: {message}" if field else message


async def _known_numbers(resources: Resources, system: str) -> frozenset[str]:
    async with resources.engine.connect() as connection:
        rows = await connection.execute(
            text("SELECT external_number FROM cases WHERE external_system = :system"), {"system": system}
        )
        return frozenset(row.external_number for row in rows)


async def _park_box(resources: Resources, park: str | None) -> Box:
    async with resources.engine.connect() as connection:
        row = (
            await connection.execute(
                text(
                    "SELECT west, south, east, north FROM grid_units WHERE level = 1 AND west IS NOT NULL"
                    " AND (CAST(:park AS text) IS NULL OR code = :park) ORDER BY code LIMIT 1"
                ),
                {"park": park},
            )
        ).one_or_none()
    if row is None:
        raise BadMapping(
            "映射要把地点缩放到园区,但没有已加载且带边界的园区",
            "the mapping scales places onto the park, but no park with a geometry is loaded",
        )
    return (row.west, row.south, row.east, row.north)
