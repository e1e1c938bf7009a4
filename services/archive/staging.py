"""Facts from several sources, gathered in a temporary table: each once, with those that contradict each other."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows, first_row, run
from services.archive.lines import ArchivedFact

#: A connection that comes back from a pool still has those of its last use.
_CREATE = (
    "DROP TABLE IF EXISTS pg_temp.staged, pg_temp.staged_twice",
    """CREATE TEMPORARY TABLE staged (
        origin uuid NOT NULL, seq int NOT NULL, kind_of text NOT NULL, record jsonb NOT NULL, hash text,
        PRIMARY KEY (origin, seq))""",
    "CREATE TEMPORARY TABLE staged_twice (origin uuid NOT NULL, seq int NOT NULL, PRIMARY KEY (origin, seq))",
)
_ADD = """
    WITH given AS (
        SELECT DISTINCT ON (origin, seq) * FROM jsonb_to_recordset(%(facts)s)
            AS g(origin uuid, seq int, kind_of text, record jsonb, hash text) ORDER BY origin, seq),
    contradicted AS (
        INSERT INTO staged_twice SELECT g.origin, g.seq FROM given g JOIN staged s USING (origin, seq)
        WHERE s.record <> g.record ON CONFLICT DO NOTHING)
    INSERT INTO staged SELECT * FROM given
    ON CONFLICT (origin, seq) DO UPDATE SET hash = coalesce(staged.hash, excluded.hash)
"""
_ORIGINS = """
    SELECT DISTINCT ON (origin) origin, kind_of FROM staged WHERE origin > %(after)s ORDER BY origin LIMIT %(limit)s
"""
_REMOVE = """
    WITH gone AS (DELETE FROM staged WHERE origin = ANY (%(ids)s::uuid[]) RETURNING origin)
    SELECT count(DISTINCT origin) FROM gone
"""
_FACTS = "SELECT kind_of, record, hash FROM staged WHERE origin = ANY (%(ids)s) ORDER BY origin, seq"


async def create_staging(connection: AsyncConnection) -> None:
    """Create the tables, empty; they live as long as the connection."""
    for statement in _CREATE:
        await connection.execute(text(statement))


async def stage(connection: AsyncConnection, facts: Iterable[ArchivedFact]) -> None:
    """Add facts; of two with one number the first counts, and a contradiction is noted."""
    rows = [
        {
            "origin": fact.record["origin"], "seq": fact.seq, "kind_of": fact.kind_of, "record": fact.record,
            "hash": None if fact.hash is None else fact.hash.hex(),
        }
        for fact in facts
    ]  # fmt: skip
    if rows:
        await run(connection, _ADD, {"facts": to_json(rows).decode()})


async def unstage(connection: AsyncConnection, ids: Sequence[UUID]) -> int:
    """Take all facts of these cases and matters out; return of how many there were any."""
    row = await first_row(connection, _REMOVE, {"ids": list(ids)})
    return int(row[0])


async def count_staged(connection: AsyncConnection) -> tuple[int, int]:
    """Return the number of cases and matters, and of facts."""
    row = await first_row(connection, "SELECT count(DISTINCT origin), count(*) FROM staged", {})
    return int(row[0]), int(row[1])


async def contradicted(connection: AsyncConnection) -> list[tuple[UUID, int]]:
    """Return the facts of which two sources say different things."""
    rows = await all_rows(connection, "SELECT origin, seq FROM staged_twice ORDER BY 1, 2", {})
    return [(row[0], row[1]) for row in rows]


async def staged_origins(connection: AsyncConnection, after: UUID, limit: int) -> list[tuple[UUID, str]]:
    """Return the next cases and matters after an id, with their kinds."""
    rows = await all_rows(connection, _ORIGINS, {"after": after, "limit": limit})
    return [(row[0], row[1]) for row in rows]


async def staged_facts(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, list[ArchivedFact]]:
    """Return the facts of these cases and matters in order."""
    found: dict[UUID, list[ArchivedFact]] = {}
    for row in await all_rows(connection, _FACTS, {"ids": list(ids)}):
        fact = ArchivedFact(row[0], row[1], None if row[2] is None else bytes.fromhex(row[2]))
        found.setdefault(fact.origin, []).append(fact)
    return found
