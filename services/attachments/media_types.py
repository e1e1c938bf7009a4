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
    HEIC = "image/heic"
    AVIF = "image/avif"
    TIFF = "image/tiff"
    BMP = "image/bmp"
    MP4 = "video/mp4"
    QUICKTIME = "video/quicktime"
    PDF = "application/pdf"


#: Pictures that browsers do not all show are stored as JPEG.
CONVERTED = frozenset({Kind.HEIC, Kind.AVIF, Kind.TIFF, Kind.BMP})
VIDEOS = frozenset({Kind.MP4, Kind.QUICKTIME})
#: The types that stored files can have.
STORED = tuple(kind for kind in Kind if kind not in CONVERTED)

# Major brands of ISO base media files: HEIF (ISO/IEC 23008-12), AVIF, MP4 (ISO/IEC 14496-12 and -14), 3GPP TS 26.244.
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2", b"msf1")
_AVIF_BRANDS = (b"avif", b"avis")
_AUDIO_BRANDS = (b"M4A ", b"M4B ", b"M4P ")
_MP4_BRANDS = re.compile(rb"iso[m2-9a-c]|mp4[12]|avc1|M4V |M4VP|mmp4|MSNV|3g[pg2s].|dash")
#: What an old QuickTime file, without a brand, starts with.
_QUICKTIME_STARTS = frozenset({b"moov", b"mdat", b"wide"})
_AUDIO = (b"#!AMR", b"#!SILK", b"\x02#!SILK", b"ID3", b"OggS", b"caff", b"fLaC", b"\xff\xfb", b"\xff\xf3", b"\xff\xf1")
_OTHER_VIDEO = (b"\x1aE\xdf\xa3", b"FLV\x01", b"0&\xb2u\x8ef\xcf\x11", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3")
_OTHER_PICTURES = (b"\x00\x00\x00\x0cjP  ", b"\x00\x00\x00\x0cJXL ", b"\xff\x0a", b"8BPS")
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b")
_OFFICE_NAMES = re.compile(
    rb"PK\x03\x04.{26}(\[Content_Types\]|_rels/|word/|xl/|ppt/|mimetypeapplication/vnd\.oasis)", re.S
)
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
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
    if head.startswith((b"II*\x00", b"MM\x00*")):
        return Kind.TIFF
    if head.startswith(b"BM") and head[6:10] == bytes(4):
        return Kind.BMP
    if head.startswith(b"%PDF-"):
        return Kind.PDF
    return _kind_of_boxes(head)


def _kind_of_boxes(head: bytes) -> Kind | None:
    if head[4:8] in _QUICKTIME_STARTS:
        return Kind.QUICKTIME
    brand = _brand(head)
    if brand == b"qt  ":
        return Kind.QUICKTIME
    if brand in _HEIF_BRANDS:
        # A picture of the general brand may be coded as AVIF: the compatible brands say so.
        length = int.from_bytes(head[:4])
        return Kind.AVIF if brand in {b"mif1", b"msf1"} and b"avif" in head[16:length] else Kind.HEIC
    if brand in _AVIF_BRANDS:
        return Kind.AVIF
    return Kind.MP4 if brand is not None and _MP4_BRANDS.fullmatch(brand) else None


def _brand(head: bytes) -> bytes | None:
    return head[8:12] if head[4:8] == b"ftyp" else None


def describe_type(head: bytes) -> str:
    """Return the code of a type that is not accepted; `services.wording.file_types` has its words and what to do."""
    # A pattern on bytes does not treat a byte order mark as space.
    unmarked = head.removeprefix(b"\xef\xbb\xbf")
    tests = (
        ("gif", head.startswith((b"GIF87a", b"GIF89a"))),
        ("audio", head.startswith(_AUDIO) or _brand(head) in _AUDIO_BRANDS or head[8:12] == b"WAVE"),
        ("video", head.startswith(_OTHER_VIDEO) or head[8:12] == b"AVI " or _brand(head) is not None),
        ("picture", head.startswith(_OTHER_PICTURES)),
        ("office", head.startswith(_OLD_OFFICE) or _OFFICE_NAMES.match(head) is not None),
        ("archive", head.startswith(_ARCHIVES)),
        ("executable", head.startswith(_EXECUTABLE)),
        ("html", _HTML.match(unmarked) is not None),
        ("xml", _XML.match(unmarked) is not None),
        ("text", _is_text(head)),
    )
    return next((code for code, fits in tests if fits), "unknown")


def _is_text(head: bytes) -> bool:
    if head.translate(None, _BINARY_BYTES) != head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The head may end in the middle of a character.
        return len(head) == HEAD and error.start >= HEAD - 3
    return True
