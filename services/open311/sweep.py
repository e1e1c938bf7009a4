"""What is not kept for long of reports that came over Open311."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction

#: How long attributes that no question asks for are kept (our choice): they may hold anything.
KEPT = timedelta(days=90)

_FORGET = text("UPDATE open311_reports SET attributes = '{}' WHERE created_at < :before AND attributes <> '{}'")


async def forget_attributes(engine: AsyncEngine, now: datetime) -> None:
    """Forget the attributes of reports that are older than `KEPT`."""
    async with transaction(engine) as connection:
        await connection.execute(_FORGET, {"before": now - KEPT})
