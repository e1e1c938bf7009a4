"""Client of the case workflow: start it, send it commands, ask what it has accepted.

Workflow and updates are addressed by name, so that callers need not import the workflow's code. Every call is safe to
repeat with the same ids. Domain errors raised inside the workflow are raised here again.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import UpdateWorkflowExecutionLifecycleStage
from temporalio.api.update.v1 import UpdateRef, WaitPolicy
from temporalio.api.workflowservice.v1 import PollWorkflowExecutionUpdateRequest
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowExecutionStatus,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from models.base import Frozen
from models.errors import (
    AlreadyArchived,
    DomainError,
    PayloadKeysAway,
    RecordingFailed,
    Refusal,
    StoreAway,
    StoreBehind,
    refusal,
)
from models.ids import new_id, workflow_id
from models.messages import Act, CaseStart, Receipt, SystemAct, Telling
from models.wire_names import ABSORB_UPDATE, ACT_UPDATE, CASE_WORKFLOW, RECEIPT_UPDATE, SYSTEM_UPDATE

#: No answer in time. The message may have been accepted or not: ask, or send it again under the same id.
NO_ANSWER_ERRORS = (TimeoutError, RPCError, WorkflowUpdateRPCTimeoutOrCancelledError, PayloadKeysAway)
#: Refusals that come from the state of the store, not from the command.
TRANSIENT_REFUSALS = (StoreBehind, RecordingFailed)
#: How long the question whether something is durable may take, after an answer did not come in time.
PROBE_TIMEOUT = timedelta(seconds=2)
_ACCEPTED = UpdateWorkflowExecutionLifecycleStage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED


async def open_case(client: Client, start: CaseStart, *, queue: str) -> Receipt:
    """Start the workflow of a report, or find it, and return the receipt once the report is recorded.

    Raises the DomainError with which the report was refused.
    """
    report_id = start.report.report_id
    operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        CASE_WORKFLOW,
        start,
        id=workflow_id(report_id),
        task_queue=queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        # A refused report ends its run as failed. The same id may then be sent again with a corrected report.
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    )
    try:
        receipt: Receipt = await client.execute_update_with_start_workflow(
            # No update id: this update only reads. The outcome kept under an id would outlive a refused run and
            # would be returned to the corrected report too.
            RECEIPT_UPDATE,
            start_workflow_operation=operation,
            result_type=Receipt,
        )
    except WorkflowUpdateFailedError as error:
        raise domain_error(error) from error
    return receipt


async def restart_case(client: Client, start: CaseStart, *, queue: str) -> None:
    """Start a new run for an open case whose workflow has ended. A running workflow is left alone."""
    await client.start_workflow(
        CASE_WORKFLOW,
        start,
        id=workflow_id(start.report.report_id),
        task_queue=queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    )


async def act(client: Client, report_id: UUID, command: Act) -> Receipt:
    """Send a person's command and return its receipt.

    Raises the DomainError with which it was refused; AlreadyArchived when the workflow of the case has ended.
    """
    return await _send_update(client, report_id, ACT_UPDATE, command, command.update_id)


async def notify_lead(client: Client, telling: Telling) -> Receipt:
    """Tell the lead case that another case was merged into it. Raises the same errors as `act`."""
    assert telling.lead is not None, "a lead is told by its id"
    return await _send_update(client, telling.lead, ABSORB_UPDATE, telling, str(telling.id))


async def act_as_system(client: Client, report_id: UUID, command: SystemAct) -> Receipt:
    """Send a command of the system. Raises the same errors as `act`."""
    return await _send_update(client, report_id, SYSTEM_UPDATE, command, str(command.id))


async def _send_update(client: Client, report_id: UUID, update: str, message: Frozen, id_: str) -> Receipt:
    try:
        return await _execute_update(client, report_id, update, message, id_)
    except TRANSIENT_REFUSALS:
        # The server keeps this outcome for the update id until the run ends, even when the store works again. Under a
        # new update id the recording step decides again; the id inside the message makes the command count once.
        return await _execute_update(client, report_id, update, message, f"{id_}-{new_id().hex}")


async def _execute_update(client: Client, report_id: UUID, update: str, message: Frozen, id_: str) -> Receipt:
    handle = client.get_workflow_handle(workflow_id(report_id))
    try:
        receipt: Receipt = await handle.execute_update(update, message, id=id_, result_type=Receipt)
    except WorkflowUpdateFailedError as error:
        raise domain_error(error) from error
    except RPCError as error:
        raise _unreachable(error) from error
    return receipt


async def is_started(client: Client, report_id: UUID) -> bool:
    """Return whether the workflow of the report exists and has not failed: the report is then durable.

    Raises StoreAway when Temporal does not answer.
    """
    try:
        found = await client.get_workflow_handle(workflow_id(report_id)).describe(rpc_timeout=PROBE_TIMEOUT)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise StoreAway() from error
    return found.status is not WorkflowExecutionStatus.FAILED


async def is_accepted(client: Client, report_id: UUID, command: Act) -> bool:
    """Return whether the workflow has accepted the command: it is then durable, though not yet recorded.

    Only the server's own confirmation counts. No answer in time (no worker took the command, or the server is away)
    means False. Raises the DomainError with which the command has been refused meanwhile.
    """
    request = PollWorkflowExecutionUpdateRequest(
        namespace=client.namespace,
        update_ref=UpdateRef(
            workflow_execution=WorkflowExecution(workflow_id=workflow_id(report_id)), update_id=command.update_id
        ),
        identity=client.identity,
        wait_policy=WaitPolicy(lifecycle_stage=_ACCEPTED),
    )
    try:
        answer = await client.workflow_service.poll_workflow_execution_update(request, timeout=PROBE_TIMEOUT)
        if answer.outcome.HasField("failure"):
            update = client.get_workflow_handle(workflow_id(report_id)).get_update_handle(command.update_id)
            await update.result(rpc_timeout=PROBE_TIMEOUT)  # raises the refusal
    except WorkflowUpdateFailedError as error:
        raise domain_error(error) from error
    except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError):
        return False
    return answer.stage >= _ACCEPTED


def no_answer(error: Exception) -> StoreAway:
    """Return what the caller is told about one of `NO_ANSWER_ERRORS`."""
    return error if isinstance(error, StoreAway) else StoreAway()


def domain_error(error: WorkflowUpdateFailedError) -> DomainError:
    """Return the domain error inside a failed update. Raises `error` when there is none."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.details:
        return refusal(Refusal.model_validate(cause.details[0]))
    if isinstance(cause, ApplicationError) and cause.type == "AcceptedUpdateCompletedWorkflow":
        return AlreadyArchived()
    raise error


def _unreachable(error: RPCError) -> Exception:
    return AlreadyArchived() if error.status is RPCStatusCode.NOT_FOUND else StoreAway()
