"""Whoever a ladder reaches can read the notice, and nobody else can."""

from collections.abc import AsyncIterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from models.enums import EscalationMode
from models.quiet_hours import QuietHours
from services.accounts.preferences import PersonSettings, save_settings
from services.desk.notices import Notices, find_notices, mark_read
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


async def notices_of(town: Town, username: str, *, unread: bool = False) -> Notices:
    """Return the notices of that person."""
    async with town.engine.connect() as connection:
        return await find_notices(connection, await town.person(username), await town.now(), "zh", unread=unread)


async def _set_quiet_now(town: Town, username: str) -> None:
    """Set quiet hours that hold for the next while, at any time of day."""
    local = (await town.now()).astimezone(ZoneInfo("Asia/Shanghai"))
    quiet = QuietHours(since=(local - timedelta(minutes=5)).time(), until=(local + timedelta(hours=2)).time())
    async with town.engine.begin() as connection:
        await save_settings(connection, await town.person(username), PersonSettings(quiet=quiet), await town.now())


async def test_a_step_is_noticed_by_those_it_reached_alerts_but_in_quiet_hours_and_is_read_once(town: Town) -> None:
    """In quiet hours only an urgent notice alerts."""
    ordinary, urgent = await dispatched(town), await dispatched(town, severity="urgent")
    for no in (ordinary, urgent):
        await until_recorded(town, no, "step_fired", "urged")
    loud = await notices_of(town, "community_supervisor")
    assert {(one.case.case_no, one.mode, one.read) for one in loud.items} == {
        (ordinary, EscalationMode.ACT, False), (urgent, EscalationMode.ACT, False),
    }  # fmt: skip
    assert (loud.unread, loud.calling, loud.quiet_until) == (2, 2, None)
    assert (await notices_of(town, "labour_handler")).items == ()
    await _set_quiet_now(town, "community_supervisor")
    quiet = await notices_of(town, "community_supervisor")
    assert (quiet.unread, quiet.calling) == (2, 1)
    assert quiet.quiet_until is not None
    assert quiet.quiet_until > await town.now()
    assert (await notices_of(town, "supervisor")).calling >= 1, "the park was told too; nobody else is affected"
    async with town.engine.begin() as connection:
        person = await town.person("community_supervisor")
        assert await mark_read(connection, person, await town.now(), None) == 2
        assert await mark_read(connection, person, await town.now(), None) == 0
    assert (await notices_of(town, "community_supervisor", unread=True)).items == ()
    assert all(one.read for one in (await notices_of(town, "community_supervisor")).items)
    assert (await notices_of(town, "supervisor")).unread >= 1
