"""Notices that nobody needs any more: of cases that are archived and matters that have ended."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction

#: How many are deleted in one transaction.
BATCH = 5_000

_OF_CASES = text("""
    DELETE FROM notices WHERE ctid IN (SELECT n.ctid FROM notices n JOIN cases c USING (report_id)
        WHERE c.archived_at IS NOT NULL AND n.at < :before LIMIT :batch)
""")
_OF_MATTERS = text("""
    DELETE FROM matter_notices WHERE ctid IN (SELECT n.ctid FROM matter_notices n JOIN matters m ON m.id = n.matter_id
        WHERE m.ended_at IS NOT NULL AND n.at < :before LIMIT :batch)
""")


async def delete_old_notices(engine: AsyncEngine, before: datetime) -> int:
    """Delete the notices from before that moment, and return how many. It can be stopped and repeated."""
    deleted = 0
    for statement in (_OF_CASES, _OF_MATTERS):
        while True:
            async with transaction(engine) as connection:
                gone = (await connection.execute(statement, {"before": before, "batch": BATCH})).rowcount
            deleted += gone
            if gone < BATCH:
                break
    return deleted
