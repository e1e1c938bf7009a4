"""The hand-overs whose histories are recorded, one for each way that one can go: see `tests.replay.record`."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from activities.channels.webhook import sign
from models.enums import OutsideKind
from models.handovers import ReceiverDraft, Settlement
from services.handovers.answers import take_answer
from services.handovers.receivers import set_receiver
from services.handovers.reconciliation import settle
from tests.fakes.far_side import Reply
from tests.fakes.far_system import FarSystem, running_far_system
from tests.town import Town

_ROW = text("""
    SELECT h.id, h.status, h.unanswered_at FROM handovers h JOIN cases c USING (report_id)
    WHERE c.case_no = :no ORDER BY h.since DESC LIMIT 1
""")


async def play_handovers(town: Town) -> dict[str, str]:
    """Play each once, on a receiver of the department `labour`; return its workflow id by name."""
    async with running_far_system() as far:
        return {
            name: f"handover-{await play(town, far)}"
            for name, play in {
                "asked": _asked, "unanswered": _unanswered, "uncertain": _uncertain, "refused": _refused,
                "departed": _departed,
            }.items()
        }  # fmt: skip


async def _asked(town: Town, far: FarSystem) -> UUID:
    """The answer is lost: it is asked whether it has the case, and completes it by call-back."""
    assert far.side is not None
    await _receiver(town, far, query_url=far.side.url("/cases?key={key}"))
    far.lose = 1
    no = await _dispatched(town)
    id_ = await _until(town, no, "sent")
    assert (len(far.records), far.asked) == (1, 1)
    await _answer(town, far, id_, "progress")
    await _answer(town, far, id_, "completed")
    return await _until(town, no, "answered")


async def _unanswered(town: Town, far: FarSystem) -> UUID:
    """Nothing is answered in time: that is told, and a person takes the case back."""
    await _receiver(town, far, answer_hours=0.0005)
    no = await _dispatched(town)
    async with asyncio.timeout(30):
        while (await _row(town, no)).unanswered_at is None:
            await asyncio.sleep(0.1)
    await _settle(town, await _until(town, no, "sent"), Settlement.TAKE_BACK)
    return await _until(town, no, "ended")


async def _uncertain(town: Town, far: FarSystem) -> UUID:
    """The answer is lost, and nobody can be asked: a person finds out that it has the case, which later moves on."""
    await _receiver(town, far)
    far.lose = 1
    no = await _dispatched(town)
    await _settle(town, await _until(town, no, "uncertain"), Settlement.RECEIVED)
    await _until(town, no, "sent")
    await town.do("duty", no, "redispatch", host="fire", reason="属消防")
    return await _until(town, no, "ended")


async def _refused(town: Town, far: FarSystem) -> UUID:
    """It is refused, sent again by hand, put off by the receiver, taken, and given back by call-back."""
    await _receiver(town, far)
    far.replies = [Reply(422), Reply(503, headers={"retry-after": "1"})]
    no = await _dispatched(town)
    await _settle(town, await _until(town, no, "refused"), Settlement.SEND_AGAIN)
    id_ = await _until(town, no, "sent")
    await _answer(town, far, id_, "returned")
    await town.do("duty", no, "grant_return", note="同意")
    return await _until(town, no, "ended")


async def _departed(town: Town, far: FarSystem) -> UUID:
    """The case leaves before it was ever taken; telling that fails once."""
    await _receiver(town, far)
    far.replies = [Reply(503, headers={"retry-after": "2"}), Reply(503, headers={"retry-after": "1"})]
    no = await _dispatched(town)
    async with asyncio.timeout(30):
        while len(far.replies) > 1:
            await asyncio.sleep(0.05)
    await _until(town, no, "waiting")
    await town.do("duty", no, "redispatch", host="fire", reason="属消防")
    return await _until(town, no, "ended")


async def _receiver(town: Town, far: FarSystem, **fields: Any) -> None:
    assert far.side is not None
    draft = ReceiverDraft(
        name="人社业务系统", department="labour", kind=OutsideKind.WEB_SERVICE, url=far.side.url("/cases"), **fields
    )
    given = await set_receiver(town.resources, await town.person("admin"), "labour-system", draft, datetime.now(UTC))
    far.secret = given.secret or far.secret
    far.records.clear()


async def _dispatched(town: Town) -> str:
    no = await town.report(category="0201")
    await town.do("duty", no, "accept")
    await town.do("duty", no, "dispatch", host="labour")
    return no


async def _row(town: Town, case_no: str) -> Any:
    async with town.engine.connect() as connection:
        return (await connection.execute(_ROW, {"no": case_no})).one()


async def _until(town: Town, case_no: str, status: str) -> UUID:
    async with asyncio.timeout(30):
        while (row := await _row(town, case_no)).status != status:
            await asyncio.sleep(0.05)
    id_: UUID = row.id
    return id_


async def _answer(town: Town, far: FarSystem, id_: UUID, kind: str) -> None:
    now = datetime.now(UTC)
    body = json.dumps({"answer_id": kind, "kind": kind, "text": "已处理"}).encode()
    timestamp = str(int(now.timestamp()))
    signature = f"t={timestamp},v1={sign(far.secret, timestamp, body)}"
    await take_answer(town.resources, id_, signature, body, now)


async def _settle(town: Town, id_: UUID, decision: Settlement) -> None:
    await settle(town.resources, await town.person("supervisor"), id_, decision, datetime.now(UTC))
