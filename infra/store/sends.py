"""Sends and their attempts, as the activities of a send write them."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.keys.boxes import Box, close_box, open_box
from infra.keys.ring import Ring
from infra.store.driver import all_rows, first_row, run
from models.base import STORED
from models.sends import Attempted, FinishOrder, Outcome, Send, SendReceipt, SendResumed, SendRun, SendStatus

_RECORD = """
    INSERT INTO sends AS s (key, purpose, about, status, created_at, finished_at, channel, far_id, attempts, round,
        sealed, wrapped_key, key_id)
    VALUES (%(key)s, %(purpose)s, %(about)s, 'waiting', clock_timestamp(), NULL, NULL, NULL, 0, %(round)s,
        %(sealed)s, %(wrapped_key)s, %(key_id)s)
    ON CONFLICT (key) DO UPDATE SET status = 'waiting', finished_at = NULL, channel = NULL, far_id = NULL,
        round = excluded.round
    WHERE s.round < excluded.round
"""
_READ = "SELECT status, channel, far_id, attempts, finished_at, round FROM sends WHERE key = %(key)s"
#: How many attempts there were in all, the last route of the round, the failures on it, and whether an answer was lost.
_RESUME = """
    SELECT (SELECT count(*) FROM send_attempts WHERE send = %(key)s AND outcome IS NOT NULL) AS attempts,
        coalesce(last.route, 0),
        (SELECT count(*) FROM send_attempts a WHERE a.send = %(key)s AND a.round = %(round)s AND a.route = last.route
            AND a.outcome IN ('failed', 'unclear')),
        EXISTS (SELECT 1 FROM send_attempts WHERE send = %(key)s AND round = %(round)s AND outcome = 'unclear')
    FROM (SELECT max(route) AS route FROM send_attempts WHERE send = %(key)s AND round = %(round)s) last
"""
_BEGIN = """
    INSERT INTO send_attempts (send, number, round, route, channel, address, begun_at)
    VALUES (%(key)s, %(number)s, %(round)s, %(route)s, %(channel)s, %(address)s, %(now)s)
    ON CONFLICT (send, number) DO NOTHING RETURNING number
"""
_EARLIER = """
    SELECT number, route, channel, outcome, far_id, again_at FROM send_attempts
    WHERE send = %(key)s AND round = %(round)s ORDER BY number
"""
_END = """
    UPDATE send_attempts SET finished_at = %(now)s, outcome = %(outcome)s, status = %(status)s, code = %(code)s,
        answer = %(answer)s, far_id = %(far_id)s, again_at = %(again_at)s
    WHERE send = %(key)s AND number = %(number)s AND outcome IS NULL
"""
_FINISH = """
    UPDATE sends SET status = %(status)s, channel = %(channel)s, far_id = %(far_id)s, attempts = %(attempts)s,
        finished_at = %(at)s
    WHERE key = %(key)s AND round = %(round)s
"""


def about_send(key: str) -> str:
    """What the sealed content of a send is bound to."""
    return f"send {key}"


async def record_send(connection: AsyncConnection, ring: Ring, wanted: SendRun) -> SendResumed:
    """Store the send if it is new, or begins a later round, and return where its run goes on. When it began is told by
    the clock of the database, by which the audit asks how long it has waited.

    Raises KeysAway while the master key is away.
    """
    send = wanted.send
    box = await close_box(ring, about_send(send.key), send.model_dump_json().encode())
    values: dict[str, Any] = {
        "key": send.key, "purpose": send.purpose.value, "about": send.about, "round": wanted.round,
        "sealed": box.sealed, "wrapped_key": box.wrapped_key, "key_id": box.key_id,
    }  # fmt: skip
    await run(connection, _RECORD, values)
    row = await first_row(connection, _READ, {"key": send.key})
    if row[0] != SendStatus.WAITING or row[5] != wanted.round:
        return SendResumed(over=_receipt(send.key, row))
    values = {"key": send.key, "round": wanted.round}
    attempts, route, tried, unclear = await first_row(connection, _RESUME, values)
    return SendResumed(attempts=attempts, route=route, tried=tried, unclear=unclear)


def _receipt(key: str, row: Any) -> SendReceipt:
    return SendReceipt(
        key=key, status=SendStatus(row[0]), channel=row[1], far_id=row[2], attempts=row[3], at=row[4]
    )  # fmt: skip


async def read_receipt(connection: AsyncConnection, key: str) -> SendReceipt | None:
    """Return how far a send is; None when there is none with that key."""
    row = await first_row(connection, _READ, {"key": key})
    return None if row is None else _receipt(key, row)


async def begin_attempt(connection: AsyncConnection, values: dict[str, Any]) -> bool:
    """Note that an attempt begins; return False when it was noted before. `values`: the columns of the row."""
    return await first_row(connection, _BEGIN, values) is not None


async def earlier_attempts(connection: AsyncConnection, key: str, round_: int) -> list[tuple[Any, ...]]:
    """Return number, route, channel, outcome, far id and next try of the attempts of a round, in their order."""
    return await all_rows(connection, _EARLIER, {"key": key, "round": round_})


async def end_attempt(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Note what came of an attempt. The first result counts."""
    await run(connection, _END, values)


async def finish_send(connection: AsyncConnection, order: FinishOrder) -> None:
    """Store the receipt of a run."""
    values = order.receipt.model_dump()
    await run(connection, _FINISH, {**values, "status": order.receipt.status.value, "round": order.round})


async def open_send(ring: Ring, key: str, box: Box) -> Send:
    """Return a stored send. Raises KeysAway."""
    return Send.model_validate_json(await open_box(ring, about_send(key), box), context=STORED)


def delivered(row: tuple[Any, ...]) -> Attempted | None:
    """Return the result of an earlier attempt that delivered the message; None for any other."""
    if row[3] != Outcome.DELIVERED:
        return None
    return Attempted(outcome=Outcome.DELIVERED, channel=row[2], far_id=row[4])
