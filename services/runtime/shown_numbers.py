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


def mask_answer(text: str) -> str:
    """Return the text of an answer with every number masked that no view shows whole."""
    return mask_numbers(text, _shown.get() or frozenset())
