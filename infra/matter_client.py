"""Client of the workflow of matters: begin one, send it commands. Every call is safe to repeat with the same ids.

Domain errors raised inside the workflow are raised here again.
"""

from typing import Any
from uuid import UUID

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from infra.case_client import TRANSIENT_REFUSALS, domain_error
from models.errors import AlreadyArchived, MatterEnded, StoreAway
from models.ids import matter_workflow_id, new_id
from models.matters.base import MatterKind
from models.matters.messages import MatterAct, MatterReceipt, MatterStart
from models.wire_names import ACT_UPDATE, MATTER_WORKFLOW, RECEIPT_UPDATE


async def begin_matter(client: Client, start: MatterStart, *, queue: str) -> MatterReceipt:
    """Start the workflow of a matter, or find it, and return its receipt once its first command is recorded.

    Raises the DomainError with which that was refused.
    """
    operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        MATTER_WORKFLOW,
        start,
        id=matter_workflow_id(start.matter_kind, start.matter_id),
        task_queue=queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        # A refused command ends its run as failed. The same id may then be sent again with a corrected one.
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    )
    try:
        receipt: MatterReceipt = await client.execute_update_with_start_workflow(
            RECEIPT_UPDATE, start_workflow_operation=operation, result_type=MatterReceipt
        )
    except WorkflowUpdateFailedError as error:
        raise domain_error(error) from error
    return receipt


async def restart_matter(client: Client, start: MatterStart, *, queue: str) -> None:
    """Start a new run for a matter whose workflow is missing. A running workflow is left alone."""
    await client.start_workflow(
        MATTER_WORKFLOW,
        start,
        id=matter_workflow_id(start.matter_kind, start.matter_id),
        task_queue=queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    )


async def act_on_matter(client: Client, kind: MatterKind, id_: UUID, act: MatterAct) -> MatterReceipt:
    """Send a command and return its receipt.

    Raises the DomainError with which it was refused, MatterEnded when its workflow has ended, StoreAway.
    """
    try:
        return await _execute(client, kind, id_, act, act.update_id)
    except TRANSIENT_REFUSALS:
        # The server keeps this outcome for the update id; under a new one the recording step decides again.
        return await _execute(client, kind, id_, act, f"{act.update_id}-{new_id().hex}")


async def _execute(client: Client, kind: MatterKind, id_: UUID, act: MatterAct, update_id: str) -> MatterReceipt:
    handle = client.get_workflow_handle(matter_workflow_id(kind, id_))
    try:
        receipt: MatterReceipt = await handle.execute_update(ACT_UPDATE, act, id=update_id, result_type=MatterReceipt)
    except WorkflowUpdateFailedError as error:
        found = domain_error(error)
        raise (MatterEnded(name="") if isinstance(found, AlreadyArchived) else found) from error
    except RPCError as error:
        raise (MatterEnded(name="") if error.status is RPCStatusCode.NOT_FOUND else StoreAway()) from error
    return receipt
