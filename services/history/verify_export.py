"""Verify an export of facts: without our database, with nothing but its files and the public key."""

import json
import tempfile
import time
import zipfile
from collections.abc import Iterator, Set
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from infra.signing import is_signed
from models.jobs.history import Fault, HistoryFinding, Verification
from rules.history.check import HashedFact, SignedHead, check_facts
from services.history.book import Book, days_without_anchor, read_book
from services.history.export import ANCHORS, FACTS, HEADS, MANIFEST, RETIRED, Manifest
from services.history.heads import Head, Heads, digest_of, parse_heads, root_of
from services.history.verify import Progress, check_retired, origin_missing

#: Bytes that an unpacked export may have for each byte of its ZIP file: JSON compresses well, a bomb much better.
MOST_COMPRESSED = 200


class NoExport(Exception):
    """What was given is no export of facts, or can't be read."""


def verify_export(path: Path, key: str | None = None, progress: Progress = lambda done, total: None) -> Verification:
    """Verify the export in the folder or ZIP file `path`.

    `key`: the public key (hexadecimal) that must have signed it; None takes the one that the export names, which says
    nothing about who made it. Raises NoExport when its files can't be read at all.
    """
    began = time.monotonic()
    try:
        with _unpacked(path) as folder:
            return _verify(folder, key, progress, began)
    except (OSError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise NoExport(f"{path}: {error}") from error


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield path
        return
    with zipfile.ZipFile(path) as packed, tempfile.TemporaryDirectory() as place:
        room = path.stat().st_size * MOST_COMPRESSED
        if sum(entry.file_size for entry in packed.infolist()) > room:
            raise zipfile.BadZipFile("it would unpack to far more than an export holds")
        packed.extractall(place)
        yield Path(place)


def _verify(folder: Path, key: str | None, progress: Progress, began: float) -> Verification:
    findings: list[HistoryFinding] = []
    manifest = _read_manifest(folder)
    key = key or manifest.key
    if manifest.key != key or not is_signed(key, manifest.signed_part(), manifest.signature):
        findings.append(_manifest_forged("清单的签名不符", "the manifest is not signed by the key"))
    made = [(entry.number, entry.day, entry.digest) for entry in manifest.anchors]
    book = read_book(folder / ANCHORS, key, made)
    findings += [*book.findings, *days_without_anchor(book, manifest.made_at)]
    heads = _read_heads(folder, manifest, findings)
    retired = _read_retired(folder, manifest, findings)
    seen: set[UUID] = set()
    facts = 0
    for origin, number, found in _read_facts(folder, findings):
        facts += len(found)
        if origin in seen:
            zh, en = f"{number} 的事实散落两处", f"facts of {number} stand in two places"
            findings.append(HistoryFinding(fault=Fault.FORGED, number=number, zh=zh, en=en))
            continue
        seen.add(origin)
        findings += _check(number, origin, found, heads, book)
        progress(len(seen), manifest.origins)
    findings += [origin_missing(number) for number in _gone(seen | retired.keys(), heads, book)]
    findings += check_retired(retired, seen, book)
    return Verification(
        at=datetime.now(UTC), origins=len(seen), facts=facts, anchors=len(book.anchors), key=key,
        last_day=book.last.day if book.last else None, retired=len(retired), findings=tuple(findings),
        seconds=time.monotonic() - began,
    )  # fmt: skip


def _read_manifest(folder: Path) -> Manifest:
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except ValidationError as error:
        raise NoExport(f"{MANIFEST}: {error.errors()[0]['msg']}") from error


def _read_heads(folder: Path, manifest: Manifest, findings: list[HistoryFinding]) -> dict[UUID, Head]:
    """Return the heads that the manifest has signed; none, with a finding, when they were changed."""
    content = (folder / HEADS).read_bytes()
    if digest_of(content) != manifest.heads:
        findings.append(_manifest_forged(f"{HEADS} 被改动", f"{HEADS} was changed"))
        return {}
    heads = parse_heads(content)
    if root_of(heads) != manifest.root:
        findings.append(_manifest_forged("根哈希与其案件不符", "its root is not that of its heads"))
    return heads


def _read_retired(folder: Path, manifest: Manifest, findings: list[HistoryFinding]) -> dict[UUID, Head]:
    """Return the heads of retired cases that the manifest has signed; none, with a finding, when they were changed."""
    if manifest.retired is None:
        return {}
    place = folder / RETIRED
    content = place.read_bytes() if place.exists() else b""
    if digest_of(content) != manifest.retired:
        findings.append(_manifest_forged(f"{RETIRED} 缺失或被改动", f"{RETIRED} is gone or was changed"))
        return {}
    return parse_heads(content)


def _read_facts(folder: Path, findings: list[HistoryFinding]) -> Iterator[tuple[UUID, str, list[HashedFact]]]:
    """Yield id, number and facts of each case or matter, as they follow each other in the file."""

    def lines() -> Iterator[tuple[UUID, dict[str, Any]]]:
        with (folder / FACTS).open(encoding="utf-8") as file:
            for place, line in enumerate(file, start=1):
                try:
                    record = json.loads(line)
                    origin, _ = UUID(record["origin"]), range(record["seq"])
                except (ValueError, KeyError, TypeError, AttributeError):
                    zh, en = f"{FACTS} 第 {place} 行不是事实", f"line {place} of {FACTS} is no fact"
                    findings.append(HistoryFinding(fault=Fault.FORGED, zh=zh, en=en))
                    continue
                yield origin, record

    for origin, group in groupby(lines(), key=lambda pair: pair[0]):
        records = [record for _, record in group]
        yield origin, str(records[0].get("number")), [_hashed(record) for record in records]


def _hashed(record: dict[str, Any]) -> HashedFact:
    content = {name: value for name, value in record.items() if name not in ("number", "hash")}
    try:
        return HashedFact(content, bytes.fromhex(record["hash"]))
    except (KeyError, ValueError, TypeError):
        return HashedFact(content, None)


def _check(number: str, origin: UUID, facts: list[HashedFact], heads: Heads, book: Book) -> Iterator[HistoryFinding]:
    head = heads.get(origin)
    if heads and head is None:
        zh, en = f"{number} 不在清单中", f"{number} is not in the manifest"
        yield HistoryFinding(fault=Fault.FORGED, number=number, zh=zh, en=en)
        return
    hashes = {fact.record["seq"]: fact.hash for fact in reversed(facts) if fact.hash is not None}
    signed = list(book.signed.get(origin, []))
    if head is None:
        yield from check_facts(number, facts, hashes, signed)
        return
    signed.append(SignedHead(head.link, ("清单", "the manifest")))
    yield from check_facts(head.number, facts, hashes, signed, head.link.seq)


def _gone(seen: Set[UUID], heads: Heads, book: Book) -> list[str]:
    """Return the numbers of the cases and matters that were signed and have no facts."""
    signed = {**book.heads, **heads}
    return sorted(head.number for origin, head in signed.items() if origin not in seen)


def _manifest_forged(zh: str, en: str) -> HistoryFinding:
    return HistoryFinding(fault=Fault.MANIFEST_FORGED, zh=zh, en=en)
