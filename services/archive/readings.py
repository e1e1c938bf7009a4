"""Readings of stations go to the archive as they come: they are no facts, and lie nowhere but in the database."""

import gzip
from datetime import UTC, datetime, timedelta

from pydantic_core import from_json, to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import transaction
from infra.objects import Objects
from infra.store.driver import run
from services.archive.lines import is_whole
from services.history.heads import digest_of

FOLDER = "readings"
#: Younger readings wait for the next run: their transaction may still be open (our choice).
SETTLED = timedelta(minutes=2)
#: Readings in one file, more or less, and rows restored in one statement.
FILE_ROWS, BATCH = 50_000, 2_000
_STAMP = "%Y%m%dT%H%M%S%f"

_SINCE = text("SELECT max(name) FROM archive_files WHERE name LIKE 'readings/%'")
_READ = text("""
    SELECT to_jsonb(r)::text AS line, received_at FROM readings r
    WHERE received_at > :since AND received_at <= :upto ORDER BY received_at, station, metric, at
""")
_NOTE = text("""
    INSERT INTO archive_files (name, written_at, origins, facts) VALUES (:name, :at, 0, 0) ON CONFLICT DO NOTHING
""")
_RESTORE = """
    INSERT INTO readings SELECT r.* FROM jsonb_populate_recordset(NULL::readings, %(rows)s) r
    WHERE EXISTS (SELECT FROM stations s WHERE s.matter_id = r.station) ON CONFLICT DO NOTHING
"""


async def archive_readings(engine: AsyncEngine, archive: Objects) -> int:
    """Write the readings that came since the last file, and return how many. Raises ObjectsAway.

    The name of a file tells up to when readings are in it; a file that was written and not noted is written again.
    """
    now = datetime.now(UTC)
    async with engine.connect() as connection:
        last: str | None = await connection.scalar(_SINCE)
    since = datetime.fromtimestamp(0, UTC) if last is None else _upto(last)
    written, lines = 0, list[str]()
    async with (
        engine.connect() as connection,
        connection.stream(
            _READ, {"since": since, "upto": now - SETTLED}, execution_options={"yield_per": BATCH}
        ) as rows,
    ):
        moment = since
        async for row in rows:
            # A file ends between two moments, so that its name divides what is in it from what is not.
            if len(lines) >= FILE_ROWS and row.received_at > moment:
                written += await _write(engine, archive, lines, moment, now)
                lines = []
            lines.append(row.line)
            moment = row.received_at
    return written + (await _write(engine, archive, lines, moment, now) if lines else 0)


async def restore_readings(connection: AsyncConnection, archive: Objects) -> list[str]:
    """Put back the readings of stations that are there, in the caller's transaction; return the damaged files."""
    damaged = []
    names = [one.name async for one in archive.list(f"{FOLDER}/")]
    for name in names:
        content = await archive.get(name)
        if content is None or not is_whole(name, content):
            damaged.append(name)
            continue
        rows = [from_json(line) for line in gzip.decompress(content).splitlines()]
        for start in range(0, len(rows), BATCH):
            await run(connection, _RESTORE, {"rows": to_json(rows[start : start + BATCH]).decode()})
        await connection.execute(_NOTE, {"name": name, "at": datetime.now(UTC)})
    return damaged


async def _write(engine: AsyncEngine, archive: Objects, lines: list[str], upto: datetime, now: datetime) -> int:
    content = gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)
    name = f"{FOLDER}/{upto:%Y-%m}/{upto.astimezone(UTC).strftime(_STAMP)}-{digest_of(content)}.jsonl.gz"
    await archive.put(name, content)
    async with transaction(engine) as connection:
        await connection.execute(_NOTE, {"name": name, "at": now})
    return len(lines)


def _upto(name: str) -> datetime:
    """Return the moment in a file's name."""
    stamp = name.rpartition("/")[2].partition("-")[0]
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
