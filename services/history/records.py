"""All recorded facts with their hashes, case by case and matter by matter."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rules.history.chain import fact_record
from rules.history.check import HashedFact

#: Rows fetched at a time.
CHUNK = 2_000

_FACTS = """
    SELECT coalesce(f.origin, h.origin) AS origin, f.seq, f.at, f.kind, f.version, f.actor, f.command_id, f.command,
        f.digest, f.body, h.seq AS hashed_seq, h.hash
    FROM (SELECT report_id AS origin, seq, at, kind, version, actor, command_id, command, digest, body FROM facts
        UNION ALL
        SELECT matter_id, seq, at, kind, version, actor, command_id, command, digest, body FROM matter_facts) f
    FULL JOIN fact_hashes h ON h.origin = f.origin AND h.seq = f.seq
"""
_ORDER = "ORDER BY 1, coalesce(f.seq, h.seq)"
_ALL = text(_FACTS + _ORDER)
_ONE = text(f"{_FACTS} WHERE coalesce(f.origin, h.origin) = :origin {_ORDER}")


class OriginFacts(NamedTuple):
    """The facts of one case or matter, and all hashes that there are for it."""

    id: UUID
    facts: list[HashedFact]
    hashes: dict[int, bytes]


async def read_history(connection: AsyncConnection, origin: UUID) -> OriginFacts:
    """Return the facts and hashes of one case or matter; without any when there is none."""
    one = OriginFacts(origin, [], {})
    for row in await connection.execute(_ONE, {"origin": origin}):
        _take(one, row)
    return one


async def stream_history(connection: AsyncConnection) -> AsyncIterator[OriginFacts]:
    """Yield the facts of each case and matter in order, read in chunks because all of them may not fit into memory."""
    current: OriginFacts | None = None
    async with connection.stream(_ALL, execution_options={"yield_per": CHUNK}) as rows:
        async for row in rows:
            if current is None or current.id != row.origin:
                if current is not None:
                    yield current
                current = OriginFacts(row.origin, [], {})
            _take(current, row)
    if current is not None:
        yield current


def _take(one: OriginFacts, row: Any) -> None:
    """Add the fact, the hash, or both, that a row holds."""
    if row.hash is not None:
        one.hashes[row.hashed_seq] = bytes(row.hash)
    if row.seq is not None:
        one.facts.append(_hashed_fact(row))


def _hashed_fact(row: Any) -> HashedFact:
    record = fact_record(
        origin=row.origin, seq=row.seq, at=row.at, kind=row.kind, version=row.version, actor=row.actor,
        command_id=row.command_id, command=row.command, digest=row.digest, body=row.body,
    )  # fmt: skip
    return HashedFact(record, None if row.hash is None else bytes(row.hash))
