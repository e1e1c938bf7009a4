"""What the command line calls things, in the terminal's language: the books are `services.wording.vocabulary`."""

import locale
import os

from services.wording.vocabulary import FACTS, LIGHTS, ROLES, STAGES, UNITS, Labels, label_of

__all__ = ["FACTS", "LIGHTS", "ROLES", "STAGES", "UNITS", "is_english", "label", "localize"]


def is_english() -> bool:
    """Whether to speak English: by `GRIDLOOP_LANG`, else by the terminal's locale; else Chinese."""
    wanted = os.environ.get("GRIDLOOP_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    if not wanted or wanted.startswith(("C", "POSIX")):
        wanted = locale.getlocale()[0] or "zh"
    return wanted.lower().startswith("en")


def localize(zh: str, en: str) -> str:
    """The one of two texts that is in the reader's language."""
    return en if is_english() else zh


def label(book: Labels, code: str) -> str:
    """The word for a code; an unknown code stands for itself."""
    return label_of(book, code, "en" if is_english() else "zh")
