"""How the case workflow is reached from outside: started once, acted upon, told. By name, so that nobody who
only sends needs the workflow's code.

Every call here is safe to repeat with the same ids. Domain errors come out as they were raised inside.
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
from models.errors import AlreadyArchived, DomainError, RecordingFailed, Refusal, StoreAway, StoreBehind, refusal
from models.ids import new_id, workflow_id
from models.messages import Act, CaseStart, Receipt, SystemAct, Telling
from models.wire_names import ABSORB_UPDATE, ACT_UPDATE, CASE_WORKFLOW, RECEIPT_UPDATE, SYSTEM_UPDATE

#: No answer in time: what was sent may count or not, and must be asked about or sent again under the same id.
UNANSWERED = (TimeoutError, RPCError, WorkflowUpdateRPCTimeoutOrCancelledError)
#: Refusals that say nothing of the command, only of the store as it was.
PASSING = (StoreBehind, RecordingFailed)
#: How long a question about what is durable may take, after an answer did not come in time.
PROBE = timedelta(seconds=2)
_ACCEPTED = UpdateWorkflowExecutionLifecycleStage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED


async def open_case(client: Client, start: CaseStart, *, queue: str) -> Receipt:
    """Starts the case of a report, or finds it, and answers its receipt once the report is recorded.

    Raises the DomainError with which the report was refused.
    """
    report_id = start.report.report_id
    operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        CASE_WORKFLOW,
        start,
        id=workflow_id(report_id),
        task_queue=queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        # A refused report ends its run as failed: the same id may then be sent again, corrected.
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    )
    try:
        receipt: Receipt = await client.execute_update_with_start_workflow(
            # Without an id of its own: it asks, and changes nothing. The outcome of an id would be kept beyond a
            # refused run, and answered to the corrected report too.
            RECEIPT_UPDATE,
            start_workflow_operation=operation,
            result_type=Receipt,
        )
    except WorkflowUpdateFailedError as error:
        raise _domain_error(error) from error
    return receipt


async def restart_case(client: Client, start: CaseStart, *, queue: str) -> None:
    """Starts a new run for a case whose workflow has ended though the case has not; one that runs is left alone."""
    await client.start_workflow(
        CASE_WORKFLOW,
        start,
        id=workflow_id(start.report.report_id),
        task_queue=queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    )


async def act(client: Client, report_id: UUID, command: Act) -> Receipt:
    """Sends a person's command and answers its receipt.

    Raises the DomainError with which it was refused; AlreadyArchived when the case's workflow has ended.
    """
    return await _send(client, report_id, ACT_UPDATE, command, command.update_id)


async def tell_case(client: Client, telling: Telling) -> Receipt:
    """Tells a case that another was merged into it. Raises as `act`."""
    return await _send(client, telling.lead, ABSORB_UPDATE, telling, str(telling.id))


async def tell_system(client: Client, report_id: UUID, command: SystemAct) -> Receipt:
    """Brings a case the system's own word. Raises as `act`."""
    return await _send(client, report_id, SYSTEM_UPDATE, command, str(command.id))


async def _send(client: Client, report_id: UUID, update: str, message: Frozen, id_: str) -> Receipt:
    try:
        return await _sent(client, report_id, update, message, id_)
    except PASSING:
        # For as long as the run lasts the server answers this id so, though the store may be mended since. Asked under
        # another one the recording step judges anew; what counts once is the id within the message.
        return await _sent(client, report_id, update, message, f"{id_}-{new_id().hex}")


async def _sent(client: Client, report_id: UUID, update: str, message: Frozen, id_: str) -> Receipt:
    handle = client.get_workflow_handle(workflow_id(report_id))
    try:
        receipt: Receipt = await handle.execute_update(update, message, id=id_, result_type=Receipt)
    except WorkflowUpdateFailedError as error:
        raise _domain_error(error) from error
    except RPCError as error:
        raise _gone(error) from error
    return receipt


async def is_started(client: Client, report_id: UUID) -> bool:
    """Whether the case's workflow exists: its report is then durable, whatever else is away. A refused one is not.

    Raises StoreAway when Temporal does not say.
    """
    try:
        found = await client.get_workflow_handle(workflow_id(report_id)).describe(rpc_timeout=PROBE)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise StoreAway() from error
    return found.status is not WorkflowExecutionStatus.FAILED


async def is_accepted(client: Client, report_id: UUID, command: Act) -> bool:
    """Whether the case's workflow has accepted the command: it is then durable, though not yet recorded.

    The server itself must say so. That it has nothing to say in time (no worker took the command up, or the server is
    away) is no acceptance. Raises the DomainError with which the command has been refused meanwhile.
    """
    asked = PollWorkflowExecutionUpdateRequest(
        namespace=client.namespace,
        update_ref=UpdateRef(
            workflow_execution=WorkflowExecution(workflow_id=workflow_id(report_id)), update_id=command.update_id
        ),
        identity=client.identity,
        wait_policy=WaitPolicy(lifecycle_stage=_ACCEPTED),
    )
    try:
        answer = await client.workflow_service.poll_workflow_execution_update(asked, timeout=PROBE)
        if answer.outcome.HasField("failure"):
            known = client.get_workflow_handle(workflow_id(report_id)).get_update_handle(command.update_id)
            await known.result(rpc_timeout=PROBE)  # tells the refusal as any other
    except WorkflowUpdateFailedError as error:
        raise _domain_error(error) from error
    except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError):
        return False
    return answer.stage >= _ACCEPTED


def _domain_error(error: WorkflowUpdateFailedError) -> DomainError:
    """The domain error inside a failed update."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.details:
        return refusal(Refusal.model_validate(cause.details[0]))
    if isinstance(cause, ApplicationError) and cause.type == "AcceptedUpdateCompletedWorkflow":
        return AlreadyArchived()
    raise error


def _gone(error: RPCError) -> Exception:
    return AlreadyArchived() if error.status is RPCStatusCode.NOT_FOUND else StoreAway()
