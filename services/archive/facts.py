"""Facts go to the archive as they are recorded, some minutes later: those of closed cases and of all others.

So the archive does not depend on how long Temporal keeps histories, and with both a database can be rebuilt.
"""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import transaction
from infra.objects import Objects
from infra.store.driver import all_rows, run
from rules.history.chain import fact_record
from services.archive.lines import ArchivedFact, file_name, pack

log = structlog.get_logger(__name__)

#: Advisory lock held while facts are archived, so that two processes do not archive the same ones.
LOCK = 0x6172_6368_6976
#: Facts in one file, more or less: a case is never divided.
FILE_FACTS = 20_000
#: Cases and matters whose facts are read at a time.
CHUNK = 500
FOLDER, SUFFIX = "facts", ".jsonl.gz"

_WAITING = text("""
    SELECT report_id AS id, 'case' AS kind_of, c.seq, coalesce(a.seq, 0) AS after FROM cases c
        LEFT JOIN archived a ON a.origin = c.report_id WHERE c.seq > coalesce(a.seq, 0)
    UNION ALL
    SELECT id, kind, m.seq, coalesce(a.seq, 0) FROM matters m
        LEFT JOIN archived a ON a.origin = m.id WHERE m.seq > coalesce(a.seq, 0)
    ORDER BY 1
""")
_READ = """
    SELECT f.origin, f.seq, f.at, f.kind, f.version, f.actor, f.command_id, f.command, f.digest, f.body, h.hash
    FROM jsonb_to_recordset(%(wanted)s) AS w(id uuid, after int, upto int)
    JOIN (SELECT report_id AS origin, seq, at, kind, version, actor, command_id, command, digest, body FROM facts
        UNION ALL
        SELECT matter_id, seq, at, kind, version, actor, command_id, command, digest, body FROM matter_facts) f
        ON f.origin = w.id AND f.seq > w.after AND f.seq <= w.upto
    LEFT JOIN fact_hashes h ON h.origin = f.origin AND h.seq = f.seq
    ORDER BY f.origin, f.seq
"""
_NOTE = """
    INSERT INTO archived AS a (origin, seq) SELECT id, upto FROM jsonb_to_recordset(%(wanted)s) AS w(id uuid, upto int)
    ON CONFLICT (origin) DO UPDATE SET seq = greatest(a.seq, excluded.seq)
"""
_FILE = """
    INSERT INTO archive_files (name, written_at, origins, facts) VALUES (%(name)s, %(at)s, %(origins)s, %(facts)s)
    ON CONFLICT DO NOTHING
"""


class Waiting(NamedTuple):
    """A case or matter with facts that are not archived: those after `after`, up to `upto`."""

    id: UUID
    kind_of: str
    after: int
    upto: int


class Archived(NamedTuple):
    """What a run wrote."""

    files: int = 0
    origins: int = 0
    facts: int = 0


async def archive_facts(
    engine: AsyncEngine, archive: Objects, progress: Callable[[int, int], None] = lambda done, total: None
) -> Archived:
    """Write all facts that are not archived yet. Safe to repeat and to run twice: the second one waits.

    A file is noted only once it is stored; one that was not noted is written again, with the same name or beside it.
    Raises ObjectsAway, and what a database raises that is away; what was noted stays.
    """
    done = Archived()
    async with engine.connect() as holder:
        await holder.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
        try:
            waiting = [Waiting(row.id, row.kind_of, row.after, row.seq) for row in await holder.execute(_WAITING)]
            async for group, facts in _groups(engine, waiting):
                await _write(engine, archive, group, facts)
                done = Archived(done.files + 1, done.origins + len(group), done.facts + len(facts))
                progress(done.origins, len(waiting))
        finally:
            await holder.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})
            await holder.commit()
    if done.facts:
        log.info("facts archived", files=done.files, origins=done.origins, facts=done.facts)
    return done


async def _groups(
    engine: AsyncEngine, waiting: list[Waiting]
) -> AsyncIterator[tuple[list[Waiting], list[ArchivedFact]]]:
    """Yield what goes into one file each."""
    group: list[Waiting] = []
    facts: list[ArchivedFact] = []
    for start in range(0, len(waiting), CHUNK):
        chunk = waiting[start : start + CHUNK]
        async with engine.connect() as connection:
            facts += await _read(connection, chunk)
        group += chunk
        if len(facts) >= FILE_FACTS:
            yield group, facts
            group, facts = [], []
    if facts:
        yield group, facts


async def _read(connection: AsyncConnection, chunk: list[Waiting]) -> list[ArchivedFact]:
    kinds = {one.id: one.kind_of for one in chunk}
    return [
        ArchivedFact(
            kinds[row[0]],
            fact_record(
                origin=row[0], seq=row[1], at=row[2], kind=row[3], version=row[4], actor=row[5], command_id=row[6],
                command=row[7], digest=row[8], body=row[9],
            ),
            None if row[10] is None else bytes(row[10]),
        )
        for row in await all_rows(connection, _READ, {"wanted": _wanted(chunk)})
    ]  # fmt: skip


async def _write(engine: AsyncEngine, archive: Objects, group: list[Waiting], facts: list[ArchivedFact]) -> None:
    content, now = pack(facts), datetime.now(UTC)
    name = file_name(FOLDER, now, content, SUFFIX)
    await archive.put(name, content)
    async with transaction(engine) as connection:
        await run(connection, _NOTE, {"wanted": _wanted(group)})
        await run(connection, _FILE, {"name": name, "at": now, "origins": len(group), "facts": len(facts)})


def _wanted(chunk: list[Waiting]) -> str:
    return to_json([{"id": one.id, "after": one.after, "upto": one.upto} for one in chunk]).decode()
