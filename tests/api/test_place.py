"""Pin and grid: compared at every door, corrected within a grid, and taken on the datum that is named."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.api.harness import WAGES, ApiHarness, open_harness
from tests.builders import MICRO, MICRO_2, OTHER_MICRO
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Places within the micro-grids of the tiny park, and one outside all of them.
IN_MICRO, IN_MICRO_2, NOWHERE = (
    {"lat": 38.005, "lon": 117.005},
    {"lat": 38.005, "lon": 117.015},
    {"lat": 38.9, "lon": 117.0},
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("place")) as opened:
        yield opened


async def report(harness: ApiHarness, **fields: Any) -> Any:
    return await harness.send("worker", "/cases", {**WAGES, "report_id": str(uuid4()), **fields})


async def test_a_pin_in_another_grid_is_refused_naming_both(harness: ApiHarness) -> None:
    refused = await report(harness, grid=MICRO, location=IN_MICRO_2)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (422, "place_contradicts_grid")
    assert MICRO in problem["detail"]
    assert MICRO_2 in problem["detail"]
    meant = await report(harness, grid=MICRO, location=IN_MICRO_2, mismatch_meant=True)
    assert (meant.status_code, meant.json()["grid"]["code"]) == (201, MICRO)
    assert meant.json()["location"] == IN_MICRO_2


async def test_a_pin_within_the_unit_given_is_taken(harness: ApiHarness) -> None:
    for grid in (MICRO, MICRO[:-3], MICRO[:-6]):
        taken = await report(harness, grid=grid, location=IN_MICRO)
        assert taken.status_code == 201, taken.text


async def test_a_pin_outside_every_unit_is_refused(harness: ApiHarness) -> None:
    for fields in (
        {"location": NOWHERE, "grid": None},
        {"location": NOWHERE},
        {"location": NOWHERE, "mismatch_meant": True},
    ):
        refused = await report(harness, **fields)
        assert (refused.status_code, refused.json()["code"]) == (422, "place_outside_park"), fields


async def test_the_datum_is_converted_once(harness: ApiHarness) -> None:
    # On GCJ-02 the place lies half a kilometre to the south-east.
    shifted = {"lat": 38.00602, "lon": 117.01103, "datum": "gcj02"}
    body = {**WAGES, "report_id": str(uuid4()), "location": shifted, "grid": None}
    first = await harness.send("worker", "/cases", body)
    assert first.status_code == 201, first.text
    assert first.json()["grid"]["code"] == MICRO
    assert abs(first.json()["location"]["lon"] - 117.005) < 0.001
    assert (await harness.send("worker", "/cases", body)).status_code == 200
    unknown = await report(harness, location={**IN_MICRO, "datum": "beijing54"})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/location")
    outside = await report(harness, location={"lat": 91, "lon": 117, "datum": "gcj02"})
    assert (outside.status_code, outside.json()["errors"][0]["pointer"]) == (422, "/location/lat")
    query: dict[str, Any] = {"category": WAGES["category"], **shifted}
    near = await harness.get("duty", "/cases/duplicates", **query)
    assert first.json()["case_no"] in {one["case"]["case_no"] for one in near["items"]}


async def test_a_pin_is_corrected_within_its_grid(harness: ApiHarness) -> None:
    case = (await report(harness, grid=MICRO, location=IN_MICRO)).json()
    better = {"lat": 38.006, "lon": 117.006}
    moved = await harness.do("duty", case["case_no"], "relocate", grid=MICRO, location=better, reason="钉错了")
    assert (moved["location"], moved["grid"]["code"]) == (better, MICRO)


async def test_a_case_is_not_moved_away_from_its_pin_unsaid(harness: ApiHarness) -> None:
    case_no = (await report(harness, grid=MICRO, location=IN_MICRO)).json()["case_no"]
    for fields in (
        {"grid": MICRO_2},
        {"grid": MICRO_2, "location": IN_MICRO},
        {"grid": OTHER_MICRO, "location": IN_MICRO_2},
    ):
        refused = await harness.refused("duty", case_no, "relocate", reason="x", **fields)
        assert refused == (422, "place_contradicts_grid"), fields
    refused = await harness.refused("duty", case_no, "relocate", reason="x", grid=MICRO_2, location=NOWHERE)
    assert refused == (422, "place_outside_park")
    moved = await harness.do("duty", case_no, "relocate", grid=MICRO_2, location=IN_MICRO_2, reason="在东侧")
    assert moved["grid"]["code"] == MICRO_2
    meant = await harness.do("duty", case_no, "relocate", grid=MICRO, reason="由西侧负责", mismatch_meant=True)
    assert (meant["grid"]["code"], meant["location"]) == (MICRO, IN_MICRO_2)
