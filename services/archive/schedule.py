"""The schedules of archiving and of the retirement of old cases."""

from datetime import timedelta

from temporalio.client import Client

from infra.schedules import schedule_every
from models.jobs.history import ARCHIVE_WORKFLOW
from models.jobs.retirement import RETIREMENT_WORKFLOW

#: How often facts are archived (our choice). What is newer lies in Temporal's histories as well.
EVERY = timedelta(minutes=10)
#: Retirement runs each night at 18:30 UTC, which is 02:30 in China (our choice: few people are at work).
NIGHTLY, AT = timedelta(days=1), timedelta(hours=18, minutes=30)


async def schedule_archive(client: Client, queue: str) -> None:
    """Create or update the schedule, and archive once at the start. Raises RPCError."""
    await schedule_every(client, queue, "archive", ARCHIVE_WORKFLOW, EVERY, offset=timedelta(minutes=5), at_once=True)


async def schedule_retirement(client: Client, queue: str) -> None:
    """Create or update the nightly schedule. Where cases stay for ever a run does nothing. Raises RPCError."""
    await schedule_every(client, queue, "retirement", RETIREMENT_WORKFLOW, NIGHTLY, offset=AT)
