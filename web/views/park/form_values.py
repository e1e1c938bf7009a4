"""What was typed into the form of a command, as the command's body. Nothing is checked here: the model refuses it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from web.views.park.form_fields import COLUMN, FormField

FormValues = Mapping[str, Sequence[str]]


def body_of(fields: Sequence[FormField], given: FormValues, zone: ZoneInfo) -> dict[str, Any]:
    """Return the body of a command. Empty fields are left out; local times are in `zone`."""
    return {field.name: value for field in fields if (value := _value(field, given, zone)) is not None}


def _value(field: FormField, given: FormValues, zone: ZoneInfo) -> Any:
    if field.kind == "files":
        return [value for value in given.get(field.name, []) if value] or None
    if field.kind == "object":
        parts = {name: text for name, _ in field.columns if (text := _last(given, f"{field.name}.{name}"))}
        return parts or None
    text = _last(given, field.name)
    match field.kind:
        case "check":
            return True if text else None
        case "rows":
            return _rows(field, text) or None
        case "values":
            return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()] or None
        case "moment" if text:
            return _moment(text, zone)
    return text or None


def _rows(field: FormField, text: str) -> list[dict[str, str]]:
    """Return a value for each line; columns are parted by a tab or by `|`."""
    names = [name for name, _ in field.columns]
    rows = []
    for line in text.splitlines():
        if line.strip():
            cells = [cell.strip() for cell in line.split("\t" if "\t" in line else COLUMN)]
            row = {name: cell for name, cell in zip(names, cells, strict=False) if cell}
            if len(cells) > len(names):  # the model then names the column that it does not know
                row[f"#{len(names) + 1}"] = cells[len(names)]
            rows.append(row)
    return rows


def _last(given: FormValues, name: str) -> str:
    values = given.get(name, [])
    return values[-1].strip() if values else ""


def _moment(text: str, zone: ZoneInfo) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()


def typed_of(fields: Sequence[FormField], details: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what a form would hold to say what the details say: a form that changes them begins with that."""
    typed: dict[str, list[str]] = {}
    for field in fields:
        value = details.get(field.name)
        if value in (None, "", [], {}):
            continue
        if field.kind == "rows":
            lines = [f" {COLUMN} ".join(str(row.get(name) or "") for name, _ in field.columns) for row in value]
            typed[field.name] = ["\n".join(lines)]
        elif field.kind == "object":
            typed |= {f"{field.name}.{name}": [str(value[name])] for name, _ in field.columns if value.get(name)}
        else:
            typed[field.name] = [str(value)]
    return typed
