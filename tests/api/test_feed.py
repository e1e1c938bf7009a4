"""The statistics feed: the figures of the pages by day, pages that lose nothing, tags, CSV, and its JSON Schema."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
import pytest_asyncio

from models.commands import Accept, Claim, Complete, Dispatch, PassReview
from services.feed.views import json_schema
from tests.api.harness import ApiHarness, open_harness
from tests.builders import COMMUNITY, GRID, LABOUR, OTHER_COMMUNITY
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

ZONE = ZoneInfo("Asia/Shanghai")
SCHEMA = Path(__file__).parents[2] / "docs" / "feed.schema.json"
TITLE = "来电 13912345678"


def noon(days_ago: int) -> datetime:
    """Noon where the cases are, that many days ago."""
    day = datetime.now(ZONE).date() - timedelta(days=days_ago)
    return datetime.combine(day, datetime.min.time(), ZONE) + timedelta(hours=12)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("feed")) as opened:
        taken: Any = (("duty", Accept()), ("duty", Dispatch(host=LABOUR)), ("labour_handler", Claim()))
        closed: Any = (*taken, ("labour_handler", Complete(result="已办")), ("reviewer", PassReview()))
        for _ in range(6):
            await opened.past(noon(3), *closed, title=TITLE)
        for _ in range(2):
            await opened.past(noon(1), *taken, title=TITLE)
        await opened.past(datetime.now(UTC), title=TITLE)
        yield opened


async def all_days(harness: ApiHarness, **params: Any) -> tuple[list[Any], str]:
    """Every row, page by page, and the cursor that waits for the next day."""
    rows: list[Any] = []
    given = params
    while True:
        page = await harness.get("supervisor", "/feed/days", **given)
        jsonschema.validate(page, {"$ref": "#/$defs/Days", **json.loads(SCHEMA.read_text())})
        rows += page["rows"]
        if not page["more"]:
            return rows, page["next_cursor"]
        given = {name: value for name, value in params.items() if name != "since"} | {"cursor": page["next_cursor"]}


async def test_the_schema_in_the_docs_is_that_of_the_documents() -> None:
    """After a change: `python -c "import json; from services.feed.views import json_schema as s;
    print(json.dumps(s(), indent=1, ensure_ascii=False))" > docs/feed.schema.json`."""
    assert json.loads(SCHEMA.read_text()) == json_schema()


async def test_the_days_add_up_to_the_figures_of_the_ranking(harness: ApiHarness) -> None:
    first = noon(5).date()
    rows, _ = await all_days(harness, since=first.isoformat(), days=2)
    assert sorted({row["day"] for row in rows}) == [(first + timedelta(days=n)).isoformat() for n in range(5)]
    own = [row for row in rows if row["code"] == COMMUNITY]
    by_day = {row["day"]: row["figures"] for row in own}
    assert [by_day[noon(n).date().isoformat()]["reported"] for n in (3, 2, 1)] == [6, 0, 2]
    assert by_day[noon(3).date().isoformat()]["closings"] == 6
    whole: Any = {
        "from": datetime.combine(first, datetime.min.time(), ZONE).isoformat(),
        "to": datetime.combine(datetime.now(ZONE).date(), datetime.min.time(), ZONE).isoformat(),
    }
    ranking = await harness.get("supervisor", "/supervision/ranking", **whole)
    rates = {one["key"]: one for one in ranking["totals"]["indicators"]}
    for key in ("handled_rate", "closed_on_time_rate", "accepted_on_time_rate"):
        for side in ("numerator", "denominator"):
            assert sum(row["rates"][key][side] for row in own) == rates[key][side], (key, side)


@pytest.mark.parametrize("by", ["total", "community", "category_group", "category"])
async def test_every_row_is_about_one_thing_and_their_sum_is_all(harness: ApiHarness, by: str) -> None:
    rows, _ = await all_days(harness, by=by, since=noon(3).date().isoformat())
    today = [row for row in rows if row["day"] == noon(3).date().isoformat()]
    assert len({row["code"] for row in today}) == len(today)
    assert sum(row["figures"]["reported"] for row in today) == 6
    assert all(row["name"] for row in today if row["code"] is not None)


async def test_small_counts_of_grids_are_withheld(harness: ApiHarness) -> None:
    rows, _ = await all_days(harness, by="grid", since=noon(3).date().isoformat())
    told = {row["day"]: row for row in rows if row["code"] == GRID}
    assert told[noon(3).date().isoformat()]["figures"]["reported"] == 6
    small = told[noon(1).date().isoformat()]
    assert (small["figures"]["reported"], small["rates"]["accepted_on_time_rate"]["value"]) == (None, None)
    present = await harness.get("supervisor", "/feed/now", by="grid")
    row = next(row for row in present["rows"] if row["code"] == GRID)
    assert (row["open"], {cell["count"] for cell in row["cells"]}) == (None, {None})


async def test_the_present_is_that_of_the_board(harness: ApiHarness) -> None:
    present = await harness.get("supervisor", "/feed/now")
    jsonschema.validate(present, {"$ref": "#/$defs/Present", **json.loads(SCHEMA.read_text())})
    board = await harness.get("supervisor", "/supervision/board")
    rows = {row["unit"]["code"]: row for row in board["rows"]}
    for row in present["rows"]:
        assert row["open"] == rows[row["code"]]["open"]["count"]
        assert row["overdue"] == rows[row["code"]]["overdue"]["count"]
        assert sum(cell["count"] for cell in row["cells"]) == row["open"]
    assert (present["version"], present["zone"]) == ("1.0", "Asia/Shanghai")


async def test_the_cursor_waits_for_the_next_day(harness: ApiHarness) -> None:
    rows, cursor = await all_days(harness, since=noon(2).date().isoformat())
    again = await harness.get("supervisor", "/feed/days", cursor=cursor)
    assert (again["rows"], again["next_cursor"], again["more"]) == ([], cursor, False)
    assert noon(0).date().isoformat() not in {row["day"] for row in rows}


async def test_a_tag_is_that_of_the_numbers(harness: ApiHarness) -> None:
    tag: dict[str, str] = {}
    for path, since in (("/feed/days", noon(3).date().isoformat()), ("/feed/now", None), ("/feed/now.csv", None)):
        params: Any = {} if since is None else {"since": since}
        first = await harness.ask("supervisor", path, **params)
        tag = {"If-None-Match": first.headers["ETag"]}
        second = await harness.ask("supervisor", path, tag, **params)
        assert (second.status_code, second.content, second.headers["ETag"]) == (304, b"", first.headers["ETag"])
    await harness.report(title=TITLE)
    assert (await harness.ask("supervisor", "/feed/now.csv", tag)).status_code == 200


async def test_csv_has_the_same_numbers(harness: ApiHarness) -> None:
    since = noon(3).date().isoformat()
    answer = await harness.ask("supervisor", "/feed/days.csv", since=since, by="grid", days=1)
    page = await harness.get("supervisor", "/feed/days", since=since, by="grid", days=1)
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(rows) == len(page["rows"])
    for row, told in zip(rows, page["rows"], strict=True):
        for key, count in told["figures"].items():
            assert row[key] == ("" if count is None else str(count))
        assert row["closed_rate_denominator"] == str(told["rates"]["closed_rate"]["denominator"])
    assert page["next_cursor"] in answer.headers["Link"]
    present = await harness.ask("supervisor", "/feed/now.csv")
    assert present.text.startswith("code,name,open,overdue,suspended,receive_green,")


async def test_nothing_of_a_person_and_nothing_out_of_scope(harness: ApiHarness) -> None:
    for path in ("/feed/days", "/feed/days.csv", "/feed/now"):
        everything = (await harness.ask("supervisor", path)).text
        assert "1391234" not in everything
        assert "来电" not in everything
        own = (await harness.ask("community_supervisor", path)).text
        assert COMMUNITY in own
        assert OTHER_COMMUNITY not in own
        assert (await harness.ask("worker", path)).status_code == 403
        assert (await harness.http.get(path)).status_code == 401


@pytest.mark.parametrize(
    "params",
    [{"by": "person"}, {"since": "yesterday"}, {"since": "20261101"}, {"days": 0}, {"days": 32}, {"cursor": "x"},
     {"since": "1800-01-01"}, {"places": "1"}, {"since": "2026-01-01", "cursor": "x"}],
)  # fmt: skip
async def test_what_is_misspelled_is_refused(harness: ApiHarness, params: dict[str, Any]) -> None:
    assert (await harness.ask("supervisor", "/feed/days", **params)).status_code == 422
    later: Any = {"since": noon(-3).date().isoformat()}
    assert (await harness.get("supervisor", "/feed/days", **later))["rows"] == []
    assert (await harness.ask("supervisor", "/feed/days", since="9999-12-31")).status_code == 200


def last_month() -> datetime:
    """Noon of a day of the last month, and so before every other case here."""
    first = datetime.now(ZONE).replace(day=1, hour=12, minute=0, second=0, microsecond=0)
    return first - timedelta(days=15)


async def test_answers_are_counted_by_month_without_small_counts(harness: ApiHarness) -> None:
    """Seven smell of eggs, five of something sour, of whom one answers both; two of gas; all but one feel well."""
    smells = [["egg"]] * 6 + [["egg", "sour"]] + [["sour"]] * 4 + [["gas"]] * 2
    for place, smell in enumerate(smells):
        answers = {"smell": smell, "still": ["yes" if place == 0 else "no"], "who": ["老人 13912345678"]}
        await harness.past(last_month(), category="0301", answers=answers)
    page = await harness.get("supervisor", "/feed/answers")
    jsonschema.validate(page, {"$ref": "#/$defs/Answers", **json.loads(SCHEMA.read_text())})
    assert page["month"] == f"{last_month():%Y-%m}"
    told = {row["question"]: row for row in page["rows"]}
    counts = {code: {one["key"]: one["count"] for one in row["choices"]} for code, row in told.items()}
    # Two is withheld, and the next smallest beside it, so that the sum does not tell it.
    assert counts == {"smell": {"sour": None, "egg": 7, "gas": None}, "still": {"yes": None, "no": None}}
    assert (told["smell"]["answered"], told["smell"]["text"]) == (13, "什么气味")
    table = (await harness.ask("supervisor", "/feed/answers.csv", month=page["month"])).text
    assert "0301,废气,smell,什么气味,egg,臭鸡蛋味,7,13" in table
    assert "0301,废气,smell,什么气味,gas,煤气味,,13" in table
    assert "老人" not in table
    month = (last_month().replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    assert (await harness.get("supervisor", "/feed/answers", month=month))["rows"] == []
    for wrong in (f"{datetime.now(ZONE):%Y-%m}", "2026-13", "0001-01", "yesterday"):
        assert (await harness.ask("supervisor", "/feed/answers", month=wrong)).status_code == 422
    assert (await harness.ask("worker", "/feed/answers")).status_code == 403
