"""Measure what mailboxes do when very many cases of one place are overdue in the same minute.

Whoever is reached gets a channel that leads nowhere: what counts is what their mailboxes decide (`mail_messages`).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

#: How long the mailboxes may take after the last step.
MAILBOX_TIMEOUT = timedelta(minutes=10)
_CHANNEL = text("""
    INSERT INTO channels (id, kind, name, config, enabled, created_at, updated_at)
    VALUES ('measured', 'webhook', 'measured', '{"kind": "webhook", "url": "https://192.0.2.1/"}', true, now(), now())
    ON CONFLICT DO NOTHING
""")
_ADDRESSES = text("""
    INSERT INTO mail_addresses (id, person, channel, hint, rank, created_at, verified_at, tries)
    SELECT gen_random_uuid(), p.id, 'measured', '', 0, now(), now(), 0 FROM people p WHERE p.active
        AND NOT EXISTS (SELECT 1 FROM mail_addresses a WHERE a.person = p.id AND a.channel = 'measured')
""")
_WAITING = text("""
    SELECT (SELECT count(*) FROM mail_intake WHERE origin_id = ANY (:cases))
        + (SELECT count(*) FROM mail_items WHERE origin_id = ANY (:cases) AND state IN ('new', 'waiting'))
""")
_HEADS = text("""
    SELECT i.person, count(*) AS items, count(*) FILTER (WHERE i.state = 'told') AS told,
        (SELECT count(*) FROM mail_messages m WHERE m.person = i.person AND m.at > :since) AS messages,
        (SELECT count(*) FROM mail_messages m WHERE m.person = i.person AND m.at > :since AND m.form = 'summary')
            AS summaries,
        (SELECT max(extract(epoch FROM m.at)) FROM mail_messages m WHERE m.person = i.person AND m.at > :since)
            AS last_at
    FROM mail_items i WHERE i.origin_id = ANY (:cases) GROUP BY i.person
""")
_MOST_A_MINUTE = text("""
    SELECT coalesce(max(n), 0) FROM (
        SELECT count(*) AS n FROM mail_messages m JOIN mail_messages o ON o.person = m.person
            AND o.at >= m.at AND o.at < m.at + interval '1 minute'
        WHERE m.at > :since AND o.at > :since GROUP BY m.id) c
""")


@dataclass(frozen=True)
class StormCount:
    """What became of the storm: whom it reached, with how many items; their messages; how many seconds after the last
    due moment the last message was decided; the most messages that one person got in any minute."""

    heads: int
    items: int
    told: int
    messages: int
    summaries: int
    after: float
    most_a_minute: int


async def tell_everybody(engine: AsyncEngine) -> None:
    """Give everybody a channel, so that each item has somewhere to go."""
    async with engine.begin() as connection:
        await connection.execute(_CHANNEL)
        await connection.execute(_ADDRESSES)


async def measure_storm(engine: AsyncEngine, cases: Sequence[UUID], since: datetime, last_due: datetime) -> StormCount:
    """Wait until nothing about `cases` waits in a mailbox, and count what people were told from `since` on."""
    deadline = datetime.now(UTC) + MAILBOX_TIMEOUT
    while datetime.now(UTC) < deadline:
        async with engine.connect() as connection:
            if not await connection.scalar(_WAITING, {"cases": list(cases)}):
                break
        await asyncio.sleep(1)
    async with engine.connect() as connection:
        rows = (await connection.execute(_HEADS, {"cases": list(cases), "since": since})).all()
        most = int(await connection.scalar(_MOST_A_MINUTE, {"since": since}) or 0)
    last = max((float(row.last_at) for row in rows if row.last_at is not None), default=last_due.timestamp())
    return StormCount(
        heads=len(rows),
        items=sum(row.items for row in rows),
        told=sum(row.told for row in rows),
        messages=sum(row.messages for row in rows),
        summaries=sum(row.summaries for row in rows),
        after=last - last_due.timestamp(),
        most_a_minute=most,
    )
