"""Compare the store of attachments with the rows: what is missing, what is damaged, what nothing knows of."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.errors import AttachmentAltered, AttachmentLost
from services.attachments.listing import PREFIXES, list_prefix
from services.attachments.store import Attachments, hash_of

#: An object younger than this may be an upload whose row is just being written.
YOUNG = timedelta(hours=1)

_ROWS = text("""
    SELECT sha256, size FROM attachments WHERE sha256 >= :first AND sha256 < :first || 'g' ORDER BY sha256
""")
_ROW = text("SELECT 1 FROM attachments WHERE sha256 = :sha256")


@dataclass
class Checked:
    """What was found: hashes by kind, in order. `files`: how many rows there are."""

    files: int = 0
    read: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    orphaned: list[str] = field(default_factory=list)

    @property
    def faults(self) -> int:
        """How many files are not as they should be."""
        return len(self.missing) + len(self.damaged) + len(self.orphaned)


async def check_attachments(
    engine: AsyncEngine,
    attachments: Attachments,
    now: datetime,
    *,
    read: bool,
    at_once: int,
    progress: Callable[[int, int], None],
) -> Checked:
    """Compare all files. `read`: read each of them and compare its hash, `at_once` at a time; else only its bytes are
    counted. Changes nothing. Raises what a store raises that is away.
    """
    done, seen = Checked(), 0
    async with engine.connect() as connection:
        total = int(await connection.scalar(text("SELECT count(*) FROM attachments")) or 0)
    for prefix in PREFIXES:
        # Rows first: an upload writes its file before its row.
        async with engine.connect() as connection:
            rows = {row.sha256: row.size for row in await connection.execute(_ROWS, {"first": prefix})}
        stored = await list_prefix(attachments, prefix)
        done.files += len(rows)
        whole = []
        for sha256, size in rows.items():
            there = stored.get(sha256)
            if there is None or there.size is None:
                await _note_missing(engine, done, sha256)
            elif there.size != size:
                done.damaged.append(sha256)
            else:
                whole.append(sha256)
        done.orphaned += sorted(
            sha256 for sha256, one in stored.items() if sha256 not in rows and one.written_at < now - YOUNG
        )
        for start in range(0, len(whole) if read else 0, at_once):
            part = whole[start : start + at_once]
            await asyncio.gather(*(_read(engine, attachments, done, sha256) for sha256 in part))
            progress(seen + start + len(part), total)
        seen += len(rows)
        progress(seen, max(total, seen))
    done.damaged.sort()
    return done


async def _read(engine: AsyncEngine, attachments: Attachments, done: Checked, sha256: str) -> None:
    try:
        async with attachments.as_file(sha256) as path:
            whole = await asyncio.to_thread(hash_of, path) == sha256
    except AttachmentLost:
        await _note_missing(engine, done, sha256)
        return
    except AttachmentAltered:
        whole = False
    done.read += 1
    if not whole:
        done.damaged.append(sha256)


async def _note_missing(engine: AsyncEngine, done: Checked, sha256: str) -> None:
    """Note a file that is missing, unless the sweep has removed its row with it meanwhile."""
    async with engine.connect() as connection:
        if await connection.scalar(_ROW, {"sha256": sha256}) is not None:
            done.missing.append(sha256)
