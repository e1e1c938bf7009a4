"""The audit of mailboxes: what waits, and no workflow looks at it.

The waker of every worker wakes such a mailbox again after a minute; what is found here is older, and `reconcile --fix`
wakes it at once.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio.client import Client

from infra.mailbox_client import wake_mailbox
from infra.metrics import MAIL_OLDEST, MAIL_STORMS, MAIL_UNREAD, MAIL_WAITING
from infra.store.policies import NoPolicy, newest_version, policy_version
from models.jobs.audit import Drift, Finding
from models.policy.notifications import DEFAULT_NOTIFICATIONS

#: How long a mailbox may be late before it is a finding (our choice: longer than the waker takes to mend it).
TOLERANCE = timedelta(minutes=5)
_STUCK = text("""
    SELECT person, min(since) AS since FROM (
        SELECT person, at AS since FROM mail_items WHERE state = 'new' AND at < :before
        UNION ALL SELECT person, wake_at FROM mailboxes WHERE wake_at < :before
        UNION ALL SELECT person, at FROM mail_messages WHERE started_at IS NULL AND at < :before
        UNION ALL SELECT i.person, i.at FROM mail_items i LEFT JOIN mailboxes b ON b.person = i.person
            WHERE i.state = 'waiting' AND b.wake_at IS NULL AND i.at < :before) late
    GROUP BY person ORDER BY 2 LIMIT 100
""")
_GAUGES = text("""
    SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, min(at) FILTER (WHERE state = 'new') AS oldest
    FROM mail_items WHERE state IN ('new', 'waiting')
""")
_STORMS = text("""
    SELECT count(*) FROM mailboxes b WHERE EXISTS (
        SELECT 1 FROM jsonb_array_elements(b.storms) storm WHERE (storm ->> 'last')::timestamptz > :since)
""")
_UNREAD = text("""
    SELECT count(*) FROM mail_items WHERE state = 'told' AND ground IS NOT NULL AND read_at IS NULL
        AND at BETWEEN clock_timestamp() - interval '1 day' AND clock_timestamp() - interval '15 minutes'
""")


async def stuck_mailboxes(engine: AsyncEngine) -> tuple[Finding, ...]:
    """Return the mailboxes that should have looked some time ago, and set the gauges of what waits."""
    now = datetime.now(UTC)
    async with engine.connect() as connection:
        rows = (await connection.execute(_STUCK, {"before": now - TOLERANCE})).all()
        counted = (await connection.execute(_GAUGES)).one()
        since = now - timedelta(minutes=await _storm_minutes(connection))
        MAIL_STORMS.set(await connection.scalar(_STORMS, {"since": since}) or 0)
        MAIL_UNREAD.set(await connection.scalar(_UNREAD) or 0)
    MAIL_WAITING.set(counted.waiting)
    MAIL_OLDEST.set(0 if counted.oldest is None else max(0.0, (now - counted.oldest).total_seconds()))
    return tuple(
        Finding(
            kind=Drift.MAILBOX_STUCK,
            matter_id=row.person,
            since=row.since,
            zh=f"人员 {row.person} 的站外通知自 {row.since:%Y-%m-%d %H:%M} 起无人处理",
            en=f"the mailbox of person {row.person} has not been looked into since {row.since:%Y-%m-%d %H:%M}",
            fixable=True,
        )
        for row in rows
    )


async def _storm_minutes(connection: AsyncConnection) -> int:
    """Return for how long a storm goes on after its last excess."""
    try:
        policy = await policy_version(connection, await newest_version(connection))
    except NoPolicy:
        return DEFAULT_NOTIFICATIONS.storm.lasts_minutes
    return policy.notifications.storm.lasts_minutes


async def wake_stuck(client: Client, person: UUID, queue: str) -> None:
    """Wake a mailbox, and start it where it does not run."""
    await wake_mailbox(client, person, urgent=True, queue=queue)
