"""Verify the facts in the database against their hashes, and these against the anchors outside it."""

import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Set
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import snapshot_connection
from infra.settings import Settings
from infra.signing import load_signing_key
from models.jobs.history import Fault, HistoryFinding, Verification
from rules.case_number import case_number
from rules.history.check import check_facts, check_head
from services.history.anchors import read_made
from services.history.book import Book, days_without_anchor, read_book
from services.history.heads import Heads, read_retired_heads
from services.history.records import OriginFacts, stream_history

#: Called with the number of cases and matters verified, and of all.
Progress = Callable[[int, int], None]
#: How many missing numbers of a park and day are named one by one.
NAMED = 20

_ORIGINS = text("""
    SELECT report_id AS id, case_no AS number, seq FROM cases UNION ALL SELECT id, code, seq FROM matters
""")
_COUNTERS = text("SELECT park, day, last FROM case_counters WHERE park NOT LIKE '%:%' ORDER BY day, park")
_CASE_NUMBERS = text("SELECT case_no FROM cases UNION ALL SELECT case_no FROM retired_cases")


class Origin(NamedTuple):
    """What the database says of a case or matter: its number, and that of its last fact."""

    number: str
    seq: int


async def verify_store(
    engine: AsyncEngine,
    settings: Settings,
    progress: Progress = lambda done, total: None,
    *,
    now: datetime | None = None,
) -> Verification:
    """Verify all facts in the database, in one snapshot, and the anchors.

    Raises OSError when the anchors can't be read, SigningKeyUnreadable, and what a database raises that is away.
    """
    began, now = time.monotonic(), now or datetime.now(UTC)
    key = load_signing_key(settings.anchor_key).public if settings.anchor_key.exists() else None
    async with snapshot_connection(engine) as connection:
        book = read_book(settings.anchors_dir, key, await read_made(connection))
        origins = {row.id: Origin(row.number, row.seq) for row in await connection.execute(_ORIGINS)}
        retired = {id_: head for id_, head in (await read_retired_heads(connection)).items() if id_ not in origins}
        findings = [*book.findings, *days_without_anchor(book, now)]
        facts, seen = 0, set[UUID]()
        async for one in stream_history(connection):
            known = origins.get(one.id)
            seen.add(one.id)
            facts += len(one.facts)
            findings += check_origin(one, known, book)
            progress(len(seen), len(origins))
        findings += _without_facts(seen | retired.keys(), origins, book)
        findings += check_retired(retired, seen, book)
        findings += [finding async for finding in _numbers_missing(connection)]
    return Verification(
        at=now, origins=len(seen), facts=facts, anchors=len(book.anchors), key=key,
        last_day=book.last.day if book.last else None, retired=len(retired), findings=tuple(findings),
        seconds=time.monotonic() - began,
    )  # fmt: skip


def check_origin(one: OriginFacts, known: Origin | None, book: Book) -> Iterator[HistoryFinding]:
    """Yield what is wrong with one case or matter; `known` None: its row is gone."""
    heads = book.signed.get(one.id, [])
    if known is None:
        yield origin_missing(book.heads[one.id].number if one.id in book.heads else str(one.id))
    elif not one.facts:
        yield origin_missing(known.number)
    else:
        yield from check_facts(known.number, one.facts, one.hashes, heads, known.seq)


def check_retired(retired: Heads, seen: Set[UUID], book: Book) -> Iterator[HistoryFinding]:
    """Yield what is wrong with the last hashes of retired cases; one whose facts are there is checked by them."""
    for id_, head in sorted(retired.items()):
        if id_ not in seen:
            yield from check_head(head.number, head.link, book.signed.get(id_, []))


def _without_facts(seen: Set[UUID], origins: Mapping[UUID, Origin], book: Book) -> Iterator[HistoryFinding]:
    """Yield cases and matters that an anchor or the database knows, and of which neither fact nor hash is there."""
    for id_, head in sorted(book.heads.items()):
        if id_ not in seen:
            yield origin_missing(head.number)
    for id_, origin in sorted(origins.items()):
        if id_ not in seen and id_ not in book.heads:
            yield origin_missing(origin.number)


async def _numbers_missing(connection: AsyncConnection) -> AsyncIterator[HistoryFinding]:
    """Yield the case numbers that were given and have no case. A refused report gives its number back."""
    have = set(await connection.scalars(_CASE_NUMBERS))
    for row in await connection.execute(_COUNTERS):
        numbers = (case_number(row.park, row.day, number) for number in range(1, row.last + 1))
        for number in [number for number in numbers if number not in have][:NAMED]:
            yield origin_missing(number)


def origin_missing(number: str) -> HistoryFinding:
    return HistoryFinding(
        fault=Fault.ORIGIN_MISSING, number=number, zh=f"{number} 整件缺失", en=f"{number} is missing as a whole"
    )
