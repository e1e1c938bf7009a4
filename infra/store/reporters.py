"""Reporters' rows: each belongs to a report, and goes when no case came of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_UNCLAIMED = "NOT EXISTS (SELECT 1 FROM cases WHERE reporter_ref = r.id)"
_FORGET = text(f"DELETE FROM reporters r WHERE id = :id AND {_UNCLAIMED}")
_FORGET_OLD = text(f"DELETE FROM reporters r WHERE created_at < :before AND {_UNCLAIMED}")


async def forget_reporter(connection: AsyncConnection, reference: UUID) -> None:
    """Removes the reporter of a report of which no case came; one whose case there is stays."""
    await connection.execute(_FORGET, {"id": reference})


async def forget_unclaimed(connection: AsyncConnection, before: datetime) -> int:
    """Removes the reporters put down before that moment of whose reports no case came; how many."""
    return (await connection.execute(_FORGET_OLD, {"before": before})).rowcount
