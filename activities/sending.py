"""The activities of a send: its record, one attempt, its receipt.

An attempt is noted before it is made and its result after it. One that was noted and has no result when the activity
runs again was cut off: its message may have arrived. A channel that repeats is then tried again, another is not.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.channels.base import Letter, Told, Tools, cleaned, failure, masked_address, perhaps_taken
from activities.channels.registry import DELIVER
from infra.database import is_away, transaction
from infra.keys.access import keys_of
from infra.metrics import SENDS
from infra.outgoing import Outgoing
from infra.store.channels import StoredChannel, read_channel
from infra.store.reporters import address_of
from infra.store.sends import (
    begin_attempt,
    delivered,
    earlier_attempts,
    end_attempt,
    finish_send,
    read_receipt,
    record_send,
)
from models.errors import KeysAway, OutgoingFailed
from models.reporter_messages import TellBy, reporter_in
from models.sends import (
    ATTEMPT_SEND_ACTIVITY,
    FINISH_SEND_ACTIVITY,
    RECORD_SEND_ACTIVITY,
    Attempted,
    AttemptOrder,
    FinishOrder,
    Outcome,
    Purpose,
    SendResumed,
    SendRun,
)
from rules.sending import Patience, again_in

log = structlog.get_logger(__name__)

#: Seconds that one attempt may take; less than the timeout of its activity.
ATTEMPT_SECONDS = 45.0


class SendActivities:
    """The activities, bound to a database and to the guard of outgoing requests."""

    def __init__(self, engine: AsyncEngine, outgoing: Outgoing) -> None:
        self._engine = engine
        self._outgoing = outgoing

    @activity.defn(name=RECORD_SEND_ACTIVITY)
    async def record_send(self, run: SendRun) -> SendResumed:
        """Store the send, or find how far it is. Safe to repeat."""
        with _failing_quietly():
            async with transaction(self._engine) as connection:
                return await record_send(connection, keys_of(self._engine).ring, run)

    @activity.defn(name=FINISH_SEND_ACTIVITY)
    async def finish_send(self, order: FinishOrder) -> None:
        """Store the receipt. Safe to repeat."""
        with _failing_quietly():
            async with transaction(self._engine) as connection:
                await finish_send(connection, order)

    @activity.defn(name=ATTEMPT_SEND_ACTIVITY)
    async def attempt_send(self, order: AttemptOrder) -> Attempted:
        """Make one attempt, or find what came of it. Repeated, it makes no second one where that could do harm."""
        with _failing_quietly():
            return await self._attempt(order)

    async def _attempt(self, order: AttemptOrder) -> Attempted:
        route, now = order.send.routes[order.route], datetime.now(UTC)
        async with transaction(self._engine) as connection:
            channel = await read_channel(connection, keys_of(self._engine).ring, route.channel)
            if await read_receipt(connection, order.send.key) is None:  # the database was restored to an earlier state
                run = SendRun(send=order.send, round=order.round)
                await record_send(connection, keys_of(self._engine).ring, run)
            begun = await begin_attempt(connection, _begun(order, now))
            earlier = await earlier_attempts(connection, order.send.key, order.round)
        for row in earlier:
            if (found := delivered(row)) is not None:
                return found
        mine = next(row for row in earlier if row[0] == order.number)
        if mine[3] is not None:
            return _stored(mine, now)
        before = [row for row in earlier if row[0] < order.number and row[1] == order.route]
        lost = not begun or any(row[3] in (None, Outcome.UNCLEAR) for row in before)
        patience = _patience(order, channel)
        if lost and not patience.repeats:
            told = Told(Outcome.UNCLEAR, code="answer_lost")
        else:
            address = await self._address(route.address, channel)
            message = order.send.message if channel is None else order.send.message.on(channel.kind)
            letter = Letter(order.send.key, message, address or "", now, repeated=lost, round=order.round)
            told = Told(Outcome.GONE, code="no_address") if address is None else await self._deliver(channel, letter)
            told = told if channel is None else cleaned(told, channel, letter)
        return await self._note(order, channel, told, patience)

    async def _address(self, address: str, channel: StoredChannel | None) -> str | None:
        """Return the address; that of a reporter is read now, so that none who was erased or wants no more is reached.
        None: there is none any more. Raises KeysAway.
        """
        reference = reporter_in(address)
        if reference is None or channel is None:
            return address
        async with self._engine.connect() as connection:
            return await address_of(connection, reference, TellBy(channel.kind))

    async def _deliver(self, channel: StoredChannel | None, letter: Letter) -> Told:
        if channel is None:
            return Told(Outcome.REFUSED, code="channel_missing")
        if not channel.enabled:
            return Told(Outcome.REFUSED, code="channel_disabled")
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                told = await DELIVER[channel.kind](Tools(self._outgoing, channel, self._engine), letter)
        except OutgoingFailed as error:
            return failure(error)
        except TimeoutError:
            return Told(Outcome.UNCLEAR, code="too_slow")
        except Exception as error:
            if is_away(error) or isinstance(error, KeysAway):
                raise
            log.error("channel failed", channel=channel.id, kind=channel.kind.value, exc_info=error)
            return Told(Outcome.UNCLEAR, code="internal")
        if channel.config.on_lost != "repeat" and perhaps_taken(told):
            return replace(told, outcome=Outcome.UNCLEAR)
        return told

    async def _note(
        self, order: AttemptOrder, channel: StoredChannel | None, told: Told, patience: Patience
    ) -> Attempted:
        """Store what came of the attempt, and return it."""
        now = datetime.now(UTC)
        pause = again_in(told.outcome, patience, tried=order.tried, waited=order.waited, told=told.after)
        values: dict[str, Any] = {
            "key": order.send.key, "number": order.number, "now": now, "outcome": told.outcome.value,
            "status": told.status, "code": told.code, "far_id": told.far_id, "answer": told.answer,
            "again_at": None if pause is None else now + timedelta(seconds=pause),
        }  # fmt: skip
        async with transaction(self._engine) as connection:
            await end_attempt(connection, values)
        route = order.send.routes[order.route]
        SENDS.labels(route.channel if channel is not None else "?", told.outcome.value).inc()
        if told.outcome is not Outcome.DELIVERED:
            log.warning(
                "attempt failed", send=order.send.key, channel=route.channel, outcome=told.outcome.value,
                code=told.code, again_in=pause,
            )  # fmt: skip
        return Attempted(outcome=told.outcome, again_in=pause, channel=route.channel, far_id=told.far_id)


def _stored(row: tuple[Any, ...], now: datetime) -> Attempted:
    """Return what an attempt came to whose result reached the database, and not the workflow."""
    pause = None if row[5] is None else max(0.0, (row[5] - now).total_seconds())
    return Attempted(outcome=Outcome(row[3]), again_in=pause, channel=row[2], far_id=row[4])


def _begun(order: AttemptOrder, now: datetime) -> dict[str, Any]:
    route = order.send.routes[order.route]
    return {
        "key": order.send.key, "number": order.number, "round": order.round, "route": order.route,
        "channel": route.channel, "address": masked_address(route.address), "now": now,
    }  # fmt: skip


def _patience(order: AttemptOrder, channel: StoredChannel | None) -> Patience:
    """Return how long the channel is tried. A test message is tried once."""
    if channel is None or order.send.purpose is Purpose.TEST:
        return Patience(1, 1, 1, 0, repeats=False)
    config = channel.config
    return Patience(
        config.attempts, config.first_wait, config.longest_wait, config.longest_limit, config.on_lost != "hold"
    )  # fmt: skip


@contextmanager
def _failing_quietly() -> Iterator[None]:
    """Fail the activity without the text of other errors, which may hold what was sent."""
    try:
        yield
    except Exception as error:
        if is_away(error) or isinstance(error, KeysAway):
            what = "the master key" if isinstance(error, KeysAway) else "the database"
            raise ApplicationError(f"{what} is away", type="Away", category=ApplicationErrorCategory.BENIGN) from None
        log.error("activity of a send failed", error=type(error).__name__, exc_info=error)
        raise ApplicationError("a fault of ours", type=type(error).__name__) from None
