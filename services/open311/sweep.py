"""What is not kept for long of reports that came over Open311."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from infra.metrics import OPEN311_MEDIA

#: How long attributes that no question asks for are kept (our choice): they may hold anything.
KEPT = timedelta(days=90)

_FORGET = text("UPDATE open311_reports SET attributes = '{}' WHERE created_at < :before AND attributes <> '{}'")

_MEDIA = text("SELECT count(*) FROM open311_media WHERE url IS NOT NULL")


async def forget_attributes(engine: AsyncEngine, now: datetime) -> None:
    """Forget the attributes of reports that are older than `KEPT`; count the files that are still to be fetched."""
    async with transaction(engine) as connection:
        await connection.execute(_FORGET, {"before": now - KEPT})
        OPEN311_MEDIA.set(await connection.scalar(_MEDIA) or 0)
