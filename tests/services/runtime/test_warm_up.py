"""Warming up before the first request: nothing is stored, and the process starts even without the database."""

from datetime import UTC, datetime

from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from activities.recording import Recorder
from doors.warm_up import warm_up
from infra.database import open_database
from infra.settings import Settings
from services.runtime.resources import Resources
from tests.builders import small_park

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOBODY = "postgresql://nobody:nothing@127.0.0.1:9/nowhere"


def settings(url: str) -> Settings:
    return Settings(database_url=SecretStr(url), token_secret=SecretStr("0" * 64))


async def test_nothing_is_stored(engine: AsyncEngine, database_url: str, temporal_client: Client) -> None:
    await small_park(engine)
    resources = Resources(settings(database_url), engine, temporal_client)
    await warm_up(resources, NOW)
    await Recorder(engine).warm_up(NOW)
    assert resources.reference.snapshot is not None
    async with engine.connect() as connection:
        for table in ("cases", "facts", "tasks", "reporters", "case_counters"):
            assert await connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0


async def test_a_process_starts_though_the_database_is_away(temporal_client: Client) -> None:
    engine = open_database(settings(NOBODY))
    await warm_up(Resources(settings(NOBODY), engine, temporal_client), NOW)
    await Recorder(engine).warm_up(NOW)
    await engine.dispose()
