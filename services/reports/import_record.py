"""A record of an imported list as a report. A fault names the file's own column."""

import re
from collections.abc import Mapping as Record
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from models.commands import Location
from models.datum import to_wgs84
from models.enums import Source
from models.errors import DomainError
from models.ids import derived_id
from models.policy.questions import LONGEST_TEXT
from models.text import clean_line
from services.files.cells import (
    BEYOND_HEADER,
    BadCell,
    FaultyCell,
    cell_identifier,
    cell_number,
    cell_of,
    cell_text,
)
from services.files.errors import Unusable
from services.files.moments import NoMoment, read_moment
from services.reports.import_mapping import Fields, Mapping
from services.reports.report_input import ReportInput
from services.wording.input_faults import fault_text
from services.wording.refusals import refusal_message

#: West, south, east, north, in degrees.
Box = tuple[float, float, float, float]
#: The longest title in characters, as `models.base.Title` has it.
MAX_TITLE = 120
_MISSING = ("缺少", "missing")


class BadRow(Unusable):
    """A row cannot be read; the message names the field and the fault, in both languages."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        super().__init__(_with_field(field, zh), _with_field(field, en))


@dataclass(frozen=True)
class ReportRead:
    """The report that a record describes. `is_shortened`: its title was too long, and is whole in the description."""

    report: ReportInput
    is_shortened: bool = False


def read_number(record: Record[str, Any], mapping: Mapping) -> str:
    """Return the number of a record in the other system. Raises BadRow for none, and for one that Excel shortened."""
    name = mapping.fields.number
    try:
        number = cell_identifier(cell_of(record, name))
    except BadCell as error:
        raise BadRow(name, error.zh, error.en) from error
    if not number:
        raise BadRow(name, *_MISSING)
    return number


def shown_number(record: Record[str, Any], mapping: Mapping) -> str:
    """Return the number of a record as it stands in the file, for a message."""
    value = record.get(mapping.fields.number)
    return "" if isinstance(value, FaultyCell) else cell_text(value).strip()


def to_report(record: Record[str, Any], number: str, mapping: Mapping, box: Box | None) -> ReportInput:
    """Return the report that a record describes. Raises BadRow or ValidationError."""
    return read_report(record, number, mapping, box).report


def read_report(record: Record[str, Any], number: str, mapping: Mapping, box: Box | None) -> ReportRead:
    """Return the report that a record describes, and what was done to it. Raises BadRow or ValidationError."""
    names = mapping.fields
    if not number:
        raise BadRow(names.number, *_MISSING)
    if isinstance(beyond := record.get(BEYOND_HEADER), FaultyCell):
        raise BadRow("", beyond.zh, beyond.en)
    service = _text(record, names.service).strip()
    category = mapping.category(service)
    if category is None:
        raise BadRow(names.service, f"“{service}”没有对应的类别", f"no category is mapped for “{service}”")
    reported_at = _moment(record, names.reported_at, mapping.zone)
    given, description = _text(record, names.title), _text(record, names.description)
    if not given and not description and service not in mapping.services:
        given = service  # nothing else says what it is about: its category is the one of all the rest
    title = clean_line(given)
    is_shortened = len(title) > MAX_TITLE
    if is_shortened:
        description = f"{title}\n{description}".strip()
        title = title[: MAX_TITLE - 1] + "…"
    fields: dict[str, Any] = {
        "report_id": derived_id("import", mapping.system, number),
        "category": category,
        "title": title if given else None,
        "description": description,
        "location": _location(record, mapping, box),
        "occurred_at": reported_at,
        "reported_at": reported_at,
        "source": Source.IMPORT,
    }
    if names.grid is not None and (grid := _identifier(record, names.grid)):
        fields["grid"] = grid
    if answers := {code: texts for code, column in names.answers.items() if (texts := _texts(record, column))}:
        fields["answers"] = answers
    return ReportRead(ReportInput.model_validate(fields), is_shortened)


def _texts(record: Record[str, Any], name: str) -> list[str]:
    """Return the answers in a cell; a column that the file lacks has none."""
    parts = re.split("[;；]", _text(record, name))
    return [text[:LONGEST_TEXT] for part in parts if (text := part.strip())]


def _text(record: Record[str, Any], name: str) -> str:
    try:
        return cell_text(cell_of(record, name))
    except BadCell as error:
        raise BadRow(name, error.zh, error.en) from error


def _identifier(record: Record[str, Any], name: str) -> str:
    try:
        return cell_identifier(cell_of(record, name))
    except BadCell as error:
        raise BadRow(name, error.zh, error.en) from error


def _location(record: Record[str, Any], mapping: Mapping, box: Box | None) -> Location | None:
    names = mapping.fields
    both = f"{names.lat}, {names.lon}"
    if not _text(record, names.lat).strip() or not _text(record, names.lon).strip():
        if names.grid is not None and _identifier(record, names.grid):
            return None
        raise BadRow(both, "没有位置", "no place")
    lat, lon = _degrees(record, names.lat), _degrees(record, names.lon)
    if mapping.place is None or box is None:
        if abs(lat) > 90 >= abs(lon):
            zh, en = f"{lat} 不是纬度,两列可能互换了", f"{lat} is no latitude; the two columns may be swapped"
            raise BadRow(both, zh, en)
        lat, lon = to_wgs84(lat, lon, mapping.datum)
        return Location(lat=lat, lon=lon)
    place = mapping.place
    if not (place.west <= lon <= place.east and place.south <= lat <= place.north):
        zh, en = f"{lat}, {lon} 在映射所指的范围之外", f"{lat}, {lon} lies outside the mapping's place"
        raise BadRow(both, zh, en)
    west, south, east, north = box
    return Location(
        lat=south + (lat - place.south) / (place.north - place.south) * (north - south),
        lon=west + (lon - place.west) / (place.east - place.west) * (east - west),
    )


def _degrees(record: Record[str, Any], name: str) -> float:
    try:
        return cell_number(cell_of(record, name))
    except BadCell as error:
        raise BadRow(name, error.zh, error.en) from error


def _moment(record: Record[str, Any], name: str, zone: str) -> datetime:
    try:
        value = cell_of(record, name)
    except BadCell as error:
        raise BadRow(name, error.zh, error.en) from error
    if value is None or not cell_text(value).strip():
        raise BadRow(name, *_MISSING)
    try:
        return read_moment(value, ZoneInfo(zone))
    except NoMoment as error:
        shown = cell_text(value)
        zh = f"“{shown}”不是能认出的时间,请写成 2026-11-20 08:30 或 2026/11/20 8:30"
        raise BadRow(name, zh, f"“{shown}” is no time; write 2026-11-20 08:30 or 2026/11/20 8:30") from error


def rejection_reason(error: DomainError | ValueError, fields: Fields | None = None) -> tuple[str, str]:
    """Return the reason for a rejection in Chinese and in English, with the file's column where it is known."""
    if isinstance(error, Unusable):
        return error.zh, error.en
    if isinstance(error, DomainError):
        field = _column((error.pointer or "").removeprefix("/"), fields)
        return _with_field(field, refusal_message(error, "zh")), _with_field(field, refusal_message(error, "en"))
    if not isinstance(error, ValidationError):  # a lone surrogate, which no text can hold
        return f"值无效: {error}", str(error)
    first = error.errors()[0]
    field = _column(".".join(map(str, first["loc"])), fields)
    return _with_field(field, fault_text(first, "zh")), _with_field(field, fault_text(first, "en"))


def _column(field: str, fields: Fields | None) -> str:
    """Return the column of the file that a field of a report comes from."""
    if fields is None:
        return field
    place = f"{fields.lat}, {fields.lon}"
    columns = {
        "report_id": fields.number, "number": fields.number, "category": fields.service, "title": fields.title,
        "description": fields.description, "occurred_at": fields.reported_at, "reported_at": fields.reported_at,
        "lat": fields.lat, "lon": fields.lon, "location.lat": fields.lat, "location.lon": fields.lon,
        "location": place, "grid": fields.grid or place,
    }  # fmt: skip
    return columns.get(field, field)


def _with_field(field: str, message: str) -> str:
    return f"{field}: {message}" if field else message
