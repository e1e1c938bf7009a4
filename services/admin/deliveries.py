"""The delivery log: what was sent by which channel, what each far side answered, and sending again."""

import asyncio
from datetime import datetime
from typing import Any

from pydantic import Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.client import WorkflowFailureError
from temporalio.service import RPCError

from infra.case_client import no_answer
from infra.database import transaction
from infra.keys.access import keys_of
from infra.keys.boxes import Box
from infra.send_client import begin_send, restart_send
from infra.store.admin_actions import record_action
from infra.store.sends import open_send
from models.base import Frozen, Instant
from models.context import Person
from models.errors import ChannelUnknown, NoSuchSend, NotReplayable, SendUnderWay
from models.ids import new_id
from models.sends import (
    ChannelKind,
    Message,
    Outcome,
    Purpose,
    Route,
    Send,
    SendRun,
    SendStatus,
    key_of_test,
    send_workflow_id,
)
from services.admin.rights import require_admin
from services.criteria.cursors import cursor_after, read_cursor
from services.runtime.resources import Resources

_CURSOR = "sends"
#: Seconds that a test message is waited for; what comes later is in the log.
TEST_SECONDS = 25.0
_LIST = text("""
SELECT s.key, s.purpose, s.about, s.status, s.created_at, s.finished_at, s.channel, s.far_id, s.round,
    s.sealed IS NOT NULL AS kept, a.attempts, a.last_channel, a.last_code, a.again_at
FROM sends s LEFT JOIN LATERAL (
    SELECT count(*) AS attempts, (array_agg(x.channel ORDER BY x.number DESC))[1] AS last_channel,
        (array_agg(x.code ORDER BY x.number DESC))[1] AS last_code,
        (array_agg(x.again_at ORDER BY x.number DESC))[1] AS again_at
    FROM send_attempts x WHERE x.send = s.key) a ON true
WHERE (CAST(:key AS text) IS NULL OR s.key = :key)
  AND (CAST(:status AS text) IS NULL OR s.status = :status)
  AND (CAST(:purpose AS text) IS NULL OR s.purpose = :purpose)
  AND (CAST(:about AS text) IS NULL OR s.about = :about)
  AND (CAST(:channel AS text) IS NULL
       OR EXISTS (SELECT 1 FROM send_attempts y WHERE y.send = s.key AND y.channel = :channel))
  AND (CAST(:since AS timestamptz) IS NULL OR s.created_at >= :since)
  AND (CAST(:until AS timestamptz) IS NULL OR s.created_at < :until)
  AND (CAST(:last_at AS timestamptz) IS NULL OR (s.created_at, s.key) < (:last_at, :last_key))
ORDER BY s.created_at DESC, s.key DESC LIMIT :most
""")
_ATTEMPTS = text("SELECT * FROM send_attempts WHERE send = :key ORDER BY number")
_SEALED = text("SELECT status, round, sealed, wrapped_key, key_id FROM sends WHERE key = :key FOR UPDATE")
_KIND = text("SELECT kind FROM channels WHERE id = :id")


class DeliveryFilter(Frozen):
    """Which sends: by key, status, purpose, subject, a channel that tried them, from and before a moment."""

    key: str | None = None
    status: SendStatus | None = None
    purpose: Purpose | None = None
    about: str | None = None
    channel: str | None = None
    since: Instant | None = None
    until: Instant | None = None


class DeliveryView(Frozen):
    """A send in the log. `channel`: the one that took it. `last_code`: why the last attempt failed. `kept`: whether its
    content is still there, so that it can be sent again. `again_at`: when it is tried next, while it waits.
    """

    key: str
    purpose: Purpose
    about: str | None
    status: SendStatus
    created_at: Instant
    finished_at: Instant | None
    channel: str | None
    far_id: str | None
    round: int = Field(description="How often it was replayed")
    kept: bool
    attempts: int
    last_channel: str | None
    last_code: str | None
    again_at: Instant | None


class AttemptView(Frozen):
    """One attempt. `answer`: the beginning of what the far side answered; where it answered nothing, what we found, in
    Chinese and in the next line in English. `address` is masked, in the answer as well."""

    number: int
    round: int
    channel: str
    address: str
    begun_at: Instant
    finished_at: Instant | None
    outcome: Outcome | None
    status: int | None
    code: str | None
    answer: str | None
    far_id: str | None
    again_at: Instant | None


class DeliveryPage(Frozen):
    """A page of the log, the newest first."""

    items: tuple[DeliveryView, ...]
    next_cursor: str | None = None


class DeliveryDetail(Frozen):
    """A send with all its attempts."""

    delivery: DeliveryView
    attempts: tuple[AttemptView, ...]


