"""Refusals as text for people, with the labels of commands, stages and roles in place of their codes."""

from collections.abc import Mapping

from models.errors import DomainError, NotYours
from services.wording import file_types, vocabulary
from services.wording.limit_sources import limit_source
from services.wording.matters.common import PARTS
from services.wording.matters.registry import ALL_COMMANDS

_ACTIONS: vocabulary.Labels = {**ALL_COMMANDS, **vocabulary.COMMANDS, "report": ("上报", "report")}
_LABELS: Mapping[str, vocabulary.Labels] = {
    "command": _ACTIONS,
    "stage": vocabulary.STAGES,
    "sniffed": file_types.NAMES,
    "advice": file_types.ADVICE,
}
#: Who may act: by their standing to a case, else by their role.
WHO: vocabulary.Labels = {**PARTS, **vocabulary.ROLES, **vocabulary.STANDINGS}


def refusal_message(error: DomainError, language: str) -> str:
    """Return the text of a refusal in `zh` or `en`."""
    if isinstance(error, NotYours) and error.params["command"] not in _ACTIONS:  # a page, or part of one
        roles = _labels_of(vocabulary.ROLES, error.params["who"], language)
        template = "This takes one of these roles: {}." if language.startswith("en") else "需要以下角色之一:{}。"
        return template.format(roles)
    params = {name: _labelled(name, value, language) for name, value in error.params.items()}
    return error.__class__(pointer=error.pointer, **params).message(language)


def _labelled(name: str, value: str, language: str) -> str:
    """Return a parameter with its label in place of a code; a value without a label is returned as it is."""
    if name in _LABELS:
        return vocabulary.label_of(_LABELS[name], value, language)
    if name == "source":
        return limit_source(value, language)
    return _labels_of(WHO, value, language) if name == "who" else value


def _labels_of(labels: vocabulary.Labels, codes: str, language: str) -> str:
    return " / ".join(vocabulary.label_of(labels, code, language) for code in codes.split(" / "))
