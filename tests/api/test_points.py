"""Points and stars through the API: every point lists its facts, people are read by those who lead them."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio

from tests.api.harness import ApiHarness, open_harness
from tests.builders import COMMUNITY, LABOUR
from tests.rules.lives import SHANGHAI
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("points")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def worked(harness: ApiHarness) -> dict[str, str]:
    """A case handled well, one done again, one settled on the spot."""
    numbers = {}
    for name in ("good", "again"):
        case = await harness.report(category="0201")
        no = numbers[name] = case["case_no"]
        await harness.do("duty", no, "accept")
        await harness.do("duty", no, "dispatch", host=LABOUR)
        await harness.do("labour_handler", no, "complete", result="已处理")
        if name == "again":
            await harness.do("reviewer", no, "fail_review", reason="未付清")
            await harness.do("labour_handler", no, "complete", result="已付清")
        await harness.do("reviewer", no, "pass_review")
    await harness.do("duty_2", numbers["good"], "rate", score=5)
    photo = await harness.upload("worker", None)
    small = await harness.report(category="0103")
    await harness.do("worker", small["case_no"], "self_close", result="已劝离", evidence=[photo])
    numbers["small"] = small["case_no"]
    return numbers


async def read(harness: ApiHarness, subject: str, code: str, username: str = "supervisor") -> dict[str, Any]:
    found: dict[str, Any] = await harness.get(username, f"/supervision/points/{subject}/{code}")
    return found


async def test_every_point_of_a_department_has_its_fact(harness: ApiHarness, worked: dict[str, str]) -> None:
    found = await read(harness, "department", LABOUR)
    lines = {line["code"]: line for line in found["lines"]}
    assert {code: (line["full"], len(line["facts"])) for code, line in lines.items()} == {
        "on-time": (3, 3), "rated-well": (1, 1), "failed": (-2, 1),
    }  # fmt: skip
    assert (found["base"], found["points"], found["stars"]) == (60, 62, 2)
    (failed,) = lines["failed"]["facts"]
    assert failed["case_no"] == worked["again"]
    facts = await harness.get("admin", f"/cases/{worked['again']}/facts")
    assert facts[failed["seq"] - 1]["kind"] == "review_failed"


async def test_people_units_and_the_ranking_agree(harness: ApiHarness, worked: dict[str, str]) -> None:
    handler = await read(harness, "person", "labour_handler")
    assert handler["points"] == 62
    worker = await read(harness, "person", "worker")
    assert [(line["code"], line["facts"][0]["case_no"]) for line in worker["lines"]] == [
        ("self-closed", worked["small"])
    ]
    unit = await read(harness, "unit", COMMUNITY)
    assert unit["points"] == 63
    for subject in ("person", "unit", "department"):
        ranking = await harness.get("supervisor", "/supervision/points", subject=subject, level=2)
        assert [row["points"] for row in ranking["rows"]] == sorted(
            (r["points"] for r in ranking["rows"]), reverse=True
        )
        for row in ranking["rows"]:
            explained = await read(harness, subject, row["code"])
            assert (explained["points"], explained["stars"]) == (row["points"], row["stars"])
            assert sum(len(line["facts"]) for line in explained["lines"]) == row["facts"]
    people = await harness.get("supervisor", "/supervision/points", subject="person")
    assert {row["code"] for row in people["best"]} <= {"labour_handler", "worker"}
    assert people["best"][0]["rank"] == 1


async def test_periods_hold_what_happened_in_them(harness: ApiHarness, worked: dict[str, str]) -> None:
    this = f"{datetime.now(SHANGHAI):%Y-%m}"
    assert (await harness.get("supervisor", "/supervision/points", period=this))["rows"]
    earlier = await harness.get("supervisor", "/supervision/points", period="2020-Q1")
    assert (earlier["rows"], earlier["complete"]) == ([], True)
    for period in ("2020-13", "2099-01", "x"):
        assert (await harness.ask("supervisor", "/supervision/points", period=period)).status_code == 422


async def test_who_may_read_what(harness: ApiHarness, worked: dict[str, str]) -> None:
    assert (await harness.ask("worker", "/supervision/points")).status_code == 403
    assert (await harness.ask("duty", "/supervision/points", subject="person")).status_code == 403
    assert (await read(harness, "person", "worker", "worker"))["points"] == 61, "everybody may see their own"
    assert (await harness.ask("worker", "/supervision/points/person/labour_handler")).status_code == 403
    head = await harness.get("fire_head", "/supervision/points", subject="department")
    assert [row["code"] for row in head["rows"]] == []
    assert (await harness.ask("fire_head", f"/supervision/points/department/{LABOUR}")).status_code == 404
    assert (await harness.ask("supervisor", "/supervision/points/person/nobody")).status_code == 404
    assert (await harness.ask("supervisor", "/supervision/points/cat/x")).status_code == 422
