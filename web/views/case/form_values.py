"""Conversion of form values to a command's body."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from models.base import SHA256
from web.views.case.command_forms import PART_FIELDS, PARTS, Field, fields_of
from web.views.questions import ANSWERS, given_answers

FormValues = Mapping[str, list[str]]


def body_of(command: str, given: FormValues, zone: ZoneInfo) -> dict[str, Any]:
    """The body of `command`. Empty fields are left out; local times are in `zone`.

    Nothing is checked here: invalid values are passed on as typed, and the model refuses them.
    """
    body = {field.name: value for field in fields_of(command) if (value := _value(field, given, zone)) is not None}
    photos = [text for texts in body.get("answers", {}).values() for text in texts if re.fullmatch(SHA256, text)]
    if photos and any(field.name == "attachments" for field in fields_of(command)):
        body["attachments"] = list(dict.fromkeys([*body.get("attachments", ()), *photos]))
    return body


def _value(field: Field, given: FormValues, zone: ZoneInfo) -> Any:
    match field.kind:
        case "place":
            return _place(given)
        case "questions":
            return given_answers(given) or None
        case "parts":
            return _parts(given) or None
        case "departments" | "more_departments" | "co_handlers" | "files" | "photos" | "not_known":
            return [value for value in given.get(field.name, []) if value] or None
        case "check" | "unasked":
            return True if given.get(field.name) else None
        case "appeal" | "of_appeal":
            department, _mark, round_ = _last_value(given, "department").partition(":")
            return (department if field.kind == "appeal" else round_) or None
    text = _last_value(given, field.name)
    if not text:
        return None
    return _moment(text, zone) if field.kind == "moment" else text


def _last_value(given: FormValues, name: str) -> str:
    values = given.get(name, [])
    return values[-1].strip() if values else ""


def _moment(text: str, zone: ZoneInfo) -> Any:
    """The value of a date-time control (`2026-11-22T10:30`) with the zone's offset; invalid text unchanged."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()


def _place(given: FormValues) -> dict[str, str] | None:
    place = {name: text for name in ("lat", "lon") if (text := _last_value(given, f"location.{name}"))}
    return place or None


def _parts(given: FormValues) -> list[dict[str, str]]:
    parts = []
    for index in range(PARTS):
        part = {name: text for name in PART_FIELDS if (text := _last_value(given, f"parts.{index}.{name}"))}
        if part.get("title") or part.get("description") or part.get("grid"):
            parts.append(part)
    return parts


def field_of_pointer(pointer: str) -> str:
    """The name of the field that a JSON pointer (`/co_handlers/0`) refers to; empty for an empty pointer.

    Each answer to a question has a control of its own (`answers.people`).
    """
    names = pointer.strip("/").split("/")
    return f"{ANSWERS}{names[1]}" if names[0] == "answers" and len(names) > 1 else names[0]
