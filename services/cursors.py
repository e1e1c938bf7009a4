"""Where a page ended: the last key, spelled so that nobody builds on it."""

import base64
import binascii

from models.errors import BadFilter


def cursor_after(key: str) -> str:
    """The cursor of the page that begins after `key`. Opaque to callers."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def key_in(cursor: str) -> str:
    """The key that `cursor_after` was given. Raises BadFilter for what it never made."""
    try:
        key = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise BadFilter(name="cursor", value=cursor, pointer="/query/cursor") from error
    if "\x00" in key:
        raise BadFilter(name="cursor", value=cursor, pointer="/query/cursor")
    return key
