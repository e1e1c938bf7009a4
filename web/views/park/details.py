"""What a matter keeps of its own, as rows and tables for a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.matters.base import MatterKind
from services.wording.matters.registry import field_label, option_label
from web.local_time import format_exact
from web.reader import Visitor


@dataclass(frozen=True)
class DetailTable:
    """A list of values with fields of their own."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Details:
    """The simple values with their labels, then the tables."""

    values: tuple[tuple[str, str], ...]
    tables: tuple[DetailTable, ...]


def details_of(kind: MatterKind, details: Mapping[str, Any], visitor: Visitor, leave_out: tuple[str, ...]) -> Details:
    """Return the details in words; what is empty or left out is not shown."""
    values: list[tuple[str, str]] = []
    tables: list[DetailTable] = []
    for name, value in details.items():
        if name in leave_out or value is None or value in ("", [], {}, False):
            continue
        label = field_label(kind, name, visitor.language)
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            tables.append(_table(kind, label, value, visitor))
        elif isinstance(value, Mapping):
            text = " · ".join(
                ("" if part == "name" else f"{field_label(kind, part, visitor.language)} ")
                + _text(kind, part, one, visitor)
                for part, one in value.items()
                if one not in (None, "", [], {})
            )
            values.append((label, text))
        else:
            values.append((label, _text(kind, name, value, visitor)))
    return Details(tuple(values), tuple(tables))


def _table(kind: MatterKind, title: str, rows: list[Mapping[str, Any]], visitor: Visitor) -> DetailTable:
    columns = [
        name
        for name in rows[0]
        if any(row.get(name) not in (None, "", [], {}) for row in rows)
        and not any(isinstance(row.get(name), Mapping) for row in rows)
        and not name.endswith("_id")
        and not (name == "due_at" and "due_on" in rows[0])
    ]
    return DetailTable(
        title,
        tuple(field_label(kind, name, visitor.language) for name in columns),
        tuple(tuple(_text(kind, name, row.get(name), visitor) for name in columns) for row in rows),
    )


def _text(kind: MatterKind, name: str, value: Any, visitor: Visitor) -> str:
    if value is None:
        return ""
    if value is True or value is False:
        return visitor.text("是") if value else visitor.text("否")
    if isinstance(value, list):
        return ", ".join(_text(kind, name, one, visitor) for one in value)
    if isinstance(value, float):
        return f"{value:g}"
    text = option_label(kind, name, str(value), visitor.language)
    if name.endswith(("_at", "since", "until")) and isinstance(value, str):
        try:
            return format_exact(datetime.fromisoformat(value), visitor)[:16]
        except ValueError:
            return text
    return text
