"""A mark for texts that are translated later, when the reader is known."""


def _(message: str) -> str:
    """The text itself; `web.messages` finds texts by this mark."""
    return message
