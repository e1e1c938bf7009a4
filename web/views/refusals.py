"""Refusals in the reader's language, with names in place of ids and local moments."""

from collections.abc import Callable, Mapping
from datetime import datetime

from models.errors import DomainError
from services.wording.refusals import refusal_message
from web.local_time import format_exact
from web.reader import Visitor

_MOMENTS = frozenset({"moment", "after", "limit", "ceiling", "until"})


def refusal_text(error: DomainError, visitor: Visitor, names: Mapping[str, str] | None = None) -> str:
    """The text of a refusal. `names`: names of departments and people by id."""
    known_names = names or {}
    params = {name: _param_text(name, value, visitor, known_names) for name, value in error.params.items()}
    return refusal_message(error.__class__(pointer=error.pointer, **params), visitor.language)


def _param_text(name: str, value: str, visitor: Visitor, names: Mapping[str, str]) -> str:
    if name in _MOMENTS:
        return _moment_text(value, visitor)
    if name == "departments":
        return ", ".join(names.get(one, one) for one in value.split(", "))
    return names.get(value, value)


def _moment_text(value: str, visitor: Visitor) -> str:
    if len(value) == len("2026-11-29"):  # a day has no time, and is the same in every zone
        return value
    parse: Callable[[str], datetime] = datetime.fromisoformat
    try:
        return format_exact(parse(value), visitor)[:16]
    except ValueError:
        return value
