"""Connections for operators' commands, which use PostgreSQL and Temporal directly, found through `runtime.json`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import text

from cli.database import fail_for_settings
from cli.http import fail
from cli.labels import localize
from infra.database import open_database
from infra.runtime import apply_runtime
from infra.settings import Settings
from infra.store.context import read_person
from infra.store.place import Elsewhere, here, take
from infra.temporal import connect
from models.context import Person
from services.runtime.resources import Resources


def read_settings(data_dir: Path) -> Settings:
    """Return the settings of the system running on `data_dir`. Exits with code 1 when none is running."""
    apply_runtime(data_dir)
    try:
        return Settings()
    except ValidationError as error:
        fail_for_settings(
            error, localize("系统未在运行,请先执行 make up", "the system is not running; start it with: make up")
        )


@asynccontextmanager
async def open_resources(data_dir: Path, *, writes: bool = False) -> AsyncIterator[Resources]:
    """Open the connections of one command, and close them when the block ends.

    `writes`: the command writes for workflows. It exits with code 1 where those of the database are in another
    namespace, and is refused by the database should they move meanwhile.
    """
    settings = read_settings(data_dir)
    temporal = await connect(settings)
    place = await here(temporal) if writes else None
    engine = open_database(settings, session=None if place is None else place.session)
    try:
        if place is not None:
            await take(engine, place)
        yield Resources(settings=settings, engine=engine, temporal=temporal)
    except Elsewhere as error:
        fail(localize(error.zh, error.en))
    finally:
        await engine.dispose()


async def find_person(resources: Resources, username: str) -> Person:
    """Return the person with that user name. Exits with code 1 when there is none."""
    async with resources.engine.connect() as connection:
        found = await connection.scalar(text("SELECT id FROM people WHERE username = :u"), {"u": username})
        person = None if found is None else await read_person(connection, found)
    if person is None:
        fail(localize(f"没有人员 {username}", f"there is no person {username}"))
    return person
