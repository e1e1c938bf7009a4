"""Temporal Schedules, created or updated at every start of a worker."""

from dataclasses import replace
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
    ScheduleUpdateInput,
)

from models.wire_names import heavy_queue


async def ensure_schedule(client: Client, id_: str, schedule: Schedule) -> None:
    """Create the schedule `id_`, or update it when it exists. Safe to repeat, also concurrently.

    A schedule that an operator paused stays paused, with their note. Raises RPCError when the server cannot be reached.
    """

    def changed(known: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(schedule=replace(schedule, state=known.description.schedule.state))

    try:
        await client.create_schedule(id_, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(id_).update(changed)


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
    """Create or update the schedule `name` of a workflow without input, one run at a time, on the queue for heavy work
    beside the case queue `queue`.

    `offset`: how long after the full interval it runs; `at_once`: also now. Safe to repeat at every start. Raises
    RPCError when the server can't be reached.
    """
    id_ = f"{name}-{queue}"
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(workflow, id=id_, task_queue=heavy_queue(queue)),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every, offset=offset)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=every),
    )
    await ensure_schedule(client, id_, schedule)
    handle = client.get_schedule_handle(id_)
    if at_once and not (await handle.describe()).schedule.state.paused:
        await handle.trigger(overlap=ScheduleOverlapPolicy.SKIP)
