"""Detect the type of a file from its content. Names and declared types are ignored: the sender chooses both."""

import re
from enum import StrEnum

#: How many bytes from the start are enough to detect the type.
HEAD = 4096


class Kind(StrEnum):
    """The accepted media types."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    PDF = "application/pdf"


_HTML = re.compile(rb"\A\s*(<!--.*?-->\s*)?<(!doctype\s+html|html|head|body|script|iframe|meta|title)\b", re.I | re.S)
_XML = re.compile(rb"\A\s*<(\?xml|svg|!doctype)\b", re.I)
_EXECUTABLE = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"#!")
_BINARY_BYTES = bytes(set(range(32)) - {9, 10, 12, 13})


def accepted_kind(head: bytes) -> Kind | None:
    """Return the accepted type that the first bytes, `head`, belong to; None when it is none of them."""
    if head.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return Kind.WEBP
    return Kind.PDF if head.startswith(b"%PDF-") else None


def describe_type(head: bytes) -> str:
    """Return a word for a type that is not accepted: gif, heic, zip, executable, html, xml, text or unknown."""
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"mif1", b"msf1", b"hevc"}:
        return "heic"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return "zip"
    if head.startswith(_EXECUTABLE):
        return "executable"
    # A pattern on bytes does not treat a byte order mark as space.
    unmarked = head.removeprefix(b"\xef\xbb\xbf")
    if _HTML.match(unmarked):
        return "html"
    if _XML.match(unmarked):
        return "xml"
    return "text" if _is_text(head) else "unknown"


def _is_text(head: bytes) -> bool:
    if head.translate(None, _BINARY_BYTES) != head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The head may end in the middle of a character.
        return len(head) == HEAD and error.start >= HEAD - 3
    return True
