"""Operators' commands work on the stores themselves, found through `runtime.json`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import text

from cli.http import fail
from cli.labels import say
from infra.database import open_database
from infra.runtime import adopt_runtime
from infra.settings import Settings
from infra.store.context import read_person
from infra.temporal import connect
from models.context import Person
from services.runtime.resources import Backstage


def settings_of(data_dir: Path) -> Settings:
    """The settings of the system running on `data_dir`. Ends with exit code 1 when none is."""
    adopt_runtime(data_dir)
    try:
        return Settings()
    except ValidationError:
        fail(say("系统未在运行,请先执行 make up", "the system is not running; start it with: make up"))


@asynccontextmanager
async def backstage(data_dir: Path) -> AsyncIterator[Backstage]:
    """The connections of one command, closed when it ends."""
    settings = settings_of(data_dir)
    engine = open_database(settings)
    try:
        yield Backstage(settings=settings, engine=engine, temporal=await connect())
    finally:
        await engine.dispose()


async def somebody(stage: Backstage, username: str) -> Person:
    """The person of that name. Ends with exit code 1 when there is none."""
    async with stage.engine.connect() as connection:
        found = await connection.scalar(text("SELECT id FROM people WHERE username = :u"), {"u": username})
        person = None if found is None else await read_person(connection, found)
    if person is None:
        fail(say(f"没有人员 {username}", f"there is no person {username}"))
    return person
