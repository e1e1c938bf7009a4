"""Notices that nobody needs any more: of archived cases and ended matters; and what mailboxes have told of them."""

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

_ITEMS = text("""
    DELETE FROM mail_items WHERE ctid IN (SELECT i.ctid FROM mail_items i LEFT JOIN cases c ON c.report_id = i.origin_id
        LEFT JOIN matters m ON m.id = i.origin_id
        WHERE i.at < :before AND i.state IN ('told', 'left')
            AND (i.origin_kind = 'case' OR m.id IS NULL OR m.ended_at IS NOT NULL)
            AND (i.origin_kind <> 'case' OR c.report_id IS NULL OR c.archived_at IS NOT NULL) LIMIT :batch)
""")
_MESSAGES = text("""
    DELETE FROM mail_messages WHERE ctid IN (SELECT m.ctid FROM mail_messages m WHERE m.at < :before
        AND m.started_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM mail_items i WHERE i.message = m.id) LIMIT :batch)
""")


async def delete_old_notices(engine: AsyncEngine, before: datetime) -> int:
    """Delete the notices from before that moment, and return how many. It can be stopped and repeated."""
    deleted = 0
    for statement in (_OF_CASES, _OF_MATTERS, _ITEMS, _MESSAGES):
        while True:
            async with transaction(engine) as connection:
                gone = (await connection.execute(statement, {"before": before, "batch": BATCH})).rowcount
            deleted += gone
            if gone < BATCH:
                break
    return deleted