async def list_deliveries(
    connection: AsyncConnection, person: Person, wanted: DeliveryFilter, now: datetime,
    *, cursor: str | None = None, limit: int = 50,
) -> DeliveryPage:  # fmt: skip
    """Return the sends of a filter. Raises NotYours for everybody but administrators; BadFilter."""
    await require_admin(connection, person, now, "channels")
    last_at, last_key = (None, None) if cursor is None else read_cursor(_CURSOR, cursor, 2)
    moment = None if last_at is None else datetime.fromisoformat(last_at)
    values: dict[str, Any] = {**wanted.model_dump(), "last_at": moment, "last_key": last_key, "most": limit + 1}
    found = [_view(row) for row in await connection.execute(_LIST, values)]
    if len(found) <= limit:
        return DeliveryPage(items=tuple(found))
    end = found[limit - 1]
    return DeliveryPage(
        items=tuple(found[:limit]), next_cursor=cursor_after(_CURSOR, end.created_at.isoformat(), end.key)
    )  # fmt: skip


def _view(row: Any) -> DeliveryView:
    values = dict(row._mapping)
    if values["status"] != SendStatus.WAITING:
        values["again_at"] = None
    return DeliveryView.model_validate(values)


async def get_delivery(connection: AsyncConnection, person: Person, key: str, now: datetime) -> DeliveryDetail:
    """Return a send and its attempts. Raises NotYours, NoSuchSend."""
    page = await list_deliveries(connection, person, DeliveryFilter(key=key), now, limit=1)
    if not page.items:
        raise NoSuchSend(key=key)
    fields = set(AttemptView.model_fields)
    attempts = tuple(
        AttemptView.model_validate({name: value for name, value in row._mapping.items() if name in fields})
        for row in await connection.execute(_ATTEMPTS, {"key": key})
    )
    return DeliveryDetail(delivery=page.items[0], attempts=attempts)


async def replay(resources: Resources, person: Person, key: str, now: datetime) -> None:
    """Send something again, under its own key. A web hook's event keeps its id.

    Raises NotYours, NoSuchSend, SendUnderWay, NotReplayable, KeysAway and StoreAway.
    """
    async with transaction(resources.engine) as connection:
        await require_admin(connection, person, now, "channels replay")
        row = (await connection.execute(_SEALED, {"key": key})).one_or_none()
        if row is None:
            raise NoSuchSend(key=key)
        if row.status == SendStatus.WAITING:
            raise SendUnderWay()
        if row.sealed is None:
            raise NotReplayable()
        send = await open_send(keys_of(resources.engine).ring, key, Box(row.sealed, row.wrapped_key, row.key_id))
        after = {"round": row.round + 1}
        await record_action(connection, person.id, "channels replay", ("sends", key), {"round": row.round}, after)
    fresh = send.model_copy(update={"not_after": None})
    if not await _started(resources, restart_send, SendRun(send=fresh, round=row.round + 1)):
        raise SendUnderWay()


async def test_channel(
    resources: Resources, person: Person, channel: str, address: str, now: datetime, language: str
) -> DeliveryDetail:
    """Send a test message by a channel, once, and return what the far side answered.

    Raises NotYours, ChannelUnknown and StoreAway. One that takes longer goes on; the log has its end.
    """
    async with transaction(resources.engine) as connection:
        await require_admin(connection, person, now, "channels test")
        kind = await connection.scalar(_KIND, {"id": channel})
        if kind is None:
            raise ChannelUnknown(channel=channel)
        await record_action(connection, person.id, "channels test", ("channels", channel), None, None)
    if kind == ChannelKind.PUSH:
        address = str(person.id)
    send = Send(
        key=key_of_test(new_id()), message=_test_message(resources, language), purpose=Purpose.TEST,
        routes=(Route(channel=channel, address=address.strip()),),
    )  # fmt: skip
    await _started(resources, begin_send, send)
    try:
        async with asyncio.timeout(TEST_SECONDS):
            await resources.temporal.get_workflow_handle(send_workflow_id(send.key)).result()
    except (TimeoutError, RPCError, WorkflowFailureError):
        pass  # the log says how far it is
    async with resources.engine.connect() as connection:
        return await get_delivery(connection, person, send.key, now)


async def _started(resources: Resources, start: Any, what: Any) -> bool:
    try:
        async with asyncio.timeout(resources.settings.answer_seconds):
            started: bool = await start(resources.temporal, what, queue=resources.settings.case_queue)
    except (RPCError, RuntimeError, TimeoutError) as error:  # RuntimeError: the client never connected
        raise no_answer(error) from error
    return started


def _test_message(resources: Resources, language: str) -> Message:
    link = resources.settings.public_url
    if language == "en":
        return Message(title="Gridloop: test message", lines=("This channel works.",), link=link, language="en")
    return Message(title="网格管理:测试消息", lines=("该渠道可用。",), link=link, language="zh")
