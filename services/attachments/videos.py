"""Copy MP4 and QuickTime videos without what they say beside picture and sound.

The boxes of the file (ISO/IEC 14496-12) that a player needs stay where they are; every other box (`udta`, `meta`,
`uuid`: position, device, time) becomes an empty `free` box of the same size, so that no offset changes. Tracks that are
neither picture nor sound, for example positions taken while filming, are emptied with their samples. Nothing is
transcoded.
"""

import shutil
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from models.errors import AttachmentDamaged, AttachmentTypeRefused

_FIELD = "/file"
_CHUNK = 1024 * 1024
#: What stays, by the box around it. `stbl` and `dinf` stay whole; the top level is "".
_KEPT = {
    "": frozenset({"ftyp", "moov", "mdat"}),
    "moov": frozenset({"mvhd", "trak"}),
    "trak": frozenset({"tkhd", "edts", "mdia", "tapt"}),
    "mdia": frozenset({"mdhd", "hdlr", "minf"}),
    "minf": frozenset({"vmhd", "smhd", "hdlr", "dinf", "stbl"}),
    "stbl": frozenset({
        "stsd", "stts", "ctts", "cslg", "stsc", "stsz", "stz2", "stco", "co64", "stss", "stps", "sdtp", "sbgp", "sgpd",
    }),
}  # fmt: skip
_TIMED = frozenset({"mvhd", "tkhd", "mdhd"})
_SHOWN_HANDLERS = frozenset({b"vide", b"soun"})
_MOST_BOXES = 20_000
#: Entries of one table that are read, all at once.
_MOST_NUMBERS = 500_000


@dataclass(frozen=True)
class _Box:
    """A box: its type, its first byte, the first byte of its content, and the byte after it."""

    kind: str
    start: int
    content: int
    end: int


@dataclass
class _Budget:
    """What a made-up file could ask for without end: boxes to visit, and bytes to empty."""

    boxes: int
    bytes: int

    def take(self, boxes: int = 0, count: int = 0) -> None:
        self.boxes -= boxes
        self.bytes -= count
        if self.boxes < 0 or self.bytes < 0:
            raise AttachmentDamaged(pointer=_FIELD)


def rewrite_video(source: IO[bytes], target: IO[bytes]) -> tuple[int, int]:
    """Write the video to `target`, which must be readable too, without metadata; return its width and height in pixels.

    Blocks: run it off the event loop. Raises AttachmentDamaged, and AttachmentTypeRefused for a file without a moving
    picture or recorded in fragments.
    """
    shutil.copyfileobj(source, target, _CHUNK)
    length = target.tell()
    budget = _Budget(_MOST_BOXES, 2 * length)
    try:
        return _clean(target, length, budget)
    except struct.error as error:
        raise AttachmentDamaged(pointer=_FIELD) from error


def _clean(file: IO[bytes], length: int, budget: _Budget) -> tuple[int, int]:
    top = list(_boxes(file, 0, length, budget))
    if any(box.kind == "moof" for box in top):
        raise AttachmentTypeRefused(sniffed="fragments", advice="fragments", pointer=_FIELD)
    if sum(box.kind == "moov" for box in top) != 1 or not any(box.kind == "mdat" for box in top):
        raise AttachmentDamaged(pointer=_FIELD)
    movie = next(box for box in top if box.kind == "moov")
    sizes = []
    for track in _inner(file, movie, budget, "trak"):
        handler = _handler(file, track, budget)
        if handler not in _SHOWN_HANDLERS:
            _empty_samples(file, track, length, budget)
            _empty(file, track, budget)
        elif handler == b"vide":
            sizes.append(_size_of(file, track, budget))
    if not sizes:
        raise AttachmentTypeRefused(sniffed="audio", advice="audio", pointer=_FIELD)
    _keep_only(file, top, "", budget)
    return sizes[0]


def _boxes(file: IO[bytes], start: int, end: int, budget: _Budget) -> Iterator[_Box]:
    """The boxes from `start` to `end`. Raises AttachmentDamaged for one that does not fit."""
    while start < end:
        budget.take(boxes=1)
        if end - start < 8:  # QuickTime ends a list of boxes with four zero bytes
            if any(_read(file, start, end - start)):
                raise AttachmentDamaged(pointer=_FIELD)
            return
        size, kind = struct.unpack(">I4s", _read(file, start, 8))
        content = start + 8
        if size == 1:
            (size,) = struct.unpack(">Q", _read(file, content, 8))
            content += 8
        elif size == 0:
            size = end - start
        if size < content - start or start + size > end:
            raise AttachmentDamaged(pointer=_FIELD)
        yield _Box(kind.decode("latin-1"), start, content, start + size)
        start += size


def _inner(file: IO[bytes], box: _Box, budget: _Budget, kind: str) -> list[_Box]:
    return [one for one in _boxes(file, box.content, box.end, budget) if one.kind == kind]


