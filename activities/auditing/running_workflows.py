"""The Temporal side of an audit: which case workflows run, and the state of each."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.common import QueryRejectCondition
from temporalio.service import RPCError, RPCStatusCode

from infra.pollers import list_pollers
from models.base import STORED
from models.case import Case
from models.ids import workflow_id
from models.wire_names import CASE_WORKFLOW, STATE_QUERY

#: How long a workflow may take to answer a query. One that left the worker's cache is replayed first.
QUERY_TIMEOUT = timedelta(seconds=15)
_PREFIX = workflow_id(UUID(int=0)).removesuffix(str(UUID(int=0)))


class WorkflowSilent(Exception):
    """The workflow did not answer the query."""


class RunEnded(Exception):
    """The workflow has ended, though the list of running workflows still shows it."""


@dataclass(frozen=True)
class Run:
    """The latest run of a case's workflow. `status` None: there is none."""

    status: WorkflowExecutionStatus | None
    started_at: datetime | None = None

    @property
    def is_running(self) -> bool:
        """Whether the run is open."""
        return self.status is WorkflowExecutionStatus.RUNNING

    @property
    def status_name(self) -> str:
        """The status in lower case; `none` when there is no run."""
        return self.status.name.lower() if self.status else "none"


async def list_running(client: Client, queue: str, since: datetime | None = None) -> dict[UUID, datetime | None]:
    """Return the cases whose workflow runs on `queue`, with the start of the run; `since`: only runs begun after it.

    Temporal's list lags behind: check with `latest_run` before relying on it.
    """
    query = f"WorkflowType = '{CASE_WORKFLOW}' AND ExecutionStatus = 'Running' AND TaskQueue = '{queue}'"
    if since is not None:
        query += f" AND StartTime > '{since.isoformat()}'"
    found: dict[UUID, datetime | None] = {}
    async for execution in client.list_workflows(query):
        try:
            found[UUID(execution.id.removeprefix(_PREFIX))] = execution.start_time
        except ValueError:
            continue  # not one of our workflows
    return found


async def latest_run(client: Client, report_id: UUID) -> Run:
    """Return the latest run of a case. Raises RPCError when the server can't be reached."""
    try:
        found = await client.get_workflow_handle(workflow_id(report_id)).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return Run(None)
        raise
    return Run(found.status, found.start_time)


async def query_state(client: Client, report_id: UUID, *, only_running: bool = False) -> Case | None:
    """Return the case as its latest run knows it; None before its report is recorded. Raises WorkflowSilent.

    With `only_running`, raises RunEnded when the latest run has ended or there is none.
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
    return None if answer is None else Case.model_validate(answer, context=STORED)


async def has_worker(client: Client, queue: str) -> bool:
    """Return whether a worker polls `queue`. The server lists a dead worker for some minutes."""
    return bool(await list_pollers(client, queue))
