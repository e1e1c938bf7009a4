"""Labels and texts in the terminal's language. The labels come from `services.wording.vocabulary`."""

import locale
import os

from services.wording.vocabulary import (
    LIGHTS,
    OUTCOMES,
    REQUESTS,
    ROLES,
    STAGES,
    TASKS,
    UNITS,
    URGE_KINDS,
    Labels,
    fact_label,
    label_of,
)

__all__ = [
    "LIGHTS", "OUTCOMES", "REQUESTS", "ROLES", "STAGES", "TASKS", "UNITS", "URGE_KINDS", "is_english", "label",
    "label_fact", "localize",
]  # fmt: skip


def is_english() -> bool:
    """Return whether the language is English: by `GRIDLOOP_LANG`, else by the terminal's locale; else it is Chinese."""
    name = os.environ.get("GRIDLOOP_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    if not name or name.startswith(("C", "POSIX")):
        name = locale.getlocale()[0] or "zh"
    return name.lower().startswith("en")


def localize(zh: str, en: str) -> str:
    """Return the text in the reader's language."""
    return en if is_english() else zh


def label(book: Labels, code: str) -> str:
    """Return the label of a code; an unknown code is returned as it is."""
    return label_of(book, code, "en" if is_english() else "zh")


def label_fact(kind: str, *, by_system: bool) -> str:
    """Return the label of a kind of fact, of one that the system recorded or will record where that reads otherwise."""
    return fact_label(kind, "en" if is_english() else "zh", by_system=by_system)
