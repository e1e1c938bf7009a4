"""Make anchors: once a day over all heads, by schedule; or now, on request. The files lie outside the database."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import snapshot_connection, transaction
from infra.files import write_private
from infra.settings import Settings
from infra.signing import load_signing_key
from infra.store.chain import add_missing_hashes
from infra.store.policies import NoPolicy, newest_version, policy_version
from models.jobs.history import Anchor, AnchorsMade
from models.policy.document import Policy
from services.history.book import Book, file_names, read_book, sign_anchor
from services.history.heads import (
    Heads,
    add_heads,
    digest_of,
    read_heads,
    read_retired_heads,
    read_unhashed,
    root_of,
    write_heads,
)

log = structlog.get_logger(__name__)

#: Advisory lock held while anchors are made, so that two processes do not make the same one.
LOCK = 0x616E_6368_6F72
_MADE = text("SELECT number, day, digest FROM anchors ORDER BY number")
_INSERT = text("INSERT INTO anchors (number, day, made_at, digest) VALUES (:number, :day, :made_at, :digest)")


async def read_made(connection: AsyncConnection) -> list[tuple[int, date, str]]:
    """Return the anchors that the database knows: number, day, SHA-256 of the file."""
    return [(row.number, row.day, row.digest) for row in await connection.execute(_MADE)]


async def make_anchors(
    engine: AsyncEngine, settings: Settings, *, today: bool = False, now: datetime | None = None,
    beat: Callable[[], None] = lambda: None,
) -> AnchorsMade:  # fmt: skip
    """Make the anchors of the days that have ended and have none; with `today`, one of today as far as it has gone.

    The first anchor of all is that of yesterday. Days on which no worker ran get theirs now. Safe to repeat. Raises
    OSError when the folder can't be written, SigningKeyUnreadable, and what a database raises that is away.
    """
    hashed = await _add_hashes(engine, beat)
    async with transaction(engine) as locked:
        await locked.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        made = await read_made(locked)
        settings.anchors_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        book = read_book(settings.anchors_dir, None, made)
        if book.findings:
            log.error("anchors damaged", findings=[finding.en for finding in book.findings])
        await _adopt(locked, book, made)
        zone = await _zone(locked)
        now = now or datetime.now(UTC)
        days = [now.astimezone(ZoneInfo(zone)).date()] if today else _due(book, now.astimezone(ZoneInfo(zone)).date())
        if not days:
            return AnchorsMade(hashed=hashed)
        async with snapshot_connection(engine) as connection:
            current = {**await read_retired_heads(connection), **await read_heads(connection)}
        previous = _last_digest(book, made)
        number = max([*book.anchors, *(number for number, _, _ in made)], default=0)
        for day in days:
            number += 1
            beat()
            previous = await _write(locked, settings, book, current, number, day, zone, now, previous)
    return AnchorsMade(days=tuple(days), hashed=hashed)


async def _add_hashes(engine: AsyncEngine, beat: Callable[[], None]) -> int:
    """Give hashes to facts that a worker of an earlier version recorded; return to how many."""
    async with engine.connect() as connection:
        unhashed = await read_unhashed(connection)
    hashed = 0
    for origin, table, seq in unhashed:
        beat()
        async with transaction(engine) as connection:
            hashed += await add_missing_hashes(connection, origin, table, seq)
    if hashed:
        log.warning("facts had no hash", count=hashed, origins=len(unhashed))
    return hashed


def _due(book: Book, today: date) -> list[date]:
    """Return the days up to yesterday that have no anchor yet, from the last one on."""
    yesterday = today - timedelta(days=1)
    if book.last is None:
        return [yesterday]
    last = max(anchor.day for anchor in book.anchors.values())
    return [last + timedelta(days=number) for number in range(1, (yesterday - last).days + 1)]


def _last_digest(book: Book, made: list[tuple[int, date, str]]) -> str | None:
    """Return the digest of the last anchor, also of one whose file is gone."""
    digests = {number: digest for number, _, digest in made} | book.digests
    return digests[max(digests)] if digests else None


async def _adopt(connection: AsyncConnection, book: Book, made: list[tuple[int, date, str]]) -> None:
    """Register anchors whose files were written before an earlier transaction was cut off, or before a restore."""
    known = {number for number, _, _ in made}
    for number, anchor in book.anchors.items():
        if number not in known:
            await _register(connection, anchor, book.digests[number])


async def _write(
    connection: AsyncConnection, settings: Settings, book: Book, current: Heads, number: int, day: date, zone: str,
    now: datetime, previous: str | None,
) -> str:  # fmt: skip
    """Write one anchor and return the digest of its file. The heads come first: an anchor never lacks them."""
    changed = write_heads(add_heads(book.heads, current))
    key = load_signing_key(settings.anchor_key)
    anchor = sign_anchor(
        Anchor(
            number=number, day=day, zone=zone, made_at=now, heads=len(book.heads), root=root_of(book.heads),
            changed=digest_of(changed), previous=previous, key="", signature="",
        ),
        key,
    )  # fmt: skip
    name, heads_name = file_names(anchor)
    content = to_json(anchor, indent=1)
    write_private(settings.anchors_dir / heads_name, changed)
    write_private(settings.anchors_dir / name, content)
    await _register(connection, anchor, digest_of(content))
    return digest_of(content)


async def _register(connection: AsyncConnection, anchor: Anchor, digest: str) -> None:
    values = {"number": anchor.number, "day": anchor.day, "made_at": anchor.made_at, "digest": digest}
    await connection.execute(_INSERT, values)


async def _zone(connection: AsyncConnection) -> str:
    try:
        return (await policy_version(connection, await newest_version(connection))).zone
    except NoPolicy:
        return str(Policy.model_fields["zone"].default)
