"""The schedule of the training."""

from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from infra.schedules import schedule_every
from models.jobs.suggestions import TRAINING_WORKFLOW
from models.wire_names import heavy_queue

#: How often it is looked whether a park needs a model (our choice): a new park has its first within this time. Each
#: park gets one a day at most (`services.suggestions.train`).
EVERY = timedelta(hours=1)


async def schedule_training(client: Client, queue: str) -> None:
    """Create or update the schedule. Nothing is trained at the start of a system. Raises RPCError."""
    await schedule_every(client, queue, "train-suggestions", TRAINING_WORKFLOW, EVERY, offset=timedelta(minutes=20))


async def train_soon(client: Client, queue: str) -> None:
    """Let a worker look now whether a park needs a model, beside the schedule. Raises RPCError."""
    await client.start_workflow(
        TRAINING_WORKFLOW,
        id=f"train-suggestions-{queue}-soon",
        task_queue=heavy_queue(queue),
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
