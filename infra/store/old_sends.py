"""Sends that nobody needs any more: their content goes some days after the end, the log with the notices."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction

#: For how many days the content of an ended send is kept, so that it can be sent again (our choice).
CONTENT_DAYS = 7
#: How many are changed in one transaction.
BATCH = 5_000
_DROP_CONTENT = text("""
    UPDATE sends SET sealed = NULL, wrapped_key = NULL, key_id = NULL WHERE key IN (SELECT key FROM sends
        WHERE sealed IS NOT NULL AND status <> 'waiting' AND finished_at < :before LIMIT :batch)
""")
_DELETE = text("""
    DELETE FROM sends WHERE key IN (SELECT key FROM sends
        WHERE status <> 'waiting' AND created_at < :before AND finished_at < :before LIMIT :batch)
""")


async def delete_old_sends(engine: AsyncEngine, now: datetime, *, days: int) -> int:
    """Drop the content of sends that ended long ago, and delete those older than `days`; return how many were deleted.

    It can be stopped and repeated. One whose answer was lost keeps its line as long, and loses its content as well.
    """
    deleted = 0
    for statement, age in ((_DROP_CONTENT, CONTENT_DAYS), (_DELETE, days)):
        while True:
            async with transaction(engine) as connection:
                values = {"before": now - timedelta(days=age), "batch": BATCH}
                gone = (await connection.execute(statement, values)).rowcount
            deleted += gone if statement is _DELETE else 0
            if gone < BATCH:
                break
    return deleted
