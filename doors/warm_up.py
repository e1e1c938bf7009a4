"""Warm-up of an API process: connect, prepare statements and read the policy before the first request."""

import asyncio
from contextlib import suppress
from datetime import datetime

import structlog

from infra.case_client import is_started
from infra.database import reason
from infra.schema import REMEDY, read_schema
from infra.store.context import read_person
from models.context import Grant, Person
from models.enums import Role
from models.errors import DomainError
from models.ids import new_id
from services.cases.names import read_names
from services.cases.queries import get_case
from services.reports.report_input import ReportInput
from services.reports.submit import refresh_reference, submit
from services.runtime.resources import Resources

log = structlog.get_logger(__name__)

#: Seconds that the warm-up may delay the start.
TIMEOUT = 3.0
#: How many connections are warmed up.
CONNECTIONS = 4


async def warm_up(resources: Resources, now: datetime) -> None:
    """Submit a report from a grid that does not exist and look for its case. It is refused, and nothing is stored.

    Raises nothing: a part that is away does not prevent the start.
    """
    try:
        async with asyncio.timeout(TIMEOUT), resources.engine.connect() as connection:
            schema = await read_schema(connection)
        if not schema.serves:
            log.error("the tables do not fit this program", schema=schema.value, remedy=REMEDY)
            return
        async with asyncio.timeout(TIMEOUT), asyncio.TaskGroup() as group:
            await refresh_reference(resources, now)
            for _ in range(CONNECTIONS):
                group.create_task(_warm_up_connection(resources, now))
    except Exception as error:  # noqa: BLE001 (see above)
        log.info("warm-up skipped", error=type(error).__name__, reason=reason(error))


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
