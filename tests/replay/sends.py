"""The sends whose histories are recorded, one for each way that a send can go: see `tests.replay.record`."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle

from infra.send_client import begin_send, restart_send
from models.sends import SendReceipt, SendRun, SendStatus, Urgency, send_workflow_id
from tests.fakes.far_side import Answering, Reply, running_far_side, script
from tests.town import Town
from tests.workflows.letters import add_channel
from tests.workflows.post import made

#: What the first far side answers, and settings of its channel.
_FIRST: dict[str, tuple[Answering, dict[str, Any]]] = {
    "delivered": (lambda _: Reply(), {}),
    "fallback": (lambda _: Reply(500), {"attempts": 2}),
    "refused": (lambda _: Reply(422), {}),
    "gone": (lambda _: Reply(410), {}),
    "limited": (script([Reply(429, headers={"retry-after": "1"})]), {}),
    "expired": (lambda _: Reply(429, headers={"retry-after": "2"}), {}),
    "late": (lambda _: Reply(), {}),
    "repeated": (script([Reply(cut=True)]), {}),
    "unclear": (lambda _: Reply(cut=True), {"on_lost": "hold"}),
    "urgent": (lambda _: Reply(cut=True), {"on_lost": "hold"}),
    "resumed": (script([Reply(500)]), {"first_wait": 2}),
    "over": (lambda _: Reply(), {}),
}
_ENDS = {"refused": SendStatus.FAILED, "expired": SendStatus.FAILED, "late": SendStatus.FAILED,
         "unclear": SendStatus.UNCLEAR}  # fmt: skip


async def play_sends(town: Town, client: Client) -> dict[str, str]:
    """Play each once; return its workflow id by name."""
    return {name: await _play(town, client, name) for name in _FIRST}


async def _play(town: Town, client: Client, name: str) -> str:
    answering, config = _FIRST[name]
    async with running_far_side(answering) as first, running_far_side(lambda _: Reply()) as second:
        for id_, side in ((name, first), (f"{name}-next", second)):
            await add_channel(town.engine, id_, side.url("/in"), **{"first_wait": 0.2, **config})
        more: dict[str, Any] = {"key": f"recorded:{name}"}
        routes = (name,) if name in ("refused", "expired", "late") else (name, f"{name}-next")
        if name in ("expired", "late"):
            more["not_after"] = datetime.now(UTC) + timedelta(seconds=1 if name == "expired" else -1)
        send = made(*routes, **more)
        if name == "urgent":
            send = send.model_copy(update={"message": send.message.model_copy(update={"urgency": Urgency.URGENT})})
        queue = town.resources.settings.case_queue
        assert await begin_send(client, send, queue=queue)
        handle: WorkflowHandle[Any, SendReceipt] = client.get_workflow_handle(
            send_workflow_id(send.key), result_type=SendReceipt
        )
        if name == "resumed":
            await first.wait_for(1)
            await _until_timer(handle)
            await handle.terminate()
        if name == "over":
            await handle.result()
        if name in ("resumed", "over"):
            assert await restart_send(client, SendRun(send=send), queue=queue)
        receipt = await asyncio.wait_for(handle.result(), 30)
        assert receipt.status is _ENDS.get(name, SendStatus.DELIVERED), (name, receipt)
        return handle.id


async def _until_timer(handle: WorkflowHandle[Any, Any]) -> None:
    """Wait until the workflow waits for its next attempt."""
    async with asyncio.timeout(30):
        while not any(
            [event.HasField("timer_started_event_attributes") async for event in handle.fetch_history_events()]
        ):
            await asyncio.sleep(0.1)
