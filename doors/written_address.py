"""What no address of ours holds: control characters, text that is not UTF-8, more than a browser would send."""

from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from models.errors import InputError, NoSuchPage
from models.text import find_control

#: The most bytes of a path and of a query, as they are sent (our choice). Our longest filters are some 2,000.
LONGEST_PATH, LONGEST_QUERY = 2_000, 48_000


def check_address(scope: Scope) -> None:
    """Check path and query before any route reads them. Raises NoSuchPage for the path, InputError for the query.

    Other control characters than NUL in a query are left to the type of the parameter: a search for one finds nothing.
    """
    path = scope.get("raw_path") or scope["path"].encode("utf-8", "replace")
    text = _decoded(path)
    if len(path) > LONGEST_PATH or text is None or find_control(text) is not None:
        raise NoSuchPage(what=scope["path"][:80].encode("ascii", "backslashreplace").decode())
    query: bytes = scope["query_string"]
    if len(query) > LONGEST_QUERY:
        raise InputError(why_zh="地址过长", why_en="the address is too long", pointer="/query")
    text = _decoded(query)
    if text is None or "\0" in text:
        why_zh, why_en = "含有不能使用的字符", "it holds a character that cannot be used"
        raise InputError(why_zh=why_zh, why_en=why_en, pointer=f"/query{_name_at_fault(query)}")


def _decoded(sent: bytes) -> str | None:
    """Return a part of an address as text; None where it is not UTF-8."""
    try:
        return unquote_to_bytes(sent).decode("utf-8")
    except UnicodeDecodeError:
        return None


def _name_at_fault(query: bytes) -> str:
    """Return "/" and the name of the first parameter with such a character; nothing where the name itself has it."""
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        told = _decoded(value)
        if told is None or "\0" in told:
            return f"/{name.decode('ascii')}" if name.isalnum() else ""
    return ""
