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

from infra.keys.access import keys_of
from infra.keys.boxes import close_box
from infra.store.channels import about_channel
from infra.store.policies import newest_version, policy_version
from models.mailbox import MessageForm

#: How long the mailboxes may take after the last step.
MAILBOX_TIMEOUT = timedelta(minutes=10)
_CHANNEL = text("""
    INSERT INTO channels (id, kind, name, config, sealed, wrapped_key, key_id, enabled, created_at, updated_at)
    VALUES ('measured', 'webhook', 'measured', '{"kind": "webhook", "url": "https://192.0.2.1/"}', :sealed, :wrapped,
        :key, true, now(), now()) ON CONFLICT DO NOTHING
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
        max((SELECT extract(epoch FROM m.at) FROM mail_messages m WHERE m.id = i.message AND m.at > :since)) AS last_at
    FROM mail_items i WHERE i.origin_id = ANY (:cases) GROUP BY i.person
""")
_ABOUT = text("""
    SELECT m.form, m.amount, jsonb_array_length(m.named) AS named FROM mail_messages m
    WHERE m.at > :since AND EXISTS (SELECT 1 FROM mail_items i WHERE i.message = m.id AND i.person = m.person
        AND i.origin_id = ANY (:cases))
""")
#: The most messages of one person, by one channel, in any so many minutes; what is urgent passes the caps.
_MOST = text("""
    SELECT coalesce(max(n), 0) FROM (
        SELECT count(*) AS n FROM mail_messages m JOIN mail_messages o ON o.person = m.person
            AND o.channels[1] = m.channels[1] AND o.at >= m.at AND o.at < m.at + make_interval(mins => :minutes)
        WHERE m.at > :since AND o.at > :since AND NOT m.urgent AND NOT o.urgent GROUP BY m.id) c
""")


@dataclass(frozen=True)
class StormCount:
    """What became of the storm.

    `heads`: whom it reached; `items`: how much of it, and how much was `told` in a message; `waiting`: what still waits
    to be told. `messages` of it, the `summaries` among them; `amounts`: of how many items each summary speaks, and
    `named`: how many it names. `after`: seconds from the last due moment to the last message. `over_caps`: by how many
    messages a person got more than the caps allow, about whatever; `most_a_minute`: the most that one got in a minute.
    """

    heads: int
    items: int
    told: int
    waiting: int
    messages: int
    summaries: int
    amounts: tuple[int, ...]
    named: tuple[int, ...]
    after: float
    over_caps: int
    most_a_minute: int


async def tell_everybody(engine: AsyncEngine) -> None:
    """Give everybody a channel, so that each item has somewhere to go. Raises KeysAway."""
    box = await close_box(keys_of(engine).ring, about_channel("measured"), b'{"secret": "measured-measured"}')
    async with engine.begin() as connection:
        values = {"sealed": box.sealed, "wrapped": box.wrapped_key, "key": box.key_id}
        await connection.execute(_CHANNEL, values)
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
        caps = (await policy_version(connection, await newest_version(connection))).notifications.caps_of("webhook")
        waiting = await connection.scalar(_WAITING, {"cases": list(cases)})
        rows = (await connection.execute(_HEADS, {"cases": list(cases), "since": since})).all()
        about = (await connection.execute(_ABOUT, {"cases": list(cases), "since": since})).all()
        most = {
            minutes: int(await connection.scalar(_MOST, {"since": since, "minutes": minutes}) or 0)
            for minutes in {1, *(cap.minutes for cap in caps)}
        }
    last = max((float(row.last_at) for row in rows if row.last_at is not None), default=last_due.timestamp())
    summaries = [row for row in about if row.form == MessageForm.SUMMARY]
    return StormCount(
        heads=len(rows),
        items=sum(row.items for row in rows),
        told=sum(row.told for row in rows),
        waiting=int(waiting or 0),
        messages=len(about),
        summaries=len(summaries),
        amounts=tuple(sorted(row.amount for row in summaries)),
        named=tuple(sorted(row.named for row in summaries)),
        after=last - last_due.timestamp(),
        over_caps=sum(max(0, most[cap.minutes] - cap.most) for cap in caps),
        most_a_minute=most[1],
    )
