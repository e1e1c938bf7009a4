"""Where a page of a list ended: its last keys, spelled so that nobody builds on it.

A cursor names the list (and the order of it) that it was given for: in any other it would begin just anywhere.
"""

import base64
import binascii
import json
from datetime import datetime
from uuid import UUID

from models.errors import BadFilter

#: Characters that a cursor of ours never exceeds; no more of one from elsewhere is read.
_LONGEST = 400


def cursor_after(of: str, *keys: str) -> str:
    """The cursor of the page of the list `of` that begins after `keys`. Opaque to callers."""
    return base64.urlsafe_b64encode(json.dumps([of, *keys]).encode()).decode().rstrip("=")


def keys_in(of: str, cursor: str, count: int) -> list[str]:
    """The keys, so many, that `cursor_after` was given for that list. Raises BadFilter for what it never made."""
    try:
        if len(cursor) > _LONGEST:
            raise ValueError("longer than any cursor")
        told = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        named: str
        keys: list[str]
        named, *keys = told
        if named != of or len(keys) != count or not all(isinstance(key, str) and "\x00" not in key for key in keys):
            raise ValueError("of another list")
    except (binascii.Error, ValueError, TypeError) as error:
        raise bad_cursor(cursor) from error
    return keys


def moment_and_id_in(of: str, cursor: str) -> tuple[datetime, UUID]:
    """The two keys of a list in the order of a moment, then of an id. Raises BadFilter."""
    moment, id_ = keys_in(of, cursor, 2)
    try:
        since, last = datetime.fromisoformat(moment), UUID(id_)
        if since.tzinfo is None:
            raise ValueError("a moment without a zone")
    except ValueError as error:
        raise bad_cursor(cursor) from error
    return since, last


def bad_cursor(cursor: str) -> BadFilter:
    """The refusal of a cursor that this list never gave."""
    return BadFilter(name="cursor", value=cursor[:80], pointer="/query/cursor")
