"""What pydantic finds wrong with input, as pointers."""

from collections.abc import Sequence

#: Where FastAPI says a value came from, when it is the body: a pointer starts inside it.
_BODY = "body"


def pointer(location: Sequence[str | int]) -> str:
    """The RFC 6901 pointer of a pydantic location: from the body's root, or `/query/…`, `/path/…`, `/header/…`."""
    parts = list(location)
    if parts and parts[0] == _BODY:
        parts = parts[1:]
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
