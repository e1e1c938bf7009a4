"""Pack the evidence of a case into one ZIP: the files, their hashes for `sha256sum -c`, and a list of their origin."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zipfile import ZIP_STORED, ZipFile, ZipInfo
from zoneinfo import ZoneInfo

from infra.objects import Reader
from infra.settings import Settings
from models.errors import EvidenceTooLarge
from models.views import FactView
from services.attachments.store import attachments_of
from services.desk.case_page import CasePageView, FileView
from services.wording import vocabulary

#: The most bytes of files in one ZIP (our choice): it is made while a person waits.
MAX_BYTES = 300_000_000
_CHUNK = 1_000_000
_EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
}
_HEADER = {
    "zh": ("文件", "SHA-256", "类型", "字节", "事实序号", "时间", "动作", "提供人"),
    "en": ("file", "SHA-256", "type", "bytes", "fact", "at", "what", "by"),
}


@dataclass(frozen=True)
class EvidenceFile:
    """A file of the ZIP: its name there, and the fact that added it."""

    name: str
    file: FileView
    fact: FactView


def collect_evidence(page: CasePageView) -> tuple[EvidenceFile, ...]:
    """Return the files of a case, in the order they were added. Raises EvidenceTooLarge."""
    size = sum(file.size for file in page.files.values())
    if size > MAX_BYTES:
        raise EvidenceTooLarge(megabytes=size // 1_000_000, most=MAX_BYTES // 1_000_000)
    pieces: list[EvidenceFile] = []
    seen: set[str] = set()
    for fact in page.facts:
        for sha256 in (*fact.body.get("attachments", ()), *fact.body.get("evidence", ())):
            file = page.files.get(sha256)
            if file is None or sha256 in seen:
                continue
            seen.add(sha256)
            extension = _EXTENSIONS.get(file.media_type, "bin")
            pieces.append(EvidenceFile(f"{len(pieces) + 1:03d}-{sha256[:12]}.{extension}", file, fact))
    return tuple(pieces)


async def open_evidence(settings: Settings, pieces: Sequence[EvidenceFile]) -> tuple[Reader, ...]:
    """Open all files before the first byte is sent. Raises what `Attachments.open` raises."""
    attachments = attachments_of(settings)
    return tuple([await attachments.open(piece.file.sha256, piece.file.size) for piece in pieces])


async def stream_zip(
    pieces: Sequence[EvidenceFile], readers: Sequence[Reader], made_at: datetime, zone: ZoneInfo, language: str
) -> AsyncIterator[bytes]:
    """Yield the ZIP in parts. `readers`: of the files, in their order.

    Raises AttachmentAltered and what a store that is away raises: the ZIP then ends where it is, which breaks it.
    """
    target = _Target()
    stamp = made_at.astimezone(zone)
    with ZipFile(target, "w", ZIP_STORED) as archive:
        sums = "".join(f"{piece.file.sha256}  {piece.name}\n" for piece in pieces)
        for name, content in (("SHA256SUMS", sums.encode()), ("evidence.csv", _list_csv(pieces, zone, language))):
            archive.writestr(_entry(name, stamp), content)
            yield target.take()
        for piece, reader in zip(pieces, readers, strict=True):
            with archive.open(_entry(piece.name, stamp), "w") as entry:
                while part := await reader.read(_CHUNK):
                    entry.write(part)
                    yield target.take()
            await reader.close()
    yield target.take()


def _entry(name: str, stamp: datetime) -> ZipInfo:
    return ZipInfo(name, stamp.timetuple()[:6])


def _list_csv(pieces: Sequence[EvidenceFile], zone: ZoneInfo, language: str) -> bytes:
    """Return the list as CSV for spreadsheets. A cell that a spreadsheet would take for a formula is marked as text."""
    buffer = io.StringIO()
    sheet = csv.writer(buffer)
    sheet.writerow(_HEADER["en" if language.startswith("en") else "zh"])
    for piece in pieces:
        fact, file = piece.fact, piece.file
        label = vocabulary.label_of(vocabulary.FACTS, fact.kind, language)
        at = fact.at.astimezone(zone).isoformat(timespec="seconds")
        cells = (piece.name, file.sha256, file.media_type, file.size, fact.seq, at, label, fact.actor.name)
        sheet.writerow([f"'{cell}" if str(cell).startswith(("=", "+", "-", "@")) else cell for cell in cells])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


class _Target(io.RawIOBase):
    """The file object that the archive is written to; `take` empties it, so that memory never holds the whole
    archive.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, part: object) -> int:
        view = memoryview(part)  # type: ignore[arg-type]
        self._buffer += view
        return view.nbytes

    def take(self) -> bytes:
        """Return what has been written since the last call."""
        taken = bytes(self._buffer)
        self._buffer.clear()
        return taken
