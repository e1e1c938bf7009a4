"""A workflow that does not end its task fails that task, and the worker goes on with the others."""

from uuid import uuid4

from temporalio.api.history.v1 import WorkflowTaskFailedEventAttributes
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from tests.workflows.careless import EndlessWorkflow
from worker import workflow_runner
from workflows.benchmark import BareWorkflow


async def first_failure(handle: WorkflowHandle[EndlessWorkflow, None]) -> WorkflowTaskFailedEventAttributes:
    """How the first failed workflow task of the run failed, as soon as one has."""
    async for event in handle.fetch_history_events(wait_new_event=True):
        if event.HasField("workflow_task_failed_event_attributes"):
            return event.workflow_task_failed_event_attributes
    raise AssertionError("the run ended without a failed workflow task")


async def test_its_task_fails_and_others_go_on(temporal_client: Client) -> None:
    queue = f"endless-{uuid4()}"
    async with Worker(
        temporal_client,
        task_queue=queue,
        workflows=[EndlessWorkflow, BareWorkflow],
        workflow_runner=workflow_runner(sandbox=True),
    ):
        endless = await temporal_client.start_workflow(EndlessWorkflow.run, id=f"endless-{uuid4()}", task_queue=queue)
        failure = await first_failure(endless)
        error = await temporal_client.data_converter.decode_failure(failure.failure)
        assert "Potential deadlock" in str(error)
        bare = await temporal_client.start_workflow(BareWorkflow.run, {}, id=f"bare-{uuid4()}", task_queue=queue)
        for _ in range(5):
            await bare.execute_update(BareWorkflow.take, {})
        assert await bare.result() == 5
        await endless.terminate()
