"""What facts leave for mailboxes: written with the facts, and given to the people that it is for a moment later.

The recording step writes one row for each receiver, whoever they are, so that it costs no more than the facts do and
thousands of steps that reach one person never wait for one another. `give_out` turns the rows into items of people;
whoever has no address to be told at gets none.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import cast
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows, run
from infra.store.policies import newest_version, policy_version
from models.mailbox import Entry
from rules.scope import DEPARTMENT_ROLES

#: NOTIFY channel on which the waker of mailboxes hears of new entries.
MAIL_CHANNEL = "gridloop_mail"
#: How many entries are given out in one transaction.
BATCH = 2_000

_COLUMNS = "receiver_kind, receiver, role, origin_kind, origin_id, seq, at, ground, place, path, actor, detail"
#: Part of the statement that appends facts (`infra/store/cases.py`): `{source}` is what must have been stored.
INSERT_ENTRIES = f"""
    INSERT INTO mail_intake ({_COLUMNS})
    SELECT e.receiver_kind, e.receiver, e.role, e.origin_kind, e.origin_id, e.seq, e.at, e.ground, e.place, e.path,
        e.actor, e.detail
    FROM {{source}}jsonb_to_recordset(%(mail)s) AS e(receiver_kind text, receiver text, role text, origin_kind text,
        origin_id uuid, seq int, at timestamptz, ground text, place text, path text[], actor uuid, detail jsonb)
    RETURNING pg_notify('{MAIL_CHANNEL}', '')
"""  # noqa: S608 only names of our own code are put in, values are parameters

#: Those on shift have the tasks of a unit, else those with a grant. The deputy of somebody who is away is told.
#: Roles and absences count by the local day.
_GIVE_OUT = """
    WITH taken AS (
        DELETE FROM mail_intake WHERE id IN (SELECT id FROM mail_intake ORDER BY id LIMIT %(limit)s
            FOR UPDATE SKIP LOCKED) RETURNING *, (at AT TIME ZONE %(zone)s)::date AS day),
    meant AS (
        SELECT t.id, CAST(t.receiver AS uuid) AS person FROM taken t WHERE t.receiver_kind = 'person'
        UNION
        SELECT t.id, g.person FROM taken t JOIN grants g ON g.department = t.receiver
        WHERE t.receiver_kind = 'department' AND g.role = ANY (%(roles)s) AND (g.grid IS NULL OR g.grid = ANY (t.path))
            AND g.since <= t.day AND (g.until IS NULL OR g.until >= t.day)
        UNION
        SELECT t.id, g.person FROM taken t JOIN grants g ON g.role = t.role
        WHERE t.receiver_kind = 'above' AND (g.grid IS NULL OR g.grid = ANY (t.path))
            AND g.since <= t.day AND (g.until IS NULL OR g.until >= t.day)
        UNION
        SELECT t.id, s.person FROM taken t JOIN shifts s ON s.unit = t.receiver AND s.role = t.role
        WHERE t.receiver_kind = 'unit' AND s.starts_at <= t.at AND s.ends_at > t.at
        UNION
        SELECT t.id, g.person FROM taken t JOIN grants g ON g.grid = t.receiver AND g.role = t.role
        WHERE t.receiver_kind = 'unit' AND g.since <= t.day AND (g.until IS NULL OR g.until >= t.day)
            AND NOT EXISTS (SELECT 1 FROM shifts s WHERE s.unit = t.receiver AND s.role = t.role
                AND s.starts_at <= t.at AND s.ends_at > t.at)),
    told AS (
        SELECT m.id, coalesce(a.deputy, m.person) AS person FROM meant m JOIN taken t USING (id)
        LEFT JOIN absences a ON a.person = m.person AND t.day BETWEEN a.since AND a.until)
    INSERT INTO mail_items (person, origin_id, seq, origin_kind, at, ground, place, detail, state)
    SELECT DISTINCT ON (p.id, t.origin_id, t.seq) p.id, t.origin_id, t.seq, t.origin_kind, t.at, t.ground, t.place,
        t.detail, 'new'
    FROM told JOIN taken t USING (id) JOIN people p ON p.id = told.person
    WHERE p.active AND p.id IS DISTINCT FROM t.actor
        AND EXISTS (SELECT 1 FROM mail_addresses a WHERE a.person = p.id AND a.verified_at IS NOT NULL AND NOT a.off)
    ORDER BY p.id, t.origin_id, t.seq, t.ground IS NULL, (t.detail ->> 'mode') <> 'act', t.id
    ON CONFLICT DO NOTHING
