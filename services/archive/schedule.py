"""The schedule of archiving."""

from datetime import timedelta

from temporalio.client import Client

from infra.schedules import schedule_every
from models.jobs.history import ARCHIVE_WORKFLOW

#: How often facts are archived (our choice). What is newer lies in Temporal's histories as well.
EVERY = timedelta(minutes=10)


async def schedule_archive(client: Client, queue: str) -> None:
    """Create or update the schedule, and archive once at the start. Raises RPCError."""
    await schedule_every(client, queue, "archive", ARCHIVE_WORKFLOW, EVERY, offset=timedelta(minutes=5), at_once=True)
