"""Temporal Schedules, created or updated at every start of a worker."""

from temporalio.client import Client, Schedule, ScheduleAlreadyRunningError, ScheduleUpdate


async def ensure_schedule(client: Client, id_: str, schedule: Schedule) -> None:
    """Create the schedule `id_`, or update it when it exists. Safe to repeat, also concurrently.

    A paused schedule runs again after this. Raises RPCError when the server cannot be reached.
    """
    try:
        await client.create_schedule(id_, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(id_).update(lambda _: ScheduleUpdate(schedule=schedule))
