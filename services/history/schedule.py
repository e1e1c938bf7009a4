"""The schedule of anchors."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
)

from infra.schedules import ensure_schedule
from models.jobs.history import ANCHOR_WORKFLOW

#: How often is looked for days that have ended and have no anchor (our choice). A day gets its anchor within this time.
EVERY = timedelta(hours=1)


async def schedule_anchors(client: Client, queue: str) -> None:
    """Create or update the schedule of anchors, one run at a time, and start the first one at once.

    Safe to repeat at every start. Raises RPCError when the server can't be reached.
    """
    id_ = f"anchor-{queue}"
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(ANCHOR_WORKFLOW, id=id_, task_queue=queue),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=EVERY, offset=timedelta(minutes=10))]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=EVERY),
        state=ScheduleState(note="the hashes of each day, signed and kept outside the database"),
    )
    await ensure_schedule(client, id_, schedule)
    await client.get_schedule_handle(id_).trigger(overlap=ScheduleOverlapPolicy.SKIP)
