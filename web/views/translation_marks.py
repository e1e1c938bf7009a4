"""Marks texts for translation where they are written, to be said where a reader is known."""


def _(message: str) -> str:
    """The text itself; `web.messages` finds it by this mark."""
    return message
