"""Who polls a task queue, as the Temporal server tells. It lists a process for some minutes after it has ended."""

from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client


@dataclass(frozen=True)
class Poller:
    """A process, by the identity of its client, and when it last asked for a workflow task."""

    identity: str
    seen_at: datetime


async def list_pollers(client: Client, queue: str) -> list[Poller]:
    """Return the processes that asked for workflow tasks of `queue` lately. Raises RPCError."""
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    return [Poller(one.identity, one.last_access_time.ToDatetime(UTC)) for one in answer.pollers]
