"""What Temporal knows: which workflows of cases run, and what each of them would answer."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.common import QueryRejectCondition
from temporalio.service import RPCError, RPCStatusCode

from models.case import Case
from models.ids import workflow_id
from models.wire_names import CASE_WORKFLOW, STATE_QUERY

#: How long a workflow may take to say what it knows; one that had been put aside is replayed first.
QUERY_TIMEOUT = timedelta(seconds=15)
_PREFIX = workflow_id(UUID(int=0)).removesuffix(str(UUID(int=0)))


class WorkflowSilent(Exception):
    """The workflow did not answer."""


class RunEnded(Exception):
    """The workflow no longer runs, whatever the list of the running says."""


@dataclass(frozen=True)
class Run:
    """The latest run of a case: how it stands (None: there is none), and since when."""

    status: WorkflowExecutionStatus | None
    started_at: datetime | None = None

    @property
    def runs(self) -> bool:
        """Whether it is under way."""
        return self.status is WorkflowExecutionStatus.RUNNING

    @property
    def words(self) -> str:
        """How the latest run ended."""
        return self.status.name.lower() if self.status else "none"


async def list_running(client: Client, queue: str) -> dict[UUID, datetime | None]:
    """The cases whose workflow runs on `queue`, with the start of the run.

    The list lags behind what happens: ask `latest_run` before believing it.
    """
    query = f"WorkflowType = '{CASE_WORKFLOW}' AND ExecutionStatus = 'Running' AND TaskQueue = '{queue}'"
    found: dict[UUID, datetime | None] = {}
    async for execution in client.list_workflows(query):
        try:
            found[UUID(execution.id.removeprefix(_PREFIX))] = execution.start_time
        except ValueError:
            continue  # somebody else's workflow of that name
    return found


async def latest_run(client: Client, report_id: UUID) -> Run:
    """The latest run of a case, as the server has it now. Raises RPCError when it can't be reached."""
    try:
        found = await client.get_workflow_handle(workflow_id(report_id)).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return Run(None)
        raise
    return Run(found.status, found.start_time)


async def query_state(client: Client, report_id: UUID, *, only_running: bool = False) -> Case | None:
    """The case as its latest run knows it; None before its report is recorded. Raises Silent.

    With `only_running`, raises Ended when the latest run has ended or there is none.
    """
    handle = client.get_workflow_handle(workflow_id(report_id))
    condition = QueryRejectCondition.NOT_OPEN if only_running else QueryRejectCondition.NONE
    try:
        async with asyncio.timeout(QUERY_TIMEOUT.total_seconds()):
            answer = await handle.query(STATE_QUERY, reject_condition=condition, rpc_timeout=QUERY_TIMEOUT)
    except WorkflowQueryRejectedError as error:
        raise RunEnded from error
    except RPCError as error:
        raise (RunEnded if only_running and error.status is RPCStatusCode.NOT_FOUND else WorkflowSilent) from error
    except (WorkflowQueryFailedError, TimeoutError) as error:
        raise WorkflowSilent from error
    return None if answer is None else Case.model_validate(answer)


async def has_worker(client: Client, queue: str) -> bool:
    """Whether anybody takes the steps of `queue`. The server remembers somebody who died for some minutes."""
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    return bool(answer.pollers)