def _path(file: IO[bytes], box: _Box, budget: _Budget, *kinds: str) -> _Box:
    """The first box below `box` on the path. Raises AttachmentDamaged."""
    for kind in kinds:
        found = _inner(file, box, budget, kind)
        if not found:
            raise AttachmentDamaged(pointer=_FIELD)
        box = found[0]
    return box


def _keep_only(file: IO[bytes], boxes: list[_Box], inside: str, budget: _Budget) -> None:
    for box in boxes:
        if box.kind not in _KEPT[inside]:
            _empty(file, box, budget)
        elif box.kind in _KEPT:
            _keep_only(file, list(_boxes(file, box.content, box.end, budget)), box.kind, budget)
        elif box.kind in _TIMED:
            _empty_times(file, box)
        elif box.kind == "hdlr":  # after the handler's type: reserved, and a name, which may be a device's
            _zero(file, min(box.content + 12, box.end), box.end, budget)


def _empty(file: IO[bytes], box: _Box, budget: _Budget) -> None:
    file.seek(box.start + 4)
    file.write(b"free")
    _zero(file, box.content, box.end, budget)


def _empty_times(file: IO[bytes], box: _Box) -> None:
    """Empty the moments of creation and of change, of four bytes each, or of eight in version 1."""
    width = 16 if _read(file, box.content, 1) == b"\x01" else 8
    if box.content + 4 + width > box.end:
        raise AttachmentDamaged(pointer=_FIELD)
    file.seek(box.content + 4)
    file.write(bytes(width))


def _handler(file: IO[bytes], track: _Box, budget: _Budget) -> bytes:
    return _read(file, _path(file, track, budget, "mdia", "hdlr").content + 8, 4)


def _size_of(file: IO[bytes], track: _Box, budget: _Budget) -> tuple[int, int]:
    """The size at which the track is shown: its header ends with a matrix, width and height in 16.16 fixed point."""
    header = _path(file, track, budget, "tkhd")
    a, b, *_, width, height = struct.unpack(">9iII", _read(file, header.end - 44, 44))
    width, height = width >> 16, height >> 16
    return (height, width) if a == 0 and b != 0 else (width, height)


def _empty_samples(file: IO[bytes], track: _Box, length: int, budget: _Budget) -> None:
    """Empty the bytes of a track's samples, wherever they lie in the file."""
    table = _path(file, track, budget, "mdia", "minf", "stbl")
    sizes = _sample_sizes(file, table, budget)
    taken = 0
    for offset, count in _chunks(file, table, budget):
        amount = sizes * count if isinstance(sizes, int) else sum(sizes[taken : taken + count])
        taken += count
        if offset + amount > length:
            raise AttachmentDamaged(pointer=_FIELD)
        _zero(file, offset, offset + amount, budget)


def _sample_sizes(file: IO[bytes], table: _Box, budget: _Budget) -> int | tuple[int, ...]:
    """The size of every sample, or the one that all have."""
    box = _path(file, table, budget, "stsz")
    same, count = struct.unpack(">4xII", _read(file, box.content, 12))
    return int(same) if same else _numbers(file, box.content + 12, box.end, count, "I")


def _chunks(file: IO[bytes], table: _Box, budget: _Budget) -> Iterator[tuple[int, int]]:
    """The offset of each chunk of samples, and the number of its samples."""
    wide = _inner(file, table, budget, "co64")
    box = wide[0] if wide else _path(file, table, budget, "stco")
    (count,) = struct.unpack(">4xI", _read(file, box.content, 8))
    offsets = _numbers(file, box.content + 8, box.end, count, "Q" if wide else "I")
    runs_box = _path(file, table, budget, "stsc")
    (runs_count,) = struct.unpack(">4xI", _read(file, runs_box.content, 8))
    numbers = _numbers(file, runs_box.content + 8, runs_box.end, 3 * runs_count, "I")
    runs = dict(zip(numbers[::3], numbers[1::3], strict=True))  # the first chunk of a run → samples in each chunk
    each = 0
    for number, offset in enumerate(offsets, 1):
        each = runs.get(number, each)
        yield offset, each


def _numbers(file: IO[bytes], start: int, end: int, count: int, code: str) -> tuple[int, ...]:
    size = struct.calcsize(f">{code}") * count
    if start + size > end or count > _MOST_NUMBERS:
        raise AttachmentDamaged(pointer=_FIELD)
    return struct.unpack(f">{count}{code}", _read(file, start, size))


def _read(file: IO[bytes], start: int, count: int) -> bytes:
    file.seek(start)
    return file.read(count)


def _zero(file: IO[bytes], start: int, end: int, budget: _Budget) -> None:
    budget.take(count=end - start)
    file.seek(start)
    while start < end:
        count = min(_CHUNK, end - start)
        file.write(bytes(count))
        start += count
