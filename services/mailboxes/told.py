"""What became of something that was to be told outside the pages: sent by which channel when, or why it waits."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import STORED, Frozen, Instant
from models.mailbox import ItemDetail, ItemKey, ItemState, Why
from services.wording.mailboxes import SENDS, WHYS, what_label

#: How many tasks are listed.
MOST_TASKS = 50
_FATES = """
    SELECT i.origin_id, i.seq, i.at, i.detail, i.state, i.why, i.until, i.read_at, m.at AS told_at, m.form, m.repeats,
        s.status, s.finished_at, coalesce(c.name, s.channel, m.channels[1]) AS channel
    FROM mail_items i LEFT JOIN mail_messages m ON m.person = i.person AND (m.id = i.message OR m.repeats = i.message)
        LEFT JOIN sends s ON s.key = 'mail:' || m.id LEFT JOIN channels c ON c.id = coalesce(s.channel, m.channels[1])
    WHERE i.person = :person AND
"""
_OF_KEYS = text(f"""
    {_FATES} (i.origin_id, i.seq) IN (SELECT unnest(CAST(:origins AS uuid[])), unnest(CAST(:seqs AS int[])))
    ORDER BY m.at
""")
_TASKS = text(f"""
    {_FATES} (i.origin_id, i.seq) IN (SELECT t.origin_id, t.seq FROM mail_items t
        WHERE t.person = :person AND t.detail ->> 'task' IS NOT NULL ORDER BY t.at DESC LIMIT {MOST_TASKS})
    ORDER BY i.at DESC, i.origin_id, m.at
""")  # noqa: S608 only names of our own code are put in, values are parameters
_READ = text("UPDATE mail_items SET read_at = :now WHERE person = :person AND read_at IS NULL AND at <= :until")


class Receipt(Frozen):
    """A message that told it: by which channel, when, and how its send ended; `repeated`: it was unread before."""

    at: Instant
    channel: str
    status: str
    text: str
    repeated: bool = False


class Fate(Frozen):
    """What became of an item. `text` says why it waits or was not sent; `until`: until when it waits."""

    state: ItemState
    why: Why | None = None
    text: str = ""
    until: Instant | None = None
    receipts: tuple[Receipt, ...] = ()


class TaskTold(Frozen):
    """A task that was given to the reader, and what became of telling it."""

    at: Instant
    number: str
    what: str
    read: bool
    fate: Fate


async def read_fates(
    connection: AsyncConnection, person: UUID, keys: Iterable[ItemKey], language: str
) -> dict[ItemKey, Fate]:
    """Return what became of these items of a person; what was never to be told outside the pages is missing."""
    wanted = list(keys)
    values = {"person": person, "origins": [origin for origin, _ in wanted], "seqs": [seq for _, seq in wanted]}
    rows = (await connection.execute(_OF_KEYS, values)).all() if wanted else []
    return {key: _fate(of_key, language) for key, of_key in _by_key(rows).items()}


async def read_tasks_told(connection: AsyncConnection, person: UUID, language: str) -> tuple[TaskTold, ...]:
    """Return the newest tasks of a person that were to be told outside the pages."""
    rows = (await connection.execute(_TASKS, {"person": person})).all()
    return tuple(
        TaskTold(
            at=of_key[0].at,
            number=detail.number,
            what=what_label(detail.what, language),
            read=of_key[0].read_at is not None,
            fate=_fate(of_key, language),
        )
        for of_key in _by_key(rows).values()
        for detail in [ItemDetail.model_validate(of_key[0].detail, context=STORED)]
    )


async def mark_items_read(connection: AsyncConnection, person: UUID, now: datetime, until: datetime) -> None:
    """Note that the person has read on the pages what came up to `until`: it is not told by a second channel."""
    await connection.execute(_READ, {"person": person, "now": now, "until": until})


def _by_key(rows: Iterable[Any]) -> dict[ItemKey, list[Any]]:
    found: dict[ItemKey, list[Any]] = {}
    for row in rows:
        found.setdefault((row.origin_id, row.seq), []).append(row)
    return found


def _fate(rows: list[Any], language: str) -> Fate:
    """The fate of one item; a row for each message about it."""
    first, index = rows[0], 1 if language.startswith("en") else 0
    receipts = [
        Receipt(
            at=row.finished_at or row.told_at,
            channel=row.channel or "",
            status=row.status or "waiting",
            text=SENDS[row.status or "waiting"][index],
            repeated=row.repeats is not None,
        )
        for row in rows
        if row.told_at is not None
    ]
    why = None if first.why is None else Why(first.why)
    return Fate(
        state=first.state,
        why=why,
        text="" if why is None else WHYS[why][index],
        until=first.until if first.state == ItemState.WAITING else None,
        receipts=tuple(receipts),
    )
