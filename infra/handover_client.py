"""Client of the workflow of hand-overs: begin it, or let it look again. Safe to repeat."""

from uuid import UUID

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from models.handovers import HANDOVER_WORKFLOW, LOOK_SIGNAL, HandoverOrder
from models.wire_names import sends_queue


async def look_at_handover(client: Client, id_: UUID, *, queue: str) -> None:
    """Start the workflow of a hand-over if it does not run, and let it look at how far it is.

    One that is over sees that and ends. Raises RPCError when Temporal can't be reached. `queue`: that of the cases.
    """
    await client.start_workflow(
        HANDOVER_WORKFLOW,
        HandoverOrder(id=id_),
        id=f"handover-{id_}",
        task_queue=sends_queue(queue),
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        start_signal=LOOK_SIGNAL,
    )
