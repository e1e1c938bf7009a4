"""What phones and scanners make: stored as what every browser shows, without metadata, or refused with a way out."""

import io
import resource
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from infra.objects.folder import FolderObjects
from models.errors import DomainError
from services.attachments.files import Limits, StoredFile, rewrite_file
from services.attachments.store import Attachments
from services.attachments.thumbnails import LONGEST, Size, scale_picture
from services.wording.file_types import ADVICE, NAMES
from services.wording.refusals import refusal_message

LIMITS = Limits(file=8_000_000, video=1_000_000)
#: A film of a second, with a place, a device and a comment in its metadata, in the order in which phones write it.
CLIP = Path(__file__).with_name("clip.mov").read_bytes()


def picture(kind: str, size: tuple[int, int] = (40, 20), mode: str = "RGB", **options: Any) -> bytes:
    """A picture, red at its upper left corner."""
    image = Image.new(mode, size, "white")
    image.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    if kind == "HEIF" and "exif" in options:  # the encoder turns the picture by this; a reader ignores Exif in HEIF
        image.info["exif"] = options.pop("exif").tobytes()
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def phone_metadata(orientation: int = 1) -> Image.Exif:
    """What a phone writes: how it was held, its maker, and where."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretMaker"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (38.0, 30.0, 12.0)
    return exif


def store(content: bytes, folder: Path, limits: Limits = LIMITS) -> tuple[StoredFile, bytes]:
    with Attachments(FolderObjects(folder, "test"), folder / "incoming").temporary_path() as path:
        stored = rewrite_file(io.BytesIO(content), path, limits)
        return stored, path.read_bytes()


def branded(brand: bytes, content: bytes) -> bytes:
    """The file with another major brand."""
    return content[:8] + brand + content[12:]


HEIC = picture("HEIF", exif=phone_metadata(), quality=90)
LZW = picture("TIFF", compression="tiff_lzw")
TAKEN: dict[str, Callable[[], bytes]] = {
    "HEIC of an iPhone": lambda: HEIC,
    "HEIF heix": lambda: branded(b"heix", HEIC),
    "HEIF mif1": lambda: branded(b"mif1", HEIC),
    "HEIF msf1": lambda: branded(b"msf1", HEIC),
    "AVIF": lambda: picture("AVIF", exif=phone_metadata()),
    "TIFF": lambda: picture("TIFF", exif=phone_metadata()),
    "BMP": lambda: picture("BMP"),
    "HEIC with transparency": lambda: picture("HEIF", mode="RGBA"),
    "CMYK TIFF": lambda: picture("TIFF", mode="CMYK"),
    "16-bit TIFF": lambda: picture("TIFF", mode="I;16"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_picture_becomes_a_jpeg_without_metadata(name: str, tmp_path: Path) -> None:
    stored, content = store(TAKEN[name](), tmp_path)
    assert (stored.media_type, stored.width, stored.height) == ("image/jpeg", 40, 20)
    assert b"Secret" not in content
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, bool(image.getexif())) == ("JPEG", False)


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "TIFF", "JPEG"])
def test_a_phone_held_upright_gives_an_upright_picture(kind: str, tmp_path: Path) -> None:
    stored, content = store(picture(kind, exif=phone_metadata(orientation=6), quality=95), tmp_path)
    assert (stored.width, stored.height) == (20, 40)
    with Image.open(io.BytesIO(content)) as image:
        red, green, _ = image.convert("RGB").getpixel((18, 2))  # type: ignore[misc]
    assert (red > 200, green < 80) == (True, True), "the corner that was on the upper left is now on the upper right"


def big_jpeg(width: int, height: int, **options: Any) -> bytes:
    target = io.BytesIO()
    Image.new("L", (width, height), "grey").save(target, "JPEG", quality=30, **options)
    return target.getvalue()


def test_a_photo_of_108_megapixels_is_shrunk_within_bounded_memory(tmp_path: Path) -> None:
    content = big_jpeg(12_000, 9_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    stored, _ = store(content, tmp_path)
    assert (stored.width, stored.height) == (6_000, 4_500)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000, "kilobytes"


def office(name: str) -> bytes:
    return b"PK\x03\x04" + bytes(26) + name.encode()


REFUSED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "voice note AMR": (lambda: b"#!AMR\n\x3c\x91", "attachment_type_refused", "audio"),
    "voice note SILK": (lambda: b"\x02#!SILK_V3\x0c", "attachment_type_refused", "audio"),
    "voice note M4A": (lambda: branded(b"M4A ", CLIP), "attachment_type_refused", "audio"),
    "MP3": (lambda: b"ID3\x04\x00", "attachment_type_refused", "audio"),
    "OGG": (lambda: b"OggS\x00\x02", "attachment_type_refused", "audio"),
    "WAV": (lambda: b"RIFF\x24\x00\x00\x00WAVEfmt ", "attachment_type_refused", "audio"),
    "AVI": (lambda: b"RIFF\x24\x00\x00\x00AVI LIST", "attachment_type_refused", "video"),
    "WebM": (lambda: b"\x1aE\xdf\xa3\x9f", "attachment_type_refused", "video"),
    "film in fragments": (lambda: CLIP + struct.pack(">I4s", 8, b"moof"), "attachment_type_refused", "fragments"),
    "sound only": (lambda: CLIP.replace(b"mhlrvide", b"mhlrsoun"), "attachment_type_refused", "audio"),
    "Word, new": (lambda: office("[Content_Types].xml"), "attachment_type_refused", "office"),
    "Word, old": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "attachment_type_refused", "office"),
    "RAR": (lambda: b"Rar!\x1a\x07\x01\x00", "attachment_type_refused", "archive"),
    "raw picture": (lambda: picture("TIFF", tiffinfo={50706: b"\1\4\0\0"}), "attachment_type_refused", "raw"),
    "scan of pages": (
        lambda: picture("TIFF", save_all=True, append_images=[Image.new("RGB", (9, 9))]),
        "attachment_type_refused",
        "pages",
    ),
    "moving AVIF": (
        lambda: picture("AVIF", save_all=True, append_images=[Image.new("RGB", (40, 20))]),
        "attachment_animated",
        "",
    ),
    "damaged HEIC": (lambda: HEIC[: len(HEIC) // 2], "attachment_damaged", ""),
    "damaged AVIF": (lambda: picture("AVIF")[:150], "attachment_damaged", ""),
    "damaged TIFF": (lambda: LZW.replace(b"\x80", b"\xff"), "attachment_damaged", ""),
    "damaged film": (lambda: CLIP[:-40], "attachment_damaged", ""),
    "film without a movie box": (lambda: CLIP.replace(b"moov", b"free"), "attachment_damaged", ""),
    "film with a box of no length": (
        lambda: CLIP.replace(struct.pack(">I", CLIP.index(b"mdat") and 8), b"\0\0\0\1", 1),
        "attachment_damaged",
        "",
    ),
    "JPEG of 300 megapixels": (lambda: big_jpeg(20_000, 15_000), "image_too_large", ""),
    "film over its limit": (lambda: CLIP + struct.pack(">I4s", 1_000_000, b"free") + bytes(999_992),
                            "attachment_too_large", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_named_rightly_with_the_way_out(name: str, tmp_path: Path) -> None:
    content, code, word = REFUSED[name]
    with pytest.raises(DomainError) as refused:
        store(content(), tmp_path)
    assert refused.value.code == code
    if word:
        for language, n in (("zh", 0), ("en", 1)):
            said = refusal_message(refused.value, language)
            assert NAMES[word][n] in said
            assert ADVICE[word][n] in said
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_film_keeps_its_picture_and_loses_what_it_says_about_place_and_device(tmp_path: Path) -> None:
    assert b"SecretMaker" in CLIP
    stored, content = store(CLIP, tmp_path)
    assert (stored.media_type, stored.width, stored.height) == ("video/quicktime", 96, 64)
    assert b"Secret" not in content
    assert b"+38" not in content
    assert len(content) == len(CLIP), "no offset has changed"
    start = CLIP.index(b"mdat")
    assert content[start : start + 200] == CLIP[start : start + 200]
    for box in (b"mvhd", b"tkhd", b"mdhd"):
        assert content[content.index(box) + 8 :][:8] == bytes(8), "when it was filmed"


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of a film."""
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def with_positions(wide: bool) -> bytes:
    """The film with a track of positions, as action cameras and drones add: two chunks of samples, and their tables."""
    samples = b"+38.0021+117.0021/" * 4
    offsets = (len(CLIP) + 8, len(CLIP) + 8 + len(samples) // 2)
    table = struct.pack(">8xI", 2) + b"".join(struct.pack(">Q" if wide else ">I", one) for one in offsets)
    places = box(b"co64" if wide else b"stco", table[4:])
    sizes = box(b"stsz", struct.pack(">4xIII", *((18, 4, 0) if wide else (0, 4, 18))), struct.pack(">3I", 18, 18, 18))
    track = box(
        b"trak",
        box(b"tkhd", bytes(84)),
        box(
            b"mdia",
            box(b"mdhd", bytes(24)),
            box(b"hdlr", bytes(8), b"meta", bytes(12)),
            box(b"minf", box(b"stbl", box(b"stsc", struct.pack(">4x4I", 1, 1, 2, 1)), sizes, places)),
        ),
    )
    start = CLIP.index(b"moov") - 4
    length = int.from_bytes(CLIP[start : start + 4])
    grown = struct.pack(">I", length + len(track)) + CLIP[start + 4 : start + length] + track
    return (
        CLIP[:start]
        + box(b"free", CLIP[start + 8 : start + length])
        + CLIP[start + length :]
        + box(b"mdat", samples)
        + grown
    )


@pytest.mark.parametrize("wide", [False, True])
def test_positions_taken_while_filming_are_emptied(wide: bool, tmp_path: Path) -> None:
    content = with_positions(wide)
    assert content.count(b"+38.0021") >= 4
    _, stored = store(content, tmp_path)
    assert b"+38.0021" not in stored
    assert len(stored) == len(content)


def test_a_made_up_table_can_not_take_the_memory(tmp_path: Path) -> None:
    content = with_positions(wide=False).replace(
        struct.pack(">4xIII", 0, 4, 18), struct.pack(">4xIII", 0, 2**32 - 1, 18)
    )
    with pytest.raises(DomainError) as refused:
        store(content, tmp_path)
    assert refused.value.code == "attachment_damaged"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_small_copy_is_a_small_picture(kind: str, tmp_path: Path) -> None:
    stored, content = store(picture(kind, (900, 600)), tmp_path)
    (tmp_path / "picture").write_bytes(content)
    for size in Size:
        copy = tmp_path / f"{size}.webp"
        copy.touch()
        scale_picture(tmp_path / "picture", stored.media_type, size, copy)
        with Image.open(copy) as image:
            assert (image.format, image.width) == ("WEBP", min(900, LONGEST[size]))
