"""To whom a case may be transferred, and the workload of each colleague as far as the reader may see it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from infra.store.context import read_person
from models.commands import Accept, Claim, Command, Dispatch
from models.enums import Role
from services.commands.transfer_targets import colleague_names, colleagues
from tests.api.harness import ApiHarness, open_harness
from tests.builders import FIRE, LABOUR, OTHER_MICRO, OTHER_PARK, Holder, add_people, person_id
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

OTHERS = (
    Holder("other_fire_handler", "滨海消防处置员", Role.HANDLER, grid=OTHER_PARK, department=FIRE),
    Holder("everywhere", "消防总队长", Role.DEPARTMENT_HEAD, department=FIRE),
)


def claimed_by(username: str, desk: str = "duty") -> tuple[tuple[str, Command], ...]:
    return (desk, Accept()), (desk, Dispatch(host=FIRE)), (username, Claim())


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    """One handler holds two cases, one long overdue; one in the other park holds one; one case is unclaimed."""
    async with open_harness(servers, tmp_path_factory.mktemp("colleagues")) as opened:
        async with opened.engine.begin() as connection:
            await add_people(connection, *OTHERS)
        now = datetime.now(UTC)
        await opened.past(now - timedelta(minutes=30), *claimed_by("fire_handler"))
        await opened.past(now - timedelta(days=30), *claimed_by("fire_handler"))
        await opened.past(now - timedelta(minutes=30), *claimed_by("fire_handler")[:-1])
        elsewhere = claimed_by("other_fire_handler", "other_duty")
        await opened.past(now - timedelta(days=30), *elsewhere, by="other_duty", grid=OTHER_MICRO)
        yield opened


async def seen_by(harness: ApiHarness, username: str, department: str | None = None) -> dict[str, tuple[int, int]]:
    """Return open cases and how many of them are overdue, by user name, in the order of the list."""
    async with harness.engine.connect() as connection:
        person = await read_person(connection, person_id(username))
        assert person is not None
        found = await colleagues(connection, person, datetime.now(UTC), department)
    return {one.username: (one.load, one.overdue) for one in found}


async def test_the_least_loaded_come_first_without_oneself(harness: ApiHarness) -> None:
    found = await seen_by(harness, "everywhere")
    assert list(found.items()) == [
        ("fire_handler_2", (0, 0)),
        ("fire_head", (0, 0)),
        ("other_fire_handler", (1, 1)),
        ("fire_handler", (2, 1)),
    ]


async def test_what_the_reader_may_not_see_is_not_counted(harness: ApiHarness) -> None:
    found = await seen_by(harness, "fire_head")
    assert found["fire_handler"] == (2, 1)
    assert found["other_fire_handler"] == (0, 0), "their case lies in another park"


async def test_only_ones_own_departments_are_offered(harness: ApiHarness) -> None:
    assert await seen_by(harness, "fire_head", LABOUR) == {}
    assert await seen_by(harness, "duty") == {}
    assert set(await seen_by(harness, "labour_head")) == {"labour_handler"}


async def test_by_name_alone_they_are_the_same_people(harness: ApiHarness) -> None:
    for username in ("fire_head", "everywhere", "duty"):
        async with harness.engine.connect() as connection:
            person = await read_person(connection, person_id(username))
            assert person is not None
            names = await colleague_names(connection, person, datetime.now(UTC))
        assert {one.username for one in names} == set(await seen_by(harness, username))
