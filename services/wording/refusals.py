"""Refusals in words: the same sentences, with the words for commands, stages and roles in place of their codes."""

from collections.abc import Mapping

from models.errors import DomainError, NotYours
from services.wording import vocabulary

_ACTIONS: vocabulary.Book = {**vocabulary.COMMANDS, "report": ("上报", "report")}
_BOOKS: Mapping[str, vocabulary.Book] = {"command": _ACTIONS, "stage": vocabulary.STAGES}
#: Who may: by how they stand to a case, else by their role.
_WHO: vocabulary.Book = {**vocabulary.ROLES, **vocabulary.STANDINGS}


def told(error: DomainError, language: str) -> str:
    """What a refusal says to people, in `zh` or `en`."""
    if isinstance(error, NotYours) and error.params["command"] not in _ACTIONS:  # a page, or part of one
        roles = _each(vocabulary.ROLES, error.params["who"], language)
        they = "This takes one of these roles: {}." if language.startswith("en") else "需要以下角色之一:{}。"
        return they.format(roles)
    params = {name: _in_words(name, value, language) for name, value in error.params.items()}
    return error.__class__(pointer=error.pointer, **params).message(language)


def _in_words(name: str, value: str, language: str) -> str:
    """A parameter as people call it; what has no word stands for itself."""
    if name in _BOOKS:
        return vocabulary.named(_BOOKS[name], value, language)
    return _each(_WHO, value, language) if name == "who" else value


def _each(book: vocabulary.Book, those: str, language: str) -> str:
    return " / ".join(vocabulary.named(book, one, language) for one in those.split(" / "))
