"""People and roles one at a time: checked like a file of people, and never without an administrator."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from models.enums import Role
from models.errors import InputError, NoSuchPage, NotYours
from services.admin import people
from services.organisation.people_edit import KnownPerson, NewGrant, NewPerson, read_known
from tests.builders import GRID, small_park
from tests.rules.world import EVERYBODY

NOW = datetime.now(UTC)
#: Today where the park is.
TODAY = NOW.astimezone(ZoneInfo("Asia/Shanghai")).date()
ADMIN = EVERYBODY["admin"]


async def known(engine: AsyncEngine, username: str = "new1") -> KnownPerson:
    async with engine.connect() as connection:
        return await read_known(connection, username)


async def give(engine: AsyncEngine, username: str = "new1", **fields: Any) -> None:
    async with transaction(engine) as connection:
        await people.add_grant(connection, ADMIN, username, NewGrant.model_validate(fields), NOW)


async def end(engine: AsyncEngine, username: str, index: int, last: date) -> None:
    grant = (await known(engine, username)).grants[index].id
    async with transaction(engine) as connection:
        await people.end_grant(connection, ADMIN, username, grant, last, NOW)


@pytest.fixture
async def park(engine: AsyncEngine) -> AsyncEngine:
    """A small park with a new person without roles."""
    await small_park(engine)
    async with transaction(engine) as connection:
        await people.add_person(connection, ADMIN, NewPerson(username="new1", name="新人"), NOW)
    return engine


async def test_a_person_is_added_renamed_and_leaves(park: AsyncEngine) -> None:
    assert (await known(park)) == KnownPerson(
        "new1",
        "新人",
        active=True,
        can_sign_in=False,
        password_first=False,
        password_set_at=None,
        second_factor=False,
        grants=(),
    )
    with pytest.raises(InputError, match="taken by 新人"):
        async with transaction(park) as connection:
            await people.add_person(connection, ADMIN, NewPerson(username="new1", name="别人"), NOW)
    async with transaction(park) as connection:
        await people.change_person(connection, ADMIN, "new1", "改名", active=False, now=NOW)
    assert ((await known(park)).name, (await known(park)).active) == ("改名", False)
    async with transaction(park) as connection:
        typed = NewPerson.model_validate({"username": "new2", "name": "可登录", "password": "longenough"})
        await people.add_person(connection, ADMIN, typed, NOW)
    assert (await known(park, "new2")).can_sign_in
    with pytest.raises(NoSuchPage):
        async with transaction(park) as connection:
            await people.change_person(connection, ADMIN, "nobody", "x", active=True, now=NOW)


async def test_roles_begin_and_end_with_their_days(park: AsyncEngine) -> None:
    await give(park, role=Role.GRID_WORKER, grid=GRID, since=TODAY)
    await give(park, role=Role.HANDLER, department="fire", since=TODAY + timedelta(days=7))
    await end(park, "new1", 0, TODAY + timedelta(days=3))
    first, second = sorted((await known(park)).grants, key=lambda one: one.since)
    assert (first.role, first.grid, first.until) == (Role.GRID_WORKER, GRID, TODAY + timedelta(days=3))
    assert (second.department, second.until) == ("fire", None)
    future = [one.role for one in (await known(park)).grants].index(Role.HANDLER)
    await end(park, "new1", future, TODAY)  # it has not begun: it is taken back
    assert [one.role for one in (await known(park)).grants] == [Role.GRID_WORKER]
    await give(park, role=Role.GRID_WORKER, grid=GRID, since=TODAY + timedelta(days=4))  # right after the first


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"role": "grid_worker"}, "takes a grid"),
        ({"role": "handler"}, "takes a department"),
        ({"role": "handler", "department": "nowhere"}, "no department"),
        ({"role": "grid_worker", "grid": "999"}, "no grid unit"),
        ({"role": "auditor", "until": TODAY - timedelta(days=1)}, "before it begins"),
        ({"role": "supervisor"}, "is held from"),
    ],
)
async def test_a_role_that_does_not_fit_is_refused(park: AsyncEngine, fields: dict[str, Any], told: str) -> None:
    await give(park, role=Role.SUPERVISOR, since=TODAY)
    with pytest.raises(InputError, match=told):
        await give(park, **{"since": TODAY, **fields})
    assert len((await known(park)).grants) == 1


async def test_the_past_stays_and_an_administrator_is_left(park: AsyncEngine) -> None:
    await give(park, role=Role.SUPERVISOR, since=TODAY - timedelta(days=30))
    with pytest.raises(InputError, match="before yesterday"):
        await end(park, "new1", 0, TODAY - timedelta(days=9))
    with pytest.raises(InputError, match="nobody would be left"):
        await end(park, "admin", 0, TODAY - timedelta(days=1))
    with pytest.raises(InputError, match="nobody would be left"):
        async with transaction(park) as connection:
            await people.change_person(connection, ADMIN, "admin", "管理员", active=False, now=NOW)
    assert (await known(park, "admin")).active
    grant = NewGrant(role=Role.ADMIN, since=TODAY)
    with pytest.raises(NotYours):
        async with transaction(park) as connection:
            await people.add_grant(connection, EVERYBODY["supervisor"], "supervisor", grant, NOW)
