"""From what was typed into a command's form to the command's body."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from web.views.case.command_forms import PARTS, Field, fields_of

FormValues = Mapping[str, list[str]]


def body_of(command: str, given: FormValues, zone: ZoneInfo) -> dict[str, Any]:
    """The body of `command`: what was left empty is left out, moments of day are of `zone`.

    Nothing is checked here: what makes no sense is handed on as it was typed, and refused by the model.
    """
    return {field.name: value for field in fields_of(command) if (value := _value(field, given, zone)) is not None}


def _value(field: Field, given: FormValues, zone: ZoneInfo) -> Any:
    match field.kind:
        case "place":
            return _place(given)
        case "parts":
            return _parts(given) or None
        case "departments" | "files" | "photos":
            return [value for value in given.get(field.name, []) if value] or None
        case "check" | "unasked":
            return True if given.get(field.name) else None
    text = _last_value(given, field.name)
    if not text:
        return None
    return _moment(text, zone) if field.kind == "moment" else text


def _last_value(given: FormValues, name: str) -> str:
    values = given.get(name, [])
    return values[-1].strip() if values else ""


def _moment(text: str, zone: ZoneInfo) -> Any:
    """`2026-11-22T10:30`, as a date-time control has it, in the reader's zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()


def _place(given: FormValues) -> dict[str, str] | None:
    found = {name: text for name in ("lat", "lon") if (text := _last_value(given, f"location.{name}"))}
    return found or None


def _parts(given: FormValues) -> list[dict[str, str]]:
    found = []
    for place in range(PARTS):
        names = ("category", "title", "description", "grid")
        part = {name: text for name in names if (text := _last_value(given, f"parts.{place}.{name}"))}
        if part.get("title") or part.get("description") or part.get("grid"):
            found.append(part)
    return found


def field_of_pointer(pointer: str) -> str:
    """The name of the field that a pointer (`/co_handlers/0`) means; empty for none of the form's."""
    return pointer.strip("/").split("/")[0]
