"""The schedule of archiving."""

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
from models.jobs.history import ARCHIVE_WORKFLOW

#: How often facts are archived (our choice). What is newer lies in Temporal's histories as well.
EVERY = timedelta(minutes=10)


async def schedule_archive(client: Client, queue: str) -> None:
    """Create or update the schedule of archiving, one run at a time, and start the first one at once.

    Safe to repeat at every start. Raises RPCError when the server can't be reached.
    """
    id_ = f"archive-{queue}"
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(ARCHIVE_WORKFLOW, id=id_, task_queue=queue),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=EVERY, offset=timedelta(minutes=5))]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=EVERY),
    )
    await ensure_schedule(client, id_, schedule)
    await client.get_schedule_handle(id_).trigger(overlap=ScheduleOverlapPolicy.SKIP)
