"""What a mailbox decided, recorded in one transaction; and which of its messages have not begun to be sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen
from models.ids import derived_id
from models.mailbox import ItemState, MailOutcome, MessageForm, Outgoing

_ITEMS = text("""
    UPDATE mail_items i SET state = n.state, why = n.why, until = n.until, message = coalesce(n.message, i.message)
    FROM jsonb_to_recordset(CAST(:items AS jsonb))
        AS n(origin uuid, seq int, state text, why text, until timestamptz, message uuid)
    WHERE i.person = :person AND i.origin_id = n.origin AND i.seq = n.seq
""")
_MESSAGE = text("""
    INSERT INTO mail_messages (id, person, form, urgent, opening, at, channels, place, amount, named, repeats)
    VALUES (:id, :person, :form, :urgent, :opening, :at, :channels, :place, :amount, CAST(:named AS jsonb), :repeats)
    ON CONFLICT (id) DO NOTHING
""")
_MAILBOX = text("UPDATE mailboxes SET storms = CAST(:storms AS jsonb), wake_at = :wake_at WHERE person = :person")
_UNSTARTED = text("""
    SELECT id, form, urgent, at, channels, place, amount, named, repeats FROM mail_messages
    WHERE person = :person AND started_at IS NULL ORDER BY at, id
""")
_STARTED = text("UPDATE mail_messages SET started_at = :now WHERE id = :id AND started_at IS NULL")


class StoredMessage(Frozen):
    """A message that a mailbox decided to send; `named` are the case or matter ids and fact numbers of its items."""

    id: UUID
    person: UUID
    form: MessageForm
    urgent: bool
    at: datetime
    channels: tuple[str, ...]
    place: str | None
    amount: int
    named: tuple[tuple[UUID, int], ...]
    repeats: UUID | None

    @property
    def key(self) -> str:
        """The key of its send."""
        return f"mail:{self.id}"


async def write_outcome(connection: AsyncConnection, person: UUID, outcome: MailOutcome, now: datetime) -> None:
    """Record what was decided, in the transaction in which the mailbox was read.

    The id of a message follows from what it tells: decided again on what was read again, it is the same message.
    """
    changes: list[dict[str, Any]] = []
    for message in outcome.messages:
        id_ = message_id(person, message)
        await connection.execute(_MESSAGE, _columns(id_, person, message, now))
        changes += [_change(key, ItemState.TOLD, message=id_) for key in message.told]
    changes += [
        _change(key, ItemState.WAITING, why=one.why.value, until=one.until) for key, one in outcome.waiting.items()
    ]
    changes += [_change(key, ItemState.LEFT, why=why.value) for key, why in outcome.left.items()]
    if changes:
        await connection.execute(_ITEMS, {"person": person, "items": to_json(changes).decode()})
    storms = to_json([storm.model_dump() for storm in outcome.storms]).decode()
    await connection.execute(_MAILBOX, {"person": person, "storms": storms, "wake_at": outcome.wake_at})


def message_id(person: UUID, message: Outgoing) -> UUID:
    """Return the id of a message: the same for the same items told, or the same message repeated."""
    told = sorted(f"{origin}:{seq}" for origin, seq in message.told)
    return derived_id("mail", person, message.form, message.repeats, *told)


async def unstarted_messages(connection: AsyncConnection, person: UUID) -> tuple[StoredMessage, ...]:
    """Return the messages of a person that have been decided and not handed over to be sent, the oldest first."""
    rows = (await connection.execute(_UNSTARTED, {"person": person})).mappings().all()
    return tuple(StoredMessage.model_validate({**row, "person": person}) for row in rows)


async def note_started(connection: AsyncConnection, id_: UUID, now: datetime) -> None:
    """Note that a message was handed over."""
    await connection.execute(_STARTED, {"id": id_, "now": now})


def _columns(id_: UUID, person: UUID, message: Outgoing, now: datetime) -> dict[str, Any]:
    named: Sequence[tuple[str, int]] = [(str(origin), seq) for origin, seq in message.named]
    return {
        "id": id_,
        "person": person,
        "form": message.form.value,
        "urgent": message.urgent,
        "opening": message.opening,
        "at": now,
        "channels": list(message.channels),
        "place": message.place,
        "amount": message.count,
        "named": to_json(named).decode(),
        "repeats": message.repeats,
    }


def _change(
    key: tuple[UUID, int], state: ItemState, *, why: str | None = None, until: datetime | None = None,
    message: UUID | None = None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "origin": key[0], "seq": key[1], "state": state.value, "why": why, "until": until, "message": message,
    }  # fmt: skip
