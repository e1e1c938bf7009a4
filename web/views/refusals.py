"""Refusals in the reader's words: the same sentences, with names in place of codes and local moments."""

from collections.abc import Callable, Mapping
from datetime import datetime

from models.errors import DomainError, NotYours
from services import words
from web.moments import exact
from web.reader import Visitor

_BOOKS: Mapping[str, words.Book] = {"command": words.COMMANDS, "stage": words.STAGES}
#: Who may: by how they stand to a case, else by their role.
_WHO: words.Book = {**words.ROLES, **words.STANDINGS}
_MOMENTS = frozenset({"moment", "after", "limit", "ceiling", "until"})


def refused(error: DomainError, visitor: Visitor, names: Mapping[str, str] | None = None) -> str:
    """What a refusal says to people; `names` are those of departments and people by id."""
    known = names or {}
    params = {name: _said(name, value, visitor, known) for name, value in error.params.items()}
    if isinstance(error, NotYours) and error.params["command"] not in words.COMMANDS:  # a page, or part of one
        return visitor.text("需要以下角色之一:%(who)s。", who=params["who"])
    return error.__class__(pointer=error.pointer, **params).message(visitor.language)


def _said(name: str, value: str, visitor: Visitor, names: Mapping[str, str]) -> str:
    if name in _BOOKS:
        return words.named(_BOOKS[name], value, visitor.language)
    if name == "who":
        return " / ".join(words.named(_WHO, one, visitor.language) for one in value.split(" / "))
    if name in _MOMENTS:
        return _moment(value, visitor)
    if name == "departments":
        return ", ".join(names.get(one, one) for one in value.split(", "))
    return names.get(value, value)


def _moment(value: str, visitor: Visitor) -> str:
    parse: Callable[[str], datetime] = datetime.fromisoformat
    try:
        return exact(parse(value), visitor)[:16]
    except ValueError:
        return value
