"""The proof code (存证码) of a case: its last hash, to print and to verify later (`gridloop verify --proof`)."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.chain import read_link
from models.tables import CASES, FACT_HASHES
from rules.history.proof import Proof

#: The hash of the last fact of a row of `cases`; NULL while it has none.
LAST_HASH = (
    select(FACT_HASHES.c.hash)
    .where(FACT_HASHES.c.origin == CASES.c.report_id, FACT_HASHES.c.seq == CASES.c.seq)
    .scalar_subquery()
    .label("last_hash")
)


def proof_code(origin: UUID, seq: int, last_hash: bytes | None) -> str | None:
    """Return the code of a hash that was read; None without one."""
    return None if last_hash is None else str(Proof(origin, seq, bytes(last_hash)))


async def read_proof(connection: AsyncConnection, origin: UUID, seq: int) -> str | None:
    """Return the code of the fact `seq` of a case; None while it has no hash."""
    link = await read_link(connection, origin, seq)
    return None if link is None or link.seq != seq else str(Proof(origin, seq, link.hash))
