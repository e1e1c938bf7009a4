"""Saved views and settings of people; those of others are not touched."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.store.context import read_person
from models.context import Person
from models.errors import NoSuchPage, OutsideYourDepartments, TooManyViews
from services.accounts.preferences import PersonSettings, read_settings, save_settings
from services.desk.saved_views import MAX_VIEWS, NewView, list_saved_views, remove_view, save_view
from tests.builders import FIRE, LABOUR, person_id, small_park

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
async def park(engine: AsyncEngine) -> AsyncEngine:
    await small_park(engine)
    return engine


async def somebody(engine: AsyncEngine, username: str) -> Person:
    async with engine.connect() as connection:
        found = await read_person(connection, person_id(username))
    assert found is not None
    return found


async def test_a_view_is_seen_by_its_owner_and_whom_it_is_shared_with(park: AsyncEngine) -> None:
    handler, head = await somebody(park, "labour_handler"), await somebody(park, "labour_head")
    other = await somebody(park, "fire_handler")
    async with park.begin() as connection:
        await save_view(connection, handler, NewView(name="红灯", query="light=red"), NOW)
        id_ = await save_view(connection, handler, NewView(name="本局", query="tab=doing", shared_with=LABOUR), NOW)
        assert [view.name for view in await list_saved_views(connection, handler, NOW)] == ["红灯", "本局"]
        (shared,) = await list_saved_views(connection, head, NOW)
        assert (shared.name, shared.mine) == ("本局", False)
        assert await list_saved_views(connection, other, NOW) == ()
        with pytest.raises(NoSuchPage):
            await remove_view(connection, head, id_)
        await remove_view(connection, handler, id_)
        assert len(await list_saved_views(connection, handler, NOW)) == 1


async def test_a_view_is_shared_with_ones_own_departments_only_up_to_a_limit(park: AsyncEngine) -> None:
    handler = await somebody(park, "labour_handler")
    async with park.begin() as connection:
        with pytest.raises(OutsideYourDepartments):
            await save_view(connection, handler, NewView(name="x", query="", shared_with=FIRE), NOW)
        for number in range(MAX_VIEWS):
            await save_view(connection, handler, NewView(name=f"视图 {number}", query=""), NOW)
        with pytest.raises(TooManyViews):
            await save_view(connection, handler, NewView(name="再一个", query=""), NOW)


async def test_settings_keep_their_order_and_unknown_ones_are_ignored(park: AsyncEngine) -> None:
    handler = await somebody(park, "labour_handler")
    async with park.begin() as connection:
        assert await read_settings(connection, handler) == PersonSettings()
        settings = PersonSettings(columns=("updated", "nonsense", "category"), home="doing")
        await save_settings(connection, handler, settings, NOW)
        stored = await read_settings(connection, handler)
        assert stored.columns == ("category", "updated")
        assert stored.home == "doing"
