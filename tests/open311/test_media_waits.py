"""A file that a report names waits for its case: between the acknowledgement and the recording nothing is tried."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from services.open311 import media
from services.runtime.resources import Resources
from tests.builders import small_park
from tests.town import town_settings

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)


async def test_a_file_of_a_case_that_is_not_recorded_yet_is_not_given_up(
    engine: AsyncEngine, database_url: str
) -> None:
    await small_park(engine)
    report: Any = uuid4()
    async with transaction(engine) as connection:
        await media.keep_media(connection, report, ["http://127.0.0.1:1/a.png"], NOW, of=report)
    # Temporal is not asked for anything before there is a case.
    settings = town_settings(database_url)
    resources = Resources(settings=settings, engine=engine, temporal=None)  # type: ignore[arg-type]
    now, tries = NOW, 0
    while now < NOW + timedelta(hours=23):
        assert await media.fetch_next(resources, now)
        assert not await media.fetch_next(resources, now), "it waits"
        row = await one(engine)
        assert (row.attempts, row.failure) == (0, None)
        now, tries = row.next_at, tries + 1
        if tries == 1:
            assert now - NOW <= timedelta(seconds=5)
    assert tries < 150
    assert await media.fetch_next(resources, NOW + media.UNRECORDED + timedelta(minutes=1))
    row = await one(engine)
    assert (row.attempts, row.failure) == (1, "no_such_case"), "it never came: told as a failure, and tried as others"


async def one(engine: AsyncEngine) -> Any:
    async with engine.connect() as connection:
        return (await connection.execute(text("SELECT * FROM open311_media"))).one()
