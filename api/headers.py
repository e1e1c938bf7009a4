"""Request headers that commands to cases and to matters share."""

from typing import Annotated
from uuid import UUID

from fastapi import Header

from models.errors import BadFilter

#: More digits than any revision has. Python refuses to parse integers of more than 4300 digits.
_MAX_REVISION_DIGITS = 18

IdempotencyKey = Annotated[
    UUID | None, Header(alias="Idempotency-Key", description="A UUID of the client's making; resending it is safe")
]
IfMatch = Annotated[str | None, Header(alias="If-Match", description="The revision the caller has seen")]


def revision_in(if_match: str | None) -> int | None:
    """Return the revision in an If-Match header; None for `*`. Raises BadFilter for anything else."""
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_REVISION_DIGITS):
        raise BadFilter(name="If-Match", value=if_match[:80], pointer="/header/If-Match")
    return int(text)
