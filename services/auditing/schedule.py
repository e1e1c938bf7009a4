"""The schedule of audits."""

from datetime import timedelta

from temporalio.client import Client

from infra.schedules import schedule_every
from models.wire_names import AUDIT_WORKFLOW

#: How often audits run (our choice): a case without a running workflow is noticed within this time plus the tolerance.
EVERY = timedelta(minutes=10)


async def schedule_audits(client: Client, queue: str) -> None:
    """Create or update the schedule of audits of the cases of `queue`. Raises RPCError."""
    await schedule_every(client, queue, "audit", AUDIT_WORKFLOW, EVERY)
