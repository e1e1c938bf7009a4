"""What runs by the clock: Temporal Schedules, set up when the system starts, as often as it starts."""

from temporalio.client import Client, Schedule, ScheduleAlreadyRunningError, ScheduleUpdate


async def ensure_schedule(client: Client, id_: str, schedule: Schedule) -> None:
    """Makes the schedule `id_` be `schedule`, whether it exists already or not. Safe to repeat, also at once.

    A schedule that somebody has paused runs again after this. Raises RPCError when the server can't be reached.
    """
    try:
        await client.create_schedule(id_, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(id_).update(lambda _: ScheduleUpdate(schedule=schedule))
