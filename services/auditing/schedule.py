"""The schedule of audits."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)

from infra.schedules import ensure_schedule
from models.wire_names import AUDIT_WORKFLOW

#: How often audits run (our choice): a case without a running workflow is noticed within this time plus the tolerance.
EVERY = timedelta(minutes=10)


async def schedule_audits(client: Client, queue: str) -> None:
    """Create or update the schedule of audits of the cases of `queue`, one at a time. Safe to repeat at every start.

    Raises RPCError when the server can't be reached.
    """
    id_ = f"audit-{queue}"
    action = ScheduleActionStartWorkflow(AUDIT_WORKFLOW, id=id_, task_queue=queue)
    schedule = Schedule(
        action=action,
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=EVERY)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=EVERY),
    )
    await ensure_schedule(client, id_, schedule)
