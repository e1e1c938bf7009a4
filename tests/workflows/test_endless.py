"""A workflow that does not end its step fails that step, and the worker goes on with the others."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.history.v1 import WorkflowTaskFailedEventAttributes
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from infra.activations import LIMIT, InTheLoop
from tests.town import town_settings
from tests.workflows.careless import EndlessWorkflow
from worker import build_worker, workflow_runner
from workflows.bare import BareWorkflow


async def first_failure(handle: WorkflowHandle[EndlessWorkflow, None]) -> WorkflowTaskFailedEventAttributes:
    """How the first failed workflow task of the run failed, as soon as one has."""
    async for event in handle.fetch_history_events(wait_new_event=True):
        if event.HasField("workflow_task_failed_event_attributes"):
            return event.workflow_task_failed_event_attributes
    raise AssertionError("the run ended without a failed workflow task")


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (timedelta(seconds=0.3), r"did not end its step within 0\.3 seconds"),
        # The SDK waits as long: whichever of the two is first says so.
        (LIMIT, "did not end its step within 2 seconds|Potential deadlock"),
    ],
)
async def test_its_step_fails_and_others_go_on(temporal_client: Client, limit: timedelta, said: str) -> None:
    queue = f"endless-{uuid4()}"
    async with Worker(
        temporal_client,
        task_queue=queue,
        workflows=[EndlessWorkflow, BareWorkflow],
        workflow_runner=workflow_runner(sandbox=True),
        workflow_task_executor=InTheLoop(limit),
    ):
        endless = await temporal_client.start_workflow(EndlessWorkflow.run, id=f"endless-{uuid4()}", task_queue=queue)
        failure = await first_failure(endless)
        assert re.search(said, failure.failure.message)
        bare = await temporal_client.start_workflow(BareWorkflow.run, {}, id=f"bare-{uuid4()}", task_queue=queue)
        for _ in range(5):
            await bare.execute_update(BareWorkflow.take, {})
        assert await bare.result() == 5
        await endless.terminate()


async def test_our_worker_runs_its_workflows_so(
    engine: AsyncEngine, database_url: str, temporal_client: Client
) -> None:
    worker = build_worker(temporal_client, engine, town_settings(database_url))
    assert isinstance(worker.config()["workflow_task_executor"], InTheLoop)
