"""Which numbers of people may leave with the answer to the request that is being served.

`doors.masking` masks every number in every answer but these: what a view shows whole because its reader need see it,
and what the reader sent with this very request. A view that forgets to mask still shows no number.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from models.personal_numbers import mask_numbers, numbers_in

_shown: ContextVar[set[str] | None] = ContextVar("shown_numbers", default=None)
#: Stands among the numbers of an answer that is not looked at; no number looks like it.
_AS_MADE = "as made"


@contextmanager
def answering() -> Iterator[None]:
    """Serve one request: at first no number may leave."""
    token = _shown.set(set())
    try:
        yield
    finally:
        _shown.reset(token)


def show(*texts: Any) -> None:
    """Let the numbers in these texts leave with this answer; of lists and mappings, those at any depth."""
    shown = _shown.get()
    if shown is None:
        return
    for text in texts:
        if isinstance(text, str):
            shown |= numbers_in(text)
        elif isinstance(text, dict):
            show(*text.values())
        elif isinstance(text, list | tuple):
            show(*text)


def send_as_made() -> None:
    """Send this answer as it is: a file whose rows were masked when it was made, or figures without a text of people.

    A file is sent in parts of any length, and part of a code may look like somebody's number.
    """
    if (shown := _shown.get()) is not None:
        shown.add(_AS_MADE)


def mask_answer(text: str) -> str:
    """Return the text of an answer with every number masked that no view shows whole."""
    shown: frozenset[str] | set[str] = _shown.get() or frozenset()
    return text if _AS_MADE in shown else mask_numbers(text, shown)
