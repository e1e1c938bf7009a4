"""Facts in Temporal's histories: the results of the recording steps of all runs, open and closed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic_core import from_json
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecution

from models.base import STORED
from models.ids import matter_workflow_id, workflow_id
from models.matters.base import MatterKind
from models.matters.messages import StoredMatterFact
from models.sealed import Sealed
from models.wire_names import CASE_WORKFLOW, MATTER_WORKFLOW, RECORD_ACTIVITY, RECORD_MATTER_ACTIVITY
from rules.history.chain import fact_record
from services.archive.lines import CASE, ArchivedFact

#: Histories read at once.
CONCURRENCY = 16
_RECORDING = (RECORD_ACTIVITY, RECORD_MATTER_ACTIVITY)
_LOCAL_MARKER = "core_local_activity"
_NIL = UUID(int=0)


@dataclass
class RunFacts:
    """What one run's history holds: facts, and the sealed record of the reporter with whether they are anonymous."""

    facts: list[ArchivedFact] = field(default_factory=list)
    sealed: Sealed | None = None
    anonymous: bool = False


async def count_runs(client: Client, queue: str) -> int:
    """Return the number of runs of cases and matters on `queue` that the server still knows. Raises RPCError."""
    return (await client.count_workflows(_query(queue))).count


async def read_histories(client: Client, queue: str) -> AsyncIterator[RunFacts]:
    """Yield what each run holds, several read at once. Raises RPCError, and what the codec raises."""
    batch: list[WorkflowExecution] = []
    async for execution in client.list_workflows(_query(queue)):
        batch.append(execution)
        if len(batch) == CONCURRENCY:
            for found in await _read_all(client, batch):
                yield found
            batch = []
    for found in await _read_all(client, batch):
        yield found


def _query(queue: str) -> str:
    return f"WorkflowType IN ('{CASE_WORKFLOW}', '{MATTER_WORKFLOW}') AND TaskQueue = '{queue}'"


async def _read_all(client: Client, batch: Sequence[WorkflowExecution]) -> list[RunFacts]:
    return await asyncio.gather(*(_read(client, execution) for execution in batch))


async def _read(client: Client, execution: WorkflowExecution) -> RunFacts:
    found = RunFacts()
    origin = _origin(execution.id)
    if origin is None:
        return found
    kind_of, id_ = origin
    regular: set[int] = set()
    handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
    async for event in handle.fetch_history_events():
        payloads: Sequence[Payload] = ()
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
            await _take_reporter(client, found, event.workflow_execution_started_event_attributes.input.payloads)
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            if event.activity_task_scheduled_event_attributes.activity_type.name in _RECORDING:
                regular.add(event.event_id)
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            completed = event.activity_task_completed_event_attributes
            payloads = completed.result.payloads if completed.scheduled_event_id in regular else ()
        elif event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED:
            marker = event.marker_recorded_event_attributes
            if marker.marker_name == _LOCAL_MARKER and _is_recording(marker.details["data"].payloads):
                payloads = marker.details["result"].payloads
        for content in await _decode(client, payloads):
            found.facts += [_archived(kind_of, id_, fact) for fact in content.get("facts") or ()]
    return found


def _origin(name: str) -> tuple[str, UUID] | None:
    """Return kind and id of the origin that a workflow id names; None for another workflow."""
    prefixes = {workflow_id(_NIL).removesuffix(str(_NIL)): CASE} | {
        matter_workflow_id(kind, _NIL).removesuffix(str(_NIL)): kind.value for kind in MatterKind
    }
    for prefix, kind in prefixes.items():
        if name.startswith(prefix):
            try:
                return kind, UUID(name.removeprefix(prefix))
            except ValueError:
                continue
    return None


def _is_recording(payloads: Sequence[Payload]) -> bool:
    """Return whether a marker is of a recording step. What says so is written by the SDK and not encrypted."""
    return any(from_json(payload.data).get("activity_type") in _RECORDING for payload in payloads)


async def _decode(client: Client, payloads: Sequence[Payload]) -> list[dict[str, Any]]:
    """Return the JSON of payloads, decrypted where they are encrypted, with every field that was written."""
    if not payloads:
        return []
    codec = client.data_converter.payload_codec
    clear = list(payloads) if codec is None else await codec.decode(list(payloads))
    contents = [from_json(payload.data) for payload in clear if payload.data]
    return [content for content in contents if isinstance(content, dict)]


async def _take_reporter(client: Client, found: RunFacts, payloads: Sequence[Payload]) -> None:
    for content in await _decode(client, payloads):
        report = content.get("report") or {}
        if report.get("sealed"):
            found.sealed, found.anonymous = Sealed.model_validate(report["sealed"]), bool(report.get("anonymous"))


def _archived(kind_of: str, id_: UUID, content: dict[str, Any]) -> ArchivedFact:
    """Return a fact of a history. Its body is taken as it was written."""
    fact = StoredMatterFact.model_validate(content, context=STORED)
    record = fact_record(
        origin=id_, seq=fact.seq, at=fact.at, kind=str(content["body"]["kind"]), version=fact.version,
        actor=fact.actor.person, command_id=fact.command_id, command=fact.command, digest=fact.digest,
        body=content["body"],
    )  # fmt: skip
    return ArchivedFact(kind_of, record)
