"""Page cursors of lists: the last keys of a page, encoded so that no caller relies on their content.

A cursor names the list and order that it was made for; in another list it would point to an arbitrary place.
"""

import base64
import binascii
import json
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, literal, tuple_

from models.errors import BadFilter

#: No cursor of ours has more characters; a longer one is refused unread.
_MAX_LENGTH = 400


def cursor_after(list_name: str, *keys: str) -> str:
    """Return the cursor of the page of the list `list_name` that begins after `keys`. Opaque to callers."""
    return base64.urlsafe_b64encode(json.dumps([list_name, *keys]).encode()).decode().rstrip("=")


def read_cursor(list_name: str, cursor: str, count: int) -> list[str]:
    """Return the `count` keys that `cursor_after` was given for that list. Raises BadFilter for any other cursor."""
    try:
        if len(cursor) > _MAX_LENGTH:
            raise ValueError("longer than any cursor")
        decoded = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        encoded_name: str
        keys: list[str]
        encoded_name, *keys = decoded
        if (
            encoded_name != list_name
            or len(keys) != count
            or not all(isinstance(key, str) and "\x00" not in key for key in keys)
        ):
            raise ValueError("of another list")
    except (binascii.Error, ValueError, TypeError) as error:
        raise bad_cursor(cursor) from error
    return keys


def read_time_cursor(list_name: str, cursor: str) -> tuple[datetime, UUID]:
    """Return the two keys of a list ordered by a time, then by an id. Raises BadFilter."""
    moment, id_ = read_cursor(list_name, cursor, 2)
    try:
        since, last = datetime.fromisoformat(moment), UUID(id_)
        if since.tzinfo is None:
            raise ValueError("a moment without a zone")
    except ValueError as error:
        raise bad_cursor(cursor) from error
    return since, last


def time_cursor(list_name: str, at: datetime, id_: UUID) -> str:
    """Return the cursor of the page that begins after the row of that time and id."""
    return cursor_after(list_name, at.isoformat(), str(id_))


def beyond_time_cursor(
    list_name: str, cursor: str, at: ColumnElement[datetime], id_: ColumnElement[UUID], *, descending: bool = False
) -> ColumnElement[bool]:
    """The condition that a row comes after the cursor, in a list ordered by a time, then by an id. Raises BadFilter."""
    last = tuple_(*map(literal, read_time_cursor(list_name, cursor)))
    row = tuple_(at, id_)
    return row < last if descending else row > last


def bad_cursor(cursor: str) -> BadFilter:
    """Return the refusal of a cursor that this list never gave."""
    return BadFilter(name="cursor", value=cursor[:80], pointer="/query/cursor")
