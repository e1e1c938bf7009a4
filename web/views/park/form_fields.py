"""The fields of a form for a command of a matter, read from the command's model.

A kind of matter has its forms as soon as it has its commands. What a schema can't say (that a code names a department)
follows from the field's name. Lists of values with fields of their own are typed a line each, columns parted by `|`,
so that they can be pasted from a table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from models.matters.base import MatterCommand, MatterKind
from rules.matters.kind import MatterRules, command_models
from services.wording.matters.registry import field_label, option_label

#: Texts longer than this get several lines.
ONE_LINE = 120
_FILES = frozenset({"evidence", "attachments", "photos"})
_NAMED = {
    "department": "department",
    "grid": "grid",
    "category": "category",
    "person": "person",
    "volunteer": "person",
    "cadre": "person",
}
_FORMATS = {"date": "date", "date-time": "moment", "time": "time"}
#: The things that a field names and what names each, where that is not `key` and they are not called like the field.
_THINGS = {"number": ("bookings", "number"), "step": ("steps", "code")}
#: What a column of a line is parted by, besides a tab.
COLUMN = "|"


@dataclass(frozen=True)
class FormField:
    """One field. `choices`: value and label of each; `columns`: name and label of each column of a line."""

    name: str
    label: str
    kind: str
    required: bool
    most: int | None = None
    choices: tuple[tuple[str, str], ...] = ()
    columns: tuple[tuple[str, str], ...] = ()


def form_fields(
    rules: MatterRules, command: str, language: str, details: Mapping[str, Any] | None = None
) -> tuple[FormField, ...]:
    """Return the fields of the command's form, in the order of the model.

    `details` are those of the matter: what a field names by its key is chosen from them (`milestone`: `milestones`).
    Raises KeyError for a command that the kind does not have.
    """
    schema = _schema(command_models(rules)[command])
    required = set(schema.get("required", ()))
    left_out = {"kind", "code"} if rules.number_prefix is not None else {"kind"}
    fields = (
        _field(rules.kind, name, part, schema, language, needed=name in required)
        for name, part in schema["properties"].items()
        if name not in left_out and not part.get("by_machine")
    )
    return tuple(_with_keys(field, details or {}, language) for field in fields)


def _with_keys(field: FormField, details: Mapping[str, Any], language: str) -> FormField:
    """A field that names one of the matter's own things offers those that are not settled yet."""
    name, key = _THINGS.get(field.name, (f"{field.name}s", "key"))
    things = details.get(name)
    if field.kind not in ("line", "number") or not isinstance(things, list) or not things:
        return field
    named = [one for one in things if isinstance(one, Mapping) and one.get(key)]
    choices = tuple(
        (str(one[key]), f"{one[key]} {_title(one, language)}".strip())
        for one in named
        if not (one.get("done_at") or one.get("outcome") or one.get("dropped")) and one.get("state", "open") == "open"
    )
    return replace(field, kind="choice", choices=choices) if named else field


def _title(thing: Mapping[str, Any], language: str) -> str:
    own = thing.get("name_en" if language == "en" else "name_zh")
    return str(own or thing.get("name") or thing.get("title") or thing.get("case_no") or "")


@lru_cache(maxsize=256)
def _schema(model: type[MatterCommand]) -> dict[str, Any]:
    return model.model_json_schema(mode="validation")


def _field(
    kind: MatterKind, name: str, part: dict[str, Any], schema: dict[str, Any], language: str, *, needed: bool
) -> FormField:
    shape = _shape(part, schema)
    label = field_label(kind, name, language)
    what = "line"
    choices: tuple[tuple[str, str], ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    if name in _FILES:
        what = "files"
    elif name in _NAMED and shape.get("type") == "string":
        what = _NAMED[name]
    elif "enum" in shape:
        what = "choice"
        choices = tuple((str(one), option_label(kind, name, str(one), language)) for one in shape["enum"])
    elif shape.get("type") == "array":
        item = _shape(shape.get("items", {}), schema)
        what = "rows" if item.get("type") == "object" else "values"
        columns = tuple((column, field_label(kind, column, language)) for column in _columns(item, schema))
    elif shape.get("type") == "object":
        what = "object"
        columns = tuple((column, field_label(kind, column, language)) for column in _columns(shape, schema))
    elif shape.get("type") in ("integer", "number"):
        what = "number"
    elif shape.get("type") == "boolean":
        what = "check"
    elif shape.get("format") in _FORMATS:
        what = _FORMATS[shape["format"]]
    elif (shape.get("maxLength") or 0) > ONE_LINE:
        what = "text"
    return FormField(name, label, what, needed, shape.get("maxLength"), choices, columns)


def _columns(item: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    """Return the simple columns of a line; what has a structure of its own is left to the API."""
    return [
        name
        for name, part in item.get("properties", {}).items()
        if _shape(part, schema).get("type") not in ("object", "array")
    ]


def _shape(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return what a part of the schema is, once references are followed and None is left out."""
    if "anyOf" in part:
        given = [one for one in part["anyOf"] if one.get("type") != "null"]
        part = given[0] if given else {}
    if "allOf" in part and len(part["allOf"]) == 1:
        part = part["allOf"][0]
    if "$ref" in part:
        found: dict[str, Any] = schema["$defs"][part["$ref"].rpartition("/")[2]]
        return _shape(found, schema)
    return part
