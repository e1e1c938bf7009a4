"""Before its first request a process connects, prepares its statements and reads the policy, so that nobody waits."""

import asyncio
from contextlib import suppress
from datetime import datetime

import structlog

from infra.case_client import is_started
from infra.store.context import read_person
from models.context import Grant, Person
from models.enums import Role
from models.errors import DomainError
from models.ids import new_id
from services.cases.names import read_names
from services.cases.queries import get_case
from services.reports.submit import ReportInput, refresh_reference, submit
from services.runtime.resources import Resources

log = structlog.get_logger(__name__)

#: How long a start may wait for it, in seconds.
TIMEOUT = 3.0
#: How many connections are made ready.
CONNECTIONS = 4


async def warm_up(resources: Resources, now: datetime) -> None:
    """Reports from a place that does not exist, which is refused, and looks for the case. Stores nothing.

    Whatever is away is no reason not to start: then the first to come wait, as they would have.
    """
    try:
        async with asyncio.timeout(TIMEOUT), asyncio.TaskGroup() as group:
            await refresh_reference(resources, now)
            for _ in range(CONNECTIONS):
                group.create_task(_warm_up_connection(resources, now))
    except Exception as error:  # noqa: BLE001 (see above)
        log.info("not warmed up", error=type(error).__name__)


async def _warm_up_connection(resources: Resources, now: datetime) -> None:
    id_ = new_id()
    person = Person(id=id_, username="", grants=(Grant(role=Role.GRID_WORKER, grid=id_.hex, since=now.date()),))
    async with resources.engine.connect() as connection:
        await read_person(connection, id_)
        await read_names(connection, [], "zh")
        with suppress(DomainError):
            await get_case(connection, person, id_.hex, now, "zh")
    with suppress(DomainError):
        await submit(resources, person, ReportInput(report_id=id_, category=id_.hex, title="-", grid=id_.hex), now)
    await is_started(resources.temporal, id_)
