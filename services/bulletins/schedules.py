"""The schedules on which bulletins are made, and making one on request."""

import asyncio
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    WorkflowFailureError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.service import RPCError

from infra.database import AWAY_ERRORS
from infra.schedules import ensure_schedule
from infra.store.policies import NoPolicy, newest_version, policy_version
from models.errors import StoreAway
from models.errors.base import Refusal, refusal
from models.jobs.bulletin import BULLETIN_WORKFLOW, BulletinKind, BulletinOrder, BulletinsMade
from models.policy.document import Policy
from models.wire_names import heavy_queue

log = structlog.get_logger(__name__)

#: Before the morning's work, in local time (our choice). Each bulletin covers the last period that has ended.
_EIGHT = (ScheduleRange(8),)
SCHEDULES = {
    BulletinKind.BOARD: ScheduleCalendarSpec(hour=_EIGHT),
    BulletinKind.VISITS: ScheduleCalendarSpec(hour=_EIGHT, minute=[ScheduleRange(5)], day_of_week=[ScheduleRange(1)]),
    BulletinKind.CONSULTATION: ScheduleCalendarSpec(
        hour=_EIGHT, minute=[ScheduleRange(10)], day_of_month=[ScheduleRange(1)]
    ),
    BulletinKind.COMMENDATION: ScheduleCalendarSpec(
        hour=_EIGHT, minute=[ScheduleRange(15)], day_of_month=[ScheduleRange(1)], month=[ScheduleRange(1, 10, 3)]
    ),
}
#: How late a bulletin that was missed while the server was away is still made.
CATCH_UP = timedelta(days=3)


def schedule_id(kind: BulletinKind, queue: str) -> str:
    """Return the id of the schedule; the ids of its runs begin with it."""
    return f"bulletin-{kind}-{queue}"


async def schedule_bulletins(client: Client, engine: AsyncEngine, queue: str) -> None:
    """Create or update the schedules of the bulletins of the cases of `queue`. Safe to repeat at every start.

    They are in the zone of the policy in force; without one, or while the database is away, in the default zone of a
    policy. Raises RPCError when Temporal can't be reached.
    """
    zone = await _zone(engine)
    for kind, calendar in SCHEDULES.items():
        id_ = schedule_id(kind, queue)
        action = ScheduleActionStartWorkflow(
            BULLETIN_WORKFLOW, BulletinOrder(kind=kind), id=id_, task_queue=heavy_queue(queue)
        )
        schedule = Schedule(
            action=action,
            spec=ScheduleSpec(calendars=[calendar], time_zone_name=zone),
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.BUFFER_ONE, catchup_window=CATCH_UP),
        )
        await ensure_schedule(client, id_, schedule)


async def _zone(engine: AsyncEngine) -> str:
    try:
        async with engine.connect() as connection:
            return (await policy_version(connection, await newest_version(connection))).zone
    except (NoPolicy, SQLAlchemyError, *AWAY_ERRORS) as error:
        log.warning("bulletins scheduled in the default zone", reason=type(error).__name__)
        return str(Policy.model_fields["zone"].default)


async def make_bulletins_now(
    client: Client, queue: str, order: BulletinOrder, timeout: timedelta
) -> tuple[UUID, ...] | None:
    """Make the bulletins now and return their ids; None when that takes longer than `timeout`, and continues.

    The same request at the same time shares one run. Raises the DomainError it ended with; StoreAway when Temporal
    can't be reached.
    """
    id_ = f"{schedule_id(order.kind, queue)}-{order.grid or 'all'}-{order.day}"
    try:
        handle = await client.start_workflow(
            BULLETIN_WORKFLOW,
            order,
            id=id_,
            task_queue=heavy_queue(queue),
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            result_type=BulletinsMade,
        )
        # The timeout of the call itself starts anew with every long poll, so it would wait without end.
        async with asyncio.timeout(timeout.total_seconds()):
            made: BulletinsMade = await handle.result()
    except TimeoutError:
        return None
    except WorkflowFailureError as error:
        cause = error.cause.cause if isinstance(error.cause, ActivityError) else error.cause
        if isinstance(cause, ApplicationError) and cause.details:
            raise refusal(Refusal.model_validate(cause.details[0])) from error
        raise
    except RPCError as error:
        if error.status.name in ("DEADLINE_EXCEEDED", "CANCELLED"):
            return None
        raise StoreAway() from error
    return made.ids
