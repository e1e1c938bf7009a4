"""Which master keys what Temporal stores still names: in the histories of open workflows, and in schedules."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, ScheduleActionStartWorkflow, WorkflowExecution
from temporalio.service import RPCError, RPCStatusCode

from infra.keys.ring import FileRing
from infra.payload_codec import ENCODING, ENCRYPTED, KEY_ID
from models.wire_names import heavy_queue, sends_queue

#: Histories read at the same time.
_AT_ONCE = 16
#: How long after a key was made a process may still have written with the one before (our choice, ample).
_LAG = timedelta(minutes=1)


@dataclass(frozen=True)
class PayloadKeys:
    """How many open workflows, and how many schedules, name each key. One may name several.

    `closed`: how many closed workflows were begun before the current key was made. Their histories are kept until the
    retention ends; nothing but Temporal's own pages reads them.
    """

    workflows: dict[str, int]
    schedules: dict[str, int]
    closed: int

    def named(self, key_id: str) -> int:
        """Return how many workflows and schedules name that key."""
        return self.workflows.get(key_id, 0) + self.schedules.get(key_id, 0)


async def count_payload_keys(client: Client, ring: FileRing, queue: str) -> PayloadKeys:
    """Count them for the workflows and schedules of `queue` and of the heavy work beside it.

    A workflow begun under the current key can name no other, so only older ones are read. Raises KeysAway, and
    RPCError when Temporal can't be reached.
    """
    current, since = ring.current_id(), ring.made_at(ring.current_id())
    queues = (queue, heavy_queue(queue), sends_queue(queue))
    ours = f"TaskQueue IN {queues}"
    found: Counter[str] = Counter()
    slots = asyncio.Semaphore(_AT_ONCE)

    async def read(execution: WorkflowExecution) -> None:
        async with slots:
            found.update(await _keys_of_history(client, execution))

    async with asyncio.TaskGroup() as group:
        async for execution in client.list_workflows(f"ExecutionStatus = 'Running' AND {ours}"):
            if is_older(execution.start_time, since):
                group.create_task(read(execution))
            else:
                found[current] += 1
    schedules: Counter[str] = Counter()
    async for schedule in await client.list_schedules():
        described = await client.get_schedule_handle(schedule.id).describe()
        action = described.schedule.action
        if isinstance(action, ScheduleActionStartWorkflow) and action.task_queue in queues:
            schedules.update(set(key_ids(described.raw_description)))
    closed = 0
    if since is not None:
        query = f"ExecutionStatus != 'Running' AND {ours} AND StartTime < '{(since + _LAG).isoformat()}'"
        closed = (await client.count_workflows(query)).count
    return PayloadKeys(dict(found), dict(schedules), closed)


def is_older(started: datetime, since: datetime | None) -> bool:
    """Return whether a workflow may have been begun under another key than the one made at `since`."""
    return since is None or started < since + _LAG


async def _keys_of_history(client: Client, execution: WorkflowExecution) -> set[str]:
    handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
    try:
        return {key async for event in handle.fetch_history_events() for key in key_ids(event)}
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:  # it has ended, and its history with it
            return set()
        raise


def key_ids(message: Message) -> Iterator[str]:
    """Yield the key of every encrypted payload in a message of Temporal's API."""
    for payload in payloads_in(message):
        if payload.metadata.get(ENCODING) == ENCRYPTED:
            yield payload.metadata[KEY_ID].decode("utf-8", "replace")


def payloads_in(message: Message) -> Iterator[Payload]:
    """Yield every payload in a message of Temporal's API."""
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is not None:
                for one in value.values():
                    yield from payloads_in(one)
        elif isinstance(value, Message):
            yield from payloads_in(value)
        else:
            for one in value:
                yield from payloads_in(one)
