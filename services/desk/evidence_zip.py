"""The evidence of a case as one ZIP: its files, their hashes for `sha256sum -c`, and a list of who gave what when."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo
from zoneinfo import ZoneInfo

from infra.settings import Settings
from models.errors import AttachmentLost, EvidenceTooLarge
from models.views import FactView
from services.attachments.files import path_of
from services.desk.case_page import CasePageView, FileView
from services.wording import vocabulary

#: Bytes of files that one ZIP takes (our choice): made while somebody waits.
MOST_BYTES = 300_000_000
_PIECE = 1_000_000
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "application/pdf": "pdf"}
_HEADER = {
    "zh": ("文件", "SHA-256", "类型", "字节", "事实序号", "时间", "动作", "提供人"),
    "en": ("file", "SHA-256", "type", "bytes", "fact", "at", "what", "by"),
}


@dataclass(frozen=True)
class Piece:
    """A file of the bundle: what it is called there, where it lies, and the fact that brought it."""

    name: str
    path: Path
    file: FileView
    fact: FactView


def gather(known: CasePageView, settings: Settings) -> tuple[Piece, ...]:
    """The files of a case that somebody may see, as they were brought. Raises EvidenceTooLarge and AttachmentLost."""
    size = sum(file.size for file in known.files.values())
    if size > MOST_BYTES:
        raise EvidenceTooLarge(megabytes=size // 1_000_000, most=MOST_BYTES // 1_000_000)
    found: list[Piece] = []
    seen: set[str] = set()
    for fact in known.facts:
        for sha256 in (*fact.body.get("attachments", ()), *fact.body.get("evidence", ())):
            file = known.files.get(sha256)
            if file is None or sha256 in seen:
                continue
            seen.add(sha256)
            path = path_of(settings.attachments_dir, sha256)
            if not path.is_file():
                raise AttachmentLost(sha256=sha256)
            ending = _ENDINGS.get(file.media_type, "bin")
            found.append(Piece(f"{len(found) + 1:03d}-{sha256[:12]}.{ending}", path, file, fact))
    return tuple(found)


def bundle(pieces: Sequence[Piece], made_at: datetime, zone: ZoneInfo, language: str) -> Iterator[bytes]:
    """The ZIP, bit by bit. Blocks while it reads files: keep it off the event loop."""
    target = _Target()
    stamp = made_at.astimezone(zone)
    with ZipFile(target, "w", ZIP_STORED) as archive:
        sums = "".join(f"{piece.file.sha256}  {piece.name}\n" for piece in pieces)
        for name, content in (("SHA256SUMS", sums.encode()), ("evidence.csv", _list(pieces, zone, language))):
            archive.writestr(_entry(name, stamp), content)
            yield target.take()
        for piece in pieces:
            with piece.path.open("rb") as source, archive.open(_entry(piece.name, stamp), "w") as entry:
                while part := source.read(_PIECE):
                    entry.write(part)
                    yield target.take()
    yield target.take()


def _entry(name: str, stamp: datetime) -> ZipInfo:
    return ZipInfo(name, stamp.timetuple()[:6])


def _list(pieces: Sequence[Piece], zone: ZoneInfo, language: str) -> bytes:
    """The list, as spreadsheets open it. A cell that a spreadsheet would take for a formula is marked as text."""
    written = io.StringIO()
    sheet = csv.writer(written)
    sheet.writerow(_HEADER["en" if language.startswith("en") else "zh"])
    for piece in pieces:
        fact, file = piece.fact, piece.file
        what = vocabulary.label_of(vocabulary.FACTS, fact.kind, language)
        at = fact.at.astimezone(zone).isoformat(timespec="seconds")
        cells = (piece.name, file.sha256, file.media_type, file.size, fact.seq, at, what, fact.actor.name)
        sheet.writerow([f"'{cell}" if str(cell).startswith(("=", "+", "-", "@")) else cell for cell in cells])
    return b"\xef\xbb\xbf" + written.getvalue().encode()


class _Target(io.RawIOBase):
    """Where the archive is written to; what has come is taken away again and again, so memory never holds it whole."""

    def __init__(self) -> None:
        self._came = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, part: object) -> int:
        held = memoryview(part)  # type: ignore[arg-type]
        self._came += held
        return held.nbytes

    def take(self) -> bytes:
        """What has been written since the last time."""
        came = bytes(self._came)
        self._came.clear()
        return came
