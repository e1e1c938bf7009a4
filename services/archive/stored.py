"""The facts of cases and matters as the database has them, with their hashes, in the form of the archive."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows
from rules.history.chain import fact_record
from services.archive.lines import ArchivedFact

_READ = """
    SELECT f.origin, f.seq, f.at, f.kind, f.version, f.actor, f.command_id, f.command, f.digest, f.body, h.hash,
        f.kind_of
    FROM (SELECT report_id AS origin, seq, at, kind, version, actor, command_id, command, digest, body,
            'case' AS kind_of FROM facts
        UNION ALL
        SELECT matter_id, f.seq, at, f.kind, version, actor, command_id, command, digest, body, m.kind
            FROM matter_facts f JOIN matters m ON m.id = f.matter_id) f
    LEFT JOIN fact_hashes h ON h.origin = f.origin AND h.seq = f.seq
    WHERE f.origin = ANY (%(ids)s) ORDER BY f.origin, f.seq
"""
_TRIGGERS = ("facts", "matter_facts", "fact_hashes")
_REMOVE = (
    "DELETE FROM fact_hashes WHERE origin = :id",
    "DELETE FROM facts WHERE report_id = :id",
    "DELETE FROM matter_facts WHERE matter_id = :id",
    "DELETE FROM tasks WHERE report_id = :id",
)


async def read_stored(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, list[ArchivedFact]]:
    """Return the facts of these cases and matters in order."""
    found: dict[UUID, list[ArchivedFact]] = {}
    for row in await all_rows(connection, _READ, {"ids": list(ids)}):
        record = fact_record(
            origin=row[0], seq=row[1], at=row[2], kind=row[3], version=row[4], actor=row[5], command_id=row[6],
            command=row[7], digest=row[8], body=row[9],
        )  # fmt: skip
        fact = ArchivedFact(row[11], record, None if row[10] is None else bytes(row[10]))
        found.setdefault(row[0], []).append(fact)
    return found


async def remove_damaged(connection: AsyncConnection, id_: UUID) -> None:
    """Remove the facts of a damaged case or matter, in the caller's transaction, so that they can be written again.

    Only the role that owns the tables may; the triggers that refuse this are back when the transaction ends.
    """
    for table in _TRIGGERS:
        await connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    for statement in _REMOVE:
        await connection.execute(text(statement), {"id": id_})
    for table in _TRIGGERS:
        await connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