"""
#: How long a mailbox that was woken has to look at its items, until it is woken once more.
_WAKE = """
    WITH due AS (
        SELECT person, origin_id, seq FROM mail_items
        WHERE state = 'new' AND (woken_at IS NULL OR woken_at < clock_timestamp() - CAST(%(again)s AS interval))
        ORDER BY at LIMIT %(limit)s FOR UPDATE SKIP LOCKED),
    woken AS (
        UPDATE mail_items i SET woken_at = clock_timestamp() FROM due d
        WHERE (i.person, i.origin_id, i.seq) = (d.person, d.origin_id, d.seq)
        RETURNING i.person, i.ground)
    SELECT person, bool_or(ground IS NOT NULL) FROM woken GROUP BY person
"""

_OVERDUE = """
    SELECT person FROM mailboxes WHERE wake_at < clock_timestamp() - CAST(%(tolerance)s AS interval)
    UNION SELECT person FROM mail_messages
    WHERE started_at IS NULL AND at < clock_timestamp() - CAST(%(tolerance)s AS interval)
    UNION SELECT i.person FROM mail_items i LEFT JOIN mailboxes b ON b.person = i.person
    WHERE i.state = 'waiting' AND b.wake_at IS NULL AND i.at < clock_timestamp() - CAST(%(tolerance)s AS interval)
    LIMIT 1000
"""


def entry_columns(entries: Sequence[Entry]) -> str:
    """Return the parameter `mail` of `INSERT_ENTRIES`."""
    return to_json([entry.model_dump() for entry in entries]).decode()


async def insert_entries(connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Write entries in the caller's transaction."""
    if entries:
        await run(connection, INSERT_ENTRIES.format(source=""), {"mail": entry_columns(entries)})


async def give_out(connection: AsyncConnection, limit: int = BATCH) -> int:
    """Turn the oldest entries into items of people, in the caller's transaction; return how many entries there were.

    Two processes at once give out different ones. An item that is there already stays as it is.
    """
    waiting = await all_rows(connection, "SELECT count(*) FROM (SELECT 1 FROM mail_intake LIMIT %(limit)s) n",
                             {"limit": limit})  # fmt: skip
    if waiting[0][0]:
        zone = (await policy_version(connection, await newest_version(connection))).zone
        await run(connection, _GIVE_OUT, {"limit": limit, "roles": sorted(DEPARTMENT_ROLES), "zone": zone})
    return cast("int", waiting[0][0])


async def take_wakes(
    connection: AsyncConnection, again: timedelta, limit: int = 10_000
) -> tuple[tuple[UUID, bool], ...]:
    """Return whose mailboxes have items that nobody has looked at, and whether one of them is urgent.

    However many items there are, a mailbox is named once. It is named again after `again` while they stay new: a
    wake-up that was lost is repeated.
    """
    rows = await all_rows(connection, _WAKE, {"again": again, "limit": limit})
    return tuple((row[0], row[1]) for row in rows)


async def overdue_mailboxes(connection: AsyncConnection, tolerance: timedelta) -> tuple[UUID, ...]:
    """Return whose mailboxes should have looked again that long ago, or have messages that were never handed over,
    or something that waits without a moment."""
    rows = await all_rows(connection, _OVERDUE, {"tolerance": tolerance})
    return tuple(row[0] for row in rows)
