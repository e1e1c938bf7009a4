"""Who works in a grid reports what they come across beyond it too, and of that grid sees their own report alone."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from models.enums import Role
from tests.api.harness import WAGES, ApiHarness, open_harness
from tests.builders import GRID, MICRO, MICRO_2, OTHER_MICRO, Holder, add_people
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: In the second micro-grid of the tiny park.
BESIDE = {"lat": 38.005, "lon": 117.015}
LOW = {"micro_worker": Role.GRID_WORKER, "micro_volunteer": Role.VOLUNTEER}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    """With people who work in the first micro-grid alone."""
    async with open_harness(servers, tmp_path_factory.mktemp("neighbours")) as opened:
        async with opened.engine.begin() as connection:
            await add_people(connection, *(Holder(name, "微网格员", role, grid=MICRO) for name, role in LOW.items()))
        yield opened


def codes(shapes: Any) -> set[str]:
    return {feature["properties"]["code"] for feature in shapes["features"]}


@pytest.mark.parametrize("username", LOW)
async def test_a_neighbour_s_matter_is_taken_where_it_lies(harness: ApiHarness, username: str) -> None:
    case = await harness.report(username, location=BESIDE, grid=None)
    assert case["grid"]["code"] == MICRO_2
    # They follow it as its reporter, and have no other say there.
    assert (await harness.get(username, f"/cases/{case['case_no']}"))["case_no"] == case["case_no"]
    assert "withdraw" in case["allowed_commands"]
    assert "self_close" not in case["allowed_commands"]
    assert await harness.refused(username, case["case_no"], "self_close", result="我清理了") == (403, "not_yours")


async def test_no_other_case_of_that_grid_is_seen(harness: ApiHarness) -> None:
    other = (await harness.report("worker", grid=MICRO_2, title="别人的一件"))["case_no"]
    own = (await harness.report("micro_worker", grid=MICRO_2))["case_no"]
    assert (await harness.ask("micro_worker", f"/cases/{other}")).status_code == 404
    seen = {item["case_no"] for item in (await harness.get("micro_worker", "/cases", limit=200))["items"]}
    assert own in seen
    assert other not in seen
    near = await harness.get("micro_worker", "/cases/duplicates", category="0201", grid=MICRO_2, title="别人的一件")
    assert other not in {one["case"]["case_no"] for one in near["items"]}
    units = {unit["code"] for unit in (await harness.get("micro_worker", "/grids"))["items"]}
    assert MICRO_2 not in units


async def test_another_park_is_beyond(harness: ApiHarness) -> None:
    answer = await harness.send("micro_worker", "/cases", {**WAGES, "report_id": str(uuid4()), "grid": OTHER_MICRO})
    assert (answer.status_code, answer.json()["code"]) == (403, "outside_your_scope")


async def test_a_desk_reports_within_its_own_subtree_only(harness: ApiHarness) -> None:
    async with harness.engine.begin() as connection:
        await add_people(connection, Holder("micro_supervisor", "微网格督查", Role.SUPERVISOR, grid=MICRO))
    answer = await harness.send("micro_supervisor", "/cases", {**WAGES, "report_id": str(uuid4()), "grid": MICRO_2})
    assert (answer.status_code, answer.json()["code"]) == (403, "outside_your_scope")


async def test_the_phone_gets_the_shapes_around(harness: ApiHarness) -> None:
    assert codes(await harness.get("micro_worker", "/grids.geojson", under=MICRO)) == {MICRO}
    assert codes(await harness.get("micro_worker", "/grids.geojson", near=MICRO)) == {MICRO, MICRO_2, GRID}
    assert codes(await harness.get("micro_worker", "/grids.geojson", near=MICRO, level=4)) == {MICRO, MICRO_2}
    # Around what is not theirs nothing is told, nor to those who report within their own units alone.
    assert (await harness.ask("micro_worker", "/grids.geojson", near=OTHER_MICRO)).status_code == 404
    assert codes(await harness.get("duty", "/grids.geojson", near=MICRO)) == {MICRO, MICRO_2, GRID}
    assert codes(await harness.get("auditor", "/grids.geojson", near=MICRO)) == {MICRO}
