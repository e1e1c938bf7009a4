"""Begin sends: from the relay, from activities, from services. Begun twice, a send is carried out once."""

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from models.sends import SEND_WORKFLOW, Send, SendRun, send_workflow_id
from models.wire_names import sends_queue


async def begin_send(client: Client, send: Send, *, queue: str) -> bool:
    """Start the workflow of a send; return False when it was begun before. `queue`: that of the cases.

    A send with the same key and another message is not compared: the first one counts. Raises RPCError when Temporal
    can't be reached.
    """
    try:
        await client.start_workflow(
            SEND_WORKFLOW,
            SendRun(send=send),
            id=send_workflow_id(send.key),
            task_queue=sends_queue(queue),
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )
    except WorkflowAlreadyStartedError:
        return False
    return True


async def restart_send(client: Client, run: SendRun, *, queue: str) -> bool:
    """Start a send whose workflow is missing, or one that a person replays; return False while it runs."""
    try:
        await client.start_workflow(
            SEND_WORKFLOW,
            run,
            id=send_workflow_id(run.send.key),
            task_queue=sends_queue(queue),
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )
    except WorkflowAlreadyStartedError:
        return False
    return True
