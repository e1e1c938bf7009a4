"""Rows of reporters. Each belongs to a report and is deleted when the report becomes no case."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_UNCLAIMED = "NOT EXISTS (SELECT 1 FROM cases WHERE reporter_ref = r.id)"
_DELETE = text(f"DELETE FROM reporters r WHERE id = :id AND {_UNCLAIMED}")
_DELETE_OLD = text(f"DELETE FROM reporters r WHERE created_at < :before AND {_UNCLAIMED}")


async def delete_reporter(connection: AsyncConnection, reference: UUID) -> None:
    """Delete the reporter of a report that became no case. A reporter with a case stays."""
    await connection.execute(_DELETE, {"id": reference})


async def delete_unclaimed_reporters(connection: AsyncConnection, before: datetime) -> int:
    """Delete the reporters stored before `before` whose report became no case, and return how many."""
    return (await connection.execute(_DELETE_OLD, {"before": before})).rowcount
