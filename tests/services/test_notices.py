"""Whoever a ladder reaches can see that they were told, and nobody else can."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from models.words import EscalationMode
from services.notices import Notices, mark_read, notices
from tests.builders import publish
from tests.scenarios import dispatched, until_recorded
from tests.timed import a_hasty_policy
from tests.town import Town, running_town, town_settings


@pytest.fixture
async def town(engine: AsyncEngine, temporal_client: Client, database_url: str) -> AsyncIterator[Town]:
    async with running_town(engine, temporal_client, town_settings(database_url)) as running:
        async with engine.begin() as connection:
            await publish(connection, a_hasty_policy(), version=2)
        yield running


async def told(town: Town, username: str, *, unread: bool = False) -> Notices:
    """What that person was told."""
    async with town.engine.connect() as connection:
        return await notices(connection, await town.person(username), await town.now(), "zh", unread=unread)


async def test_a_step_is_told_to_whom_it_reached_and_read_once(town: Town) -> None:
    no = await dispatched(town)
    await until_recorded(town, no, "step_fired", "urged")
    found = await told(town, "community_supervisor")
    (first,) = found.items
    assert (first.case.case_no, first.mode, first.read) == (no, EscalationMode.ACT, False)
    assert found.unread == 1
    assert (await told(town, "labour_handler")).items == ()
    async with town.engine.begin() as connection:
        person = await town.person("community_supervisor")
        assert await mark_read(connection, person, await town.now(), None) == 1
        assert await mark_read(connection, person, await town.now(), None) == 0
    assert (await told(town, "community_supervisor", unread=True)).items == ()
    assert (await told(town, "community_supervisor")).items[0].read
    assert (await told(town, "supervisor")).unread >= 1, "the park was told too"
