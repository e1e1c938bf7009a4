"""The schedule of anchors."""

from datetime import timedelta

from temporalio.client import Client

from infra.schedules import schedule_every
from models.jobs.history import ANCHOR_WORKFLOW

#: How often is looked for days that have ended and have no anchor (our choice). A day gets its anchor within this time.
EVERY = timedelta(hours=1)


async def schedule_anchors(client: Client, queue: str) -> None:
    """Create or update the schedule, and make what is due at the start. Raises RPCError."""
    await schedule_every(client, queue, "anchor", ANCHOR_WORKFLOW, EVERY, offset=timedelta(minutes=10), at_once=True)
