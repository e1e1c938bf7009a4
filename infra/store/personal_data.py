"""What the recording step does besides, when a fact is about a reporter's data."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.keys.access import keys_of
from infra.store.driver import run
from infra.store.reporters import erase_reporters
from models.case import Case
from models.errors import UnderLegalHold
from models.facts import Fact, ReporterErased, ReporterUnmasked

#: Every auditor of the place is told, whoever is on duty.
_TELL_AUDITORS = """
    INSERT INTO notices (report_id, seq, receiver, person, department, mode, at)
    SELECT DISTINCT CAST(%(case)s AS uuid), CAST(%(seq)s AS int), 'person:' || p.id, p.id, NULL, 'inform',
        CAST(%(at)s AS timestamptz)
    FROM grants g JOIN people p ON p.id = g.person
    WHERE g.role = 'auditor' AND p.active AND (g.grid IS NULL OR g.grid = ANY (%(path)s))
        AND g.since <= CAST(%(at)s AS date) AND (g.until IS NULL OR g.until >= CAST(%(at)s AS date))
    ON CONFLICT DO NOTHING
"""
_HELD_ELSEWHERE = text(
    "SELECT 1 FROM cases WHERE reporter_ref = :reference AND report_id <> :case"
    " AND (state ->> 'data_held')::bool LIMIT 1"
)


def concerns_reporters(facts: Sequence[Fact]) -> bool:
    """Whether one of the facts unmasks or erases a reporter."""
    return any(isinstance(fact.body, ReporterUnmasked | ReporterErased) for fact in facts)


async def settle_reporters(connection: AsyncConnection, report_id: UUID, facts: Sequence[Fact], after: Case) -> None:
    """Tell the auditors of an unmasking; destroy the key of an erased reporter, in the row and in the vault.

    The vault comes last before the commit: when that fails, the step is repeated, and meanwhile nobody can look.
    Raises UnderLegalHold when another case of the same reporter is held.
    """
    for fact in facts:
        if isinstance(fact.body, ReporterUnmasked):
            values = {"case": report_id, "seq": fact.seq, "at": fact.at, "path": list(after.grid_path)}
            await run(connection, _TELL_AUDITORS, values)
        elif isinstance(fact.body, ReporterErased) and after.reporter_ref is not None:
            shared = {"reference": after.reporter_ref, "case": report_id}
            if await connection.scalar(_HELD_ELSEWHERE, shared) is not None:
                raise UnderLegalHold()
            await erase_reporters(connection, [after.reporter_ref], fact.at)
            await keys_of(connection).vault.erase(after.reporter_ref)
