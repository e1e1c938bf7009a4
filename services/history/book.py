"""The book of anchors: a folder of signed files, each linked to the one before. Reading it finds what was changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import rfc8785
from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from infra.signing import SigningKey, is_signed
from models.jobs.history import Anchor, Fault, HistoryFinding
from rules.history.check import SignedHead
from services.history.heads import Head, add_heads, digest_of, parse_heads, root_of

#: When the anchor of a day is due, after the day has ended in the park's zone (our choice).
DUE = timedelta(hours=2)


@dataclass
class Book:
    """The anchors that were found, by number; what they have signed; and what is wrong with them."""

    anchors: dict[int, Anchor] = field(default_factory=dict)
    digests: dict[int, str] = field(default_factory=dict)
    #: All heads up to the last anchor, and for each origin all that were ever signed.
    heads: dict[UUID, Head] = field(default_factory=dict)
    signed: dict[UUID, list[SignedHead]] = field(default_factory=dict)
    findings: list[HistoryFinding] = field(default_factory=list)

    @property
    def last(self) -> Anchor | None:
        """The newest anchor."""
        return self.anchors[max(self.anchors)] if self.anchors else None


def signed_part(value: Anchor) -> bytes:
    """Return what the signature of an anchor covers: canonical JSON of all other fields."""
    return rfc8785.dumps(to_jsonable_python(value.model_dump(exclude={"signature"})))


def sign_anchor(anchor: Anchor, key: SigningKey) -> Anchor:
    """Return the anchor signed by `key`, whose public part it names."""
    unsigned = anchor.model_copy(update={"key": key.public})
    return unsigned.model_copy(update={"signature": key.sign(signed_part(unsigned))})


def file_names(anchor: Anchor) -> tuple[str, str]:
    """Return the names of the anchor's file and of its heads' file."""
    stem = f"{anchor.number:06d}-{anchor.day}"
    return f"{stem}.json", f"{stem}.heads"


def read_book(folder: Path, key: str | None, expected: Sequence[tuple[int, date, str]] = ()) -> Book:
    """Read the anchors in `folder`.

    `key`: the public key that must have signed them; None takes that of the first anchor. `expected`: the anchors that
    are known to have been made (number, day, SHA-256 of the file). Raises OSError when the folder can't be read.
    """
    book = Book()
    contents = _read_files(folder, book)
    made = {number: (day, digest) for number, day, digest in expected}
    complete = True
    for number in range(1, max([*contents, *made], default=0) + 1):
        if number not in contents:
            day = made[number][0] if number in made else None
            book.findings.append(_missing(number, day))
            complete = False
            continue
        anchor, content = contents[number]
        key = key or anchor.key
        book.anchors[number], book.digests[number] = anchor, digest_of(content)
        book.findings.extend(_check(book, anchor, key, made))
        complete = _take_heads(book, folder, anchor) and complete
    if complete and book.last is not None and book.last.root != root_of(book.heads):
        book.findings.append(_forged(book.last, "根哈希与其案件不符", "its root is not that of its heads"))
    return book


def days_without_anchor(book: Book, now: datetime) -> Iterator[HistoryFinding]:
    """Yield the days since the first anchor that have ended and have none."""
    if book.last is None:
        return
    zone = ZoneInfo(book.last.zone)
    have = {anchor.day for anchor in book.anchors.values()}
    day = min(have)
    while datetime.combine(day + timedelta(days=1), time(), zone) + DUE <= now:
        if day not in have:
            yield HistoryFinding(fault=Fault.ANCHOR_MISSING, day=day, zh=f"{day} 没有锚", en=f"{day} has no anchor")
        day += timedelta(days=1)


def _read_files(folder: Path, book: Book) -> dict[int, tuple[Anchor, bytes]]:
    found: dict[int, tuple[Anchor, bytes]] = {}
    for path in sorted(folder.glob("*.json")):
        content = path.read_bytes()
        try:
            anchor = Anchor.model_validate_json(content)
        except ValidationError:
            zh, en = f"{path.name} 不是锚文件", f"{path.name} is no anchor"
            book.findings.append(HistoryFinding(fault=Fault.ANCHOR_FORGED, zh=zh, en=en))
            continue
        if path.name != file_names(anchor)[0] or anchor.number in found:
            book.findings.append(_forged(anchor, f"文件名 {path.name} 不符", f"it lies in {path.name}"))
            continue
        found[anchor.number] = (anchor, content)
    return found


def _check(book: Book, anchor: Anchor, key: str, made: dict[int, tuple[date, str]]) -> Iterator[HistoryFinding]:
    if anchor.key != key:
        yield _forged(anchor, f"由另一密钥 {anchor.key[:16]} 签名", f"it is signed by another key, {anchor.key[:16]}")
    elif not is_signed(key, signed_part(anchor), anchor.signature):
        yield _forged(anchor, "签名不符", "its signature does not fit")
    before = book.digests.get(anchor.number - 1)
    first_follows = anchor.number == 1 and anchor.previous is not None
    if first_follows or (before is not None and anchor.previous != before):
        yield _forged(anchor, "与前一锚不衔接", "it does not follow the anchor before")
    if anchor.number in made and made[anchor.number][1] != book.digests[anchor.number]:
        yield _forged(anchor, "与登记的不符", "it is not the one that was made")


def _take_heads(book: Book, folder: Path, anchor: Anchor) -> bool:
    """Add the heads of an anchor; return False, with a finding, when they are not there as they were signed."""
    path = folder / file_names(anchor)[1]
    try:
        content = path.read_bytes()
        heads = parse_heads(content)
    except FileNotFoundError:
        book.findings.append(_forged(anchor, f"缺文件 {path.name}", f"its file {path.name} is missing"))
        return False
    except ValueError:
        content, heads = b"", {}
    if digest_of(content) != anchor.changed:
        book.findings.append(_forged(anchor, f"{path.name} 被改动", f"{path.name} was changed"))
        return False
    where = (f"{anchor.day} 的锚({anchor.number} 号)", f"the anchor of {anchor.day} (no. {anchor.number})")
    for origin, head in heads.items():
        book.signed.setdefault(origin, []).append(SignedHead(head.link, where))
    add_heads(book.heads, heads)
    return True


def _missing(number: int, day: date | None) -> HistoryFinding:
    of = (f"({day})", f" (of {day})") if day else ("", "")
    return HistoryFinding(
        fault=Fault.ANCHOR_MISSING, anchor=number, day=day,
        zh=f"缺第 {number} 号锚{of[0]}", en=f"anchor no. {number}{of[1]} is missing",
    )  # fmt: skip


def _forged(anchor: Anchor, zh: str, en: str) -> HistoryFinding:
    return HistoryFinding(
        fault=Fault.ANCHOR_FORGED, anchor=anchor.number, day=anchor.day,
        zh=f"第 {anchor.number} 号锚({anchor.day}):{zh}", en=f"anchor no. {anchor.number} of {anchor.day}: {en}",
    )  # fmt: skip
