"""A worker waits for what it needs, and says for what: a database with tables as it knows them, a namespace, and the
right to write. It begins once they are there, without being started again.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.service import RPCError, RPCStatusCode

from infra.database import AWAY_ERRORS, open_database, reason
from infra.schema import REMEDY, Schema, read_schema
from infra.settings import Settings
from infra.store.place import Elsewhere, Place, here, take
from infra.temporal import connect

log = structlog.get_logger(__name__)

#: Seconds between two looks.
AGAIN_SECONDS = 2.0
_SCHEMA_REASONS = {
    Schema.MISSING: f"the database has no tables yet: {REMEDY}",
    Schema.OLDER: f"the tables of the database are older than this program: {REMEDY}",
}


class NotThere(Exception):
    """Something that a worker needs is missing; the text says what, and how it is made."""


async def find_place(settings: Settings) -> Place:
    """Return the place of the workflows of our Temporal, once all is there.

    Raises NotThere when something is missing now.
    """
    async with _asking(settings) as engine:
        await _check_schema(engine)
        try:
            place = await here(await connect(settings))
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise NotThere("the namespace does not exist in Temporal: gridloop setup makes it") from error
            raise NotThere(f"Temporal does not answer: {error.message}") from error
        except RuntimeError as error:
            raise NotThere(f"Temporal cannot be reached: {error}") from error
        try:
            await take(engine, place)
        except Elsewhere as error:
            raise NotThere(str(error)) from error
        return place


async def await_place(settings: Settings, stop: asyncio.Event) -> Place | None:
    """Return the same, waiting until all is there; None when told to stop meanwhile. Each reason is logged once."""
    told = ""
    while not stop.is_set():
        try:
            return await find_place(settings)
        except NotThere as error:
            if str(error) != told:
                told = str(error)
                log.warning("worker waits", reason=told)
        try:
            await asyncio.wait_for(stop.wait(), AGAIN_SECONDS)
        except TimeoutError:
            continue
    return None


@asynccontextmanager
async def _asking(settings: Settings) -> AsyncIterator[AsyncEngine]:
    engine = open_database(settings.model_copy(update={"database_pool": 1}))
    try:
        yield engine
    finally:
        await engine.dispose()


async def _check_schema(engine: AsyncEngine) -> None:
    try:
        async with engine.connect() as connection:
            schema = await read_schema(connection)
    except (SQLAlchemyError, *AWAY_ERRORS) as error:
        raise NotThere(f"the database is away: {reason(error)}") from error
    if not schema.serves:
        raise NotThere(_SCHEMA_REASONS[schema])
