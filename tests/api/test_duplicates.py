"""Cases that may be the same matter: near in place, in time and in kind, and only those that one may see."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from models.commands import Location, Reject
from tests.api.harness import ApiHarness, open_harness
from tests.builders import GRID, MICRO, MICRO_2, OTHER_MICRO
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE = Location(lat=38.005, lon=117.005)
#: About a metre, in degrees of latitude.
METRE = 1 / 111_320


def north(metres: float) -> Location:
    """A place so many metres to the north."""
    return Location(lat=HERE.lat + metres * METRE, lon=HERE.lon)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("duplicates")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def cases(harness: ApiHarness) -> dict[str, str]:
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    made: dict[str, dict[str, Any]] = {
        "near": {"location": north(50)},
        "far": {"location": north(300)},
        "old": {"location": HERE, "at": now - 80 * hour},
        "of_the_group": {"location": north(10), "category": "0390"},
        "of_another_group": {"location": HERE, "category": "0201"},
        "placeless": {},
        "placeless_elsewhere": {"grid": MICRO_2},
        "closed": {"location": HERE, "commands": (("duty", Reject(reason="非本园", right_channel="12345")),)},
        "of_another_park": {"location": HERE, "grid": OTHER_MICRO, "by": "other_duty"},
    }
    found = {}
    for name, fields in made.items():
        known: dict[str, Any] = {"category": "0302", "grid": MICRO, "title": f"废水 {name}", "at": now - hour, **fields}
        at, commands = known.pop("at"), known.pop("commands", ())
        found[name] = await harness.past(at, *commands, **known)
    return found


async def asked(harness: ApiHarness, username: str = "duty", **params: Any) -> list[Any]:
    answer = await harness.get(username, "/cases/duplicates", **{"category": "0302", **params})
    items: list[Any] = answer["items"]
    return items


async def test_near_in_place_time_and_kind(harness: ApiHarness, cases: dict[str, str]) -> None:
    found = await asked(harness, lat=HERE.lat, lon=HERE.lon)
    assert [item["case"]["case_no"] for item in found] == [cases["near"], cases["of_the_group"]]
    assert found[0]["metres"] == 50
    assert found[0]["same_category"]
    assert found[0]["why_zh"] == "同一小类,相距 50 米,相隔 1 小时"
    assert found[1]["why_en"] == "same group, 10 m away, 1 h apart"


async def test_a_case_without_a_place_counts_in_the_same_grid_unit(harness: ApiHarness, cases: dict[str, str]) -> None:
    found = await asked(harness, lat=HERE.lat, lon=HERE.lon, grid=MICRO)
    assert cases["placeless"] in {item["case"]["case_no"] for item in found}
    assert cases["placeless_elsewhere"] not in {item["case"]["case_no"] for item in found}
    by_grid = await asked(harness, grid=MICRO_2)
    assert [item["case"]["case_no"] for item in by_grid] == [cases["placeless_elsewhere"]]
    assert by_grid[0]["metres"] is None
    assert by_grid[0]["why_zh"].startswith("同一小类,同一网格")


async def test_hidden_cases_are_no_duplicates(harness: ApiHarness, cases: dict[str, str]) -> None:
    mine = {item["case"]["case_no"] for item in await asked(harness, "other_duty", lat=HERE.lat, lon=HERE.lon)}
    assert mine == {cases["of_another_park"]}
    assert await asked(harness, "reporter", lat=HERE.lat, lon=HERE.lon) == []


async def test_what_tells_the_same_is_found_farther_away_later_and_under_another_category(
    harness: ApiHarness, cases: dict[str, str]
) -> None:
    told, ago = "东风印染厂排污口冒红水,河面都染红了", datetime.now(UTC) - timedelta(days=9)
    alike = await harness.past(ago, category="0103", grid=MICRO, title=told, location=north(-350))
    placeless = await harness.past(ago, category="0201", grid=MICRO, title=told)
    unlike = await harness.past(ago, category="0103", grid=MICRO, title="消防通道被堵", location=north(-340))
    found = await asked(harness, lat=HERE.lat, lon=HERE.lon, grid=MICRO, title="东风印染厂的排污口一直冒红水")
    known = {item["case"]["case_no"]: item for item in found}
    assert known[alike]["why_zh"] == "类别不同,用词相近,相距 350 米,相隔 9 天"
    assert known[alike]["same_words"]
    assert known[placeless]["why_en"] == "another category, similar words, the same grid unit, 9 days apart"
    assert unlike not in known
    without = {item["case"]["case_no"] for item in await asked(harness, lat=HERE.lat, lon=HERE.lon, grid=MICRO)}
    assert without.isdisjoint({alike, placeless, unlike})


async def test_the_similarity_of_titles_is_shown(harness: ApiHarness, cases: dict[str, str]) -> None:
    found = await asked(harness, lat=HERE.lat, lon=HERE.lon, title="废水 near")
    assert found[0]["likeness"] == 1.0


async def test_nowhere_has_no_duplicates_and_nonsense_is_refused(harness: ApiHarness) -> None:
    assert await asked(harness) == []
    assert (await harness.ask("duty", "/cases/duplicates", category="0302", lat=99)).status_code == 422
    assert (await harness.ask("duty", "/cases/duplicates", lat=1, lon=1)).status_code == 422
    assert (await harness.ask("duty", "/cases/duplicates", category="0302", grid=GRID)).status_code == 200
