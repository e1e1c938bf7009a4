"""Temporal Schedules, created or updated at every start of a worker."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
)


async def ensure_schedule(client: Client, id_: str, schedule: Schedule) -> None:
    """Create the schedule `id_`, or update it when it exists. Safe to repeat, also concurrently.

    A paused schedule runs again after this. Raises RPCError when the server cannot be reached.
    """
    try:
        await client.create_schedule(id_, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(id_).update(lambda _: ScheduleUpdate(schedule=schedule))


async def schedule_every(
    client: Client,
    queue: str,
    name: str,
    workflow: str,
    every: timedelta,
    *,
    offset: timedelta = timedelta(),
    at_once: bool = False,
) -> None:
    """Create or update the schedule `name` of a workflow without input, one run at a time, for the workers of `queue`.

    `offset`: how long after the full interval it runs; `at_once`: also now. Safe to repeat at every start. Raises
    RPCError when the server can't be reached.
    """
    id_ = f"{name}-{queue}"
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(workflow, id=id_, task_queue=queue),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every, offset=offset)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=every),
    )
    await ensure_schedule(client, id_, schedule)
    if at_once:
        await client.get_schedule_handle(id_).trigger(overlap=ScheduleOverlapPolicy.SKIP)
