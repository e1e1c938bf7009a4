"""JSON pointers for the locations of pydantic errors."""

from collections.abc import Sequence

#: FastAPI's first location part for a value in the body. Pointers begin inside the body.
_BODY = "body"


def pointer(location: Sequence[str | int]) -> str:
    """Return the RFC 6901 pointer of a pydantic location: into the body, or `/query/…`, `/path/…`, `/header/…`."""
    parts = list(location)
    if parts and parts[0] == _BODY:
        parts = parts[1:]
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
