"""The schedule of the training."""

from datetime import timedelta

from temporalio.client import Client

from infra.schedules import schedule_every
from models.jobs.suggestions import TRAINING_WORKFLOW

#: How often it is looked whether a park needs a model (our choice): a new park has its first within this time. Each
#: park gets one a day at most (`services.suggestions.train`).
EVERY = timedelta(hours=1)


async def schedule_training(client: Client, queue: str) -> None:
    """Create or update the schedule. Nothing is trained at the start of a system. Raises RPCError."""
    await schedule_every(client, queue, "train-suggestions", TRAINING_WORKFLOW, EVERY, offset=timedelta(minutes=20))
