"""Hand-overs as they are stored: begun and ended in the transaction of the case's facts, moved on by their activity."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.keys.boxes import Box, open_box
from infra.keys.ring import Ring
from infra.store.driver import all_rows, first_row, run
from infra.store.outbox import insert_effects
from models.base import STORED
from models.case import Case
from models.handovers import Handover, Receiver, ReceiverDraft
from models.ids import derived_id
from models.matters.effects import LookAtHandover

_FIELDS = tuple(Handover.model_fields)
COLUMNS = ", ".join(f"h.{name}" for name in _FIELDS)
_ENABLED = "SELECT code, department, account FROM receivers WHERE enabled AND department = ANY (%(departments)s)"
_BEGIN = """
    INSERT INTO handovers (id, report_id, receiver, account, department, round, since, status, created_at, tries)
    VALUES (%(id)s, %(report)s, %(receiver)s, %(account)s, %(department)s, %(round)s, %(since)s, 'waiting', %(at)s, 0)
    ON CONFLICT (id) DO NOTHING
"""
#: Whoever completed the case by its own hand needs not be told that it is over.
_DEPART = """
    UPDATE handovers SET departed_at = %(at)s,
        status = CASE WHEN account = %(actor)s AND %(done)s THEN 'answered' ELSE status END,
        answered_at = CASE WHEN account = %(actor)s THEN coalesce(answered_at, %(at)s) ELSE answered_at END
    WHERE report_id = %(report)s AND department = ANY (%(departments)s) AND departed_at IS NULL
        AND status NOT IN ('answered', 'ended')
    RETURNING id
"""
_ANSWERED = """
    UPDATE handovers SET answered_at = %(at)s, unanswered_at = NULL,
        status = CASE WHEN status IN ('waiting', 'sending', 'uncertain', 'refused') THEN 'sent' ELSE status END
    WHERE report_id = %(report)s AND account = %(actor)s AND departed_at IS NULL AND status NOT IN ('answered', 'ended')
"""


async def begin_handovers(connection: AsyncConnection, case: Case, departments: Collection[str], at: datetime) -> None:
    """Hand the case over to the receivers of the departments that it has come to, in the transaction of that fact."""
    rows = await all_rows(connection, _ENABLED, {"departments": sorted(departments)})
    for code, department, account in rows:
        id_ = derived_id(case.report_id, "handover", code, case.seq)
        values = {
            "id": id_, "report": case.report_id, "receiver": code, "account": account, "department": department,
            "round": case.round, "since": case.seq, "at": at,
        }  # fmt: skip
        await run(connection, _BEGIN, values)
        await _look(connection, id_, "begin", at)


async def end_handovers(
    connection: AsyncConnection, case: Case, departments: Collection[str], actor: UUID | None, at: datetime
) -> None:
    """End the hand-overs of the departments that the case has left, in the transaction of that fact."""
    values = {
        "report": case.report_id, "departments": sorted(departments), "actor": actor, "at": at,
        "done": case.completed_at is not None and case.completed_at == at,
    }  # fmt: skip
    for (id_,) in await all_rows(connection, _DEPART, values):
        await _look(connection, id_, "departed", at)


async def note_answered(connection: AsyncConnection, report_id: UUID, actor: UUID, at: datetime) -> None:
    """Note that a receiver has answered, in the transaction of what it said."""
    await run(connection, _ANSWERED, {"report": report_id, "actor": actor, "at": at})


async def _look(connection: AsyncConnection, id_: UUID, cause: str, at: datetime) -> None:
    await insert_effects(connection, ("handover", id_), cause, (LookAtHandover(handover=id_),), at)


async def read_handover(connection: AsyncConnection, id_: UUID, *, lock: bool = False) -> Handover | None:
    """Return a hand-over; None when there is none. `lock`: nobody else changes it until the transaction ends."""
    wait = " FOR UPDATE" if lock else ""
    row = await first_row(connection, f"SELECT {COLUMNS} FROM handovers h WHERE id = %(id)s{wait}", {"id": id_})  # noqa: S608 our own names
    return None if row is None else as_handover(row)


def as_handover(row: Any) -> Handover:
    """A row of `COLUMNS` as a hand-over."""
    return Handover.model_validate(dict(zip(_FIELDS, row, strict=False)), context=STORED)


async def change_handover(connection: AsyncConnection, id_: UUID, **values: Any) -> None:
    """Set columns of a hand-over."""
    sets = ", ".join(f"{name} = %({name})s" for name in values)
    await run(connection, f"UPDATE handovers SET {sets} WHERE id = %(id)s", {**values, "id": id_})  # noqa: S608 our own names


async def open_handovers(connection: AsyncConnection, limit: int = 5_000) -> tuple[UUID, ...]:
    """Return those for which a workflow must run."""
    query = "SELECT id FROM handovers WHERE status NOT IN ('answered', 'ended') ORDER BY created_at LIMIT %(limit)s"
    return tuple(row[0] for row in await all_rows(connection, query, {"limit": limit}))


async def read_receiver(connection: AsyncConnection, code: str) -> Receiver | None:
    """Return a receiver without its secret; None when there is none."""
    row = await first_row(
        connection, "SELECT code, account, config FROM receivers WHERE code = %(code)s", {"code": code}
    )
    if row is None:
        return None
    return Receiver(code=row[0], account=row[1], draft=ReceiverDraft.model_validate(row[2], context=STORED))


async def read_secret(connection: AsyncConnection, ring: Ring, code: str) -> str | None:
    """Return the secret of a receiver; None where it has none. Raises KeysAway."""
    row = await first_row(
        connection, "SELECT sealed, wrapped_key, key_id FROM receivers WHERE code = %(code)s", {"code": code}
    )
    if row is None or row[0] is None:
        return None
    return (await open_box(ring, about_receiver(code), Box(bytes(row[0]), bytes(row[1]), row[2]))).decode()


def about_receiver(code: str) -> str:
    """What the sealed secret of a receiver is bound to."""
    return f"receiver {code}"
