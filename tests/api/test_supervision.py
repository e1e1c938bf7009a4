"""The supervisor's pages over HTTP: their figures open their cases, their scope holds, their workbook is harmless."""

import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pytest
import pytest_asyncio
from sqlalchemy import insert

from infra.database import transaction
from models.commands import (
    Accept,
    Claim,
    Complete,
    Dispatch,
    FailReview,
    GrantSuspension,
    PassReview,
    RequestSuspension,
)
from models.ids import new_id
from models.tables import OrgAlarmRow
from services.files.workbook import escape_cell
from tests.api.harness import ApiHarness, open_harness
from tests.builders import COMMUNITY, GRID, LABOUR, MICRO, MICRO_2, OTHER_COMMUNITY, OTHER_MICRO, OTHER_PARK
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUR = timedelta(hours=1)
ROOT = "/supervision"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    """The tiny park with cases of every kind, some with a title that Excel would run."""
    async with open_harness(servers, tmp_path_factory.mktemp("supervision")) as opened:
        now = datetime.now(UTC)
        accept, to_labour = ("duty", Accept()), ("duty", Dispatch(host=LABOUR))
        claim, complete = ("labour_handler", Claim()), ("labour_handler", Complete(result="已处理"))
        until = now + timedelta(days=9)
        made: tuple[tuple[timedelta, tuple[Any, ...], dict[str, Any]], ...] = (
            (0.1 * HOUR, (), {}),
            (5 * HOUR, (), {"title": "=HYPERLINK(\"http://x\")"}),
            (100 * HOUR, (accept, to_labour, claim), {"title": "-1+cmd", "grid": MICRO_2}),
            (90 * HOUR, (accept, to_labour, claim), {"title": "@sum"}),
            (9 * HOUR, (accept, to_labour,
                        ("labour_handler", RequestSuspension(until=until, reason="等待材料")),
                        ("supervisor", GrantSuspension())), {}),
            (200 * HOUR, (accept, to_labour, claim, complete, ("reviewer", PassReview())), {}),
            (210 * HOUR, (accept, to_labour, claim, complete, ("reviewer", FailReview(reason="未到位")),
                          claim, complete, ("reviewer", PassReview())), {}),
            (150 * HOUR, (("other_duty", Accept()),), {"grid": OTHER_MICRO, "by": "other_duty"}),
        )  # fmt: skip
        for ago, commands, fields in made:
            await opened.past(now - ago, *commands, **fields)
        async with transaction(opened.engine) as connection:
            alarms = [
                {"unit": unit, "role": "grid_worker", "first_at": now - HOUR, "last_at": now, "last_case": new_id(),
                 "times": 2}
                for unit in (MICRO, OTHER_MICRO)
            ]  # fmt: skip
            await connection.execute(insert(OrgAlarmRow), alarms)
        yield opened


async def total(harness: ApiHarness, username: str, href: str) -> int:
    """How many cases a link of a figure opens for that person."""
    answer = await harness.http.get(f"http://gridloop.test{href}", headers=harness.signed_in(username))
    assert answer.status_code == 200, answer.text
    return int(answer.json()["total"])


def links(value: Any) -> list[tuple[int, str]]:
    """Every number with its link."""
    if isinstance(value, list):
        return [pair for each in value for pair in links(each)]
    if not isinstance(value, dict):
        return []
    found = [pair for each in value.values() for pair in links(each)]
    if "denominator_cases" in value:
        return [*found, (value["numerator"], value["cases"]), (value["denominator"], value["denominator_cases"])]
    return [*found, (value["count"], value["cases"])] if "cases" in value else found


@pytest.mark.parametrize(
    ("username", "path"),
    [  # `tests.services.supervision.test_supervision` has every reader with every page
        ("supervisor", "/board"), ("labour_head", "/board"), ("other_duty", "/board"),
        ("community_supervisor", "/ranking?by=grid&from=2026-01-01T00:00:00Z"), ("auditor", "/ranking?by=department"),
        ("labour_head", "/ranking?by=department"),
    ],
)  # fmt: skip
async def test_every_number_opens_exactly_its_cases(harness: ApiHarness, username: str, path: str) -> None:
    page = await harness.get(username, f"{ROOT}{path}") if "?" not in path else await at(harness, username, path)
    found = links(page)
    assert found
    for number, href in found:
        assert await total(harness, username, href) == number, href


async def at(harness: ApiHarness, username: str, path: str) -> Any:
    answer = await harness.http.get(f"{ROOT}{path}", headers=harness.signed_in(username))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_board_counts_what_is_there(harness: ApiHarness) -> None:
    board = await harness.get("supervisor", f"{ROOT}/board")
    assert [row["unit"]["code"] for row in board["rows"]] == [COMMUNITY]
    totals = board["totals"]
    assert (totals["open"]["count"], totals["overdue"]["count"], totals["suspended"]["count"]) == (5, 3, 1)
    assert totals["lights"]["grey"]["count"] == 1
    assert totals["stages"]["handle"]["count"] == 3
    assert [(a["unit"]["code"], a["role"], a["times"]) for a in board["alarms"]] == [(MICRO, "grid_worker", 2)]
    below = await harness.get("supervisor", f"{ROOT}/board", grid=GRID)
    assert [row["unit"]["code"] for row in below["rows"]] == [MICRO, MICRO_2]
    assert [row["overdue"]["count"] for row in below["rows"]] == [2, 1]
    leaf = await harness.get("supervisor", f"{ROOT}/board", grid=MICRO_2)
    assert (leaf["rows"], leaf["totals"]["overdue"]["count"]) == ([], 1)


async def test_everybody_sees_only_their_part(harness: ApiHarness) -> None:
    everything = await harness.get("auditor", f"{ROOT}/overdue")
    park = await harness.get("supervisor", f"{ROOT}/overdue")
    labour = await harness.get("labour_head", f"{ROOT}/overdue")
    assert (everything["total"], park["total"], labour["total"]) == (4, 3, 2)
    assert {row["unit"]["code"] for row in (await harness.get("auditor", f"{ROOT}/board"))["rows"]} == {
        COMMUNITY, OTHER_COMMUNITY,
    }  # fmt: skip


@pytest.mark.parametrize("username", ["worker", "reporter", "volunteer", "labour_handler", "reviewer", "keeper"])
@pytest.mark.parametrize("path", ["/board", "/overdue", "/ranking", "/export.xlsx"])
async def test_who_does_not_supervise_sees_no_figures(harness: ApiHarness, username: str, path: str) -> None:
    answer = await harness.ask(username, f"{ROOT}{path}")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")


@pytest.mark.parametrize("path", ["/board", "/overdue", "/ranking", "/export.xlsx"])
@pytest.mark.parametrize("grid", [OTHER_PARK, OTHER_MICRO, "no-such-unit"])
async def test_a_unit_out_of_scope_does_not_exist(harness: ApiHarness, path: str, grid: str) -> None:
    answer = await harness.ask("supervisor", f"{ROOT}{path}", grid=grid)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("path", "params", "pointer"),
    [
        ("/board", {"grid": "a/b"}, "/query/grid"),
        ("/overdue", {"limit": "0"}, "/query/limit"),
        ("/overdue", {"cursor": "nonsense"}, "/query/cursor"),
        ("/overdue", {"colour": "red"}, "/query/colour"),
        ("/ranking", {"by": "moon"}, "/query/by"),
        ("/ranking", {"from": "yesterday"}, "/query/from"),
        ("/ranking", {"from": "2026-11-02T00:00:00Z", "to": "2026-11-01T00:00:00Z"}, "/query/to"),
        ("/ranking", {"from": "2199-01-01T00:00:00Z"}, "/query/from"),
        ("/ranking", {"least_cases": "-1"}, "/query/least_cases"),
        ("/export.xlsx", {"by": "moon"}, "/query/by"),
    ],
)
async def test_a_bad_parameter_is_named(harness: ApiHarness, path: str, params: dict[str, Any], pointer: str) -> None:
    answer = await harness.ask("auditor", f"{ROOT}{path}", **params)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"figure": "moonshine"}, "/query/figure"),
        ({"from": "2026-11-02T00:00:00Z"}, "/query/figure"),
        ({"figure": "handled", "from": "2026-11-02T00:00:00Z", "to": "2026-11-02T00:00:00Z"}, "/query/to"),
        ({"figure": "overdue", "from": "2026-11-02T00:00:00Z"}, "/query/from"),
        ({"figure": "handled", "from": "2026-11-02"}, "/query/from"),
        ({"handled_by": "me"}, "/query/handled_by"),
    ],
)
async def test_a_list_refuses_a_figure_that_it_cannot_open(
    harness: ApiHarness, params: dict[str, Any], pointer: str
) -> None:
    answer = await harness.ask("auditor", "/cases", **params)
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


async def test_the_audit_says_how_late_and_with_whom(harness: ApiHarness) -> None:
    page = await harness.get("supervisor", f"{ROOT}/overdue", limit=2)
    first, second = page["items"]
    assert (first["title"], second["title"]) == ("-1+cmd", "@sum")
    assert (first["host"], first["host_name"], first["owner"]["kind"]) == (LABOUR, "人社局", "person")
    assert first["late_by"].startswith("PT27H"), "hours of natural time, no days"
    assert first["ladder_step"] == 0
    rest = await harness.get("supervisor", f"{ROOT}/overdue", limit=2, cursor=page["next_cursor"])
    assert [item["title"] for item in rest["items"]] == ['=HYPERLINK("http://x")']
    assert rest["next_cursor"] is None


async def test_the_workbook_has_the_same_numbers_and_runs_nothing(harness: ApiHarness) -> None:
    wanted: dict[str, Any] = {"from": "2026-01-01T00:00:00Z", "by": "department"}
    answer = await harness.ask("supervisor", f"{ROOT}/export.xlsx", {"Accept-Language": "en"}, **wanted)
    assert answer.status_code == 200
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["Board", "Filters", "Overdue", "Ranking", "Departments", "Rates"]
    board = await harness.get("supervisor", f"{ROOT}/board")
    _, totals, community = book["Board"].iter_rows(values_only=True)
    assert totals[2] == board["totals"]["open"]["count"] == 5
    assert community[:3] == (COMMUNITY, "东一社区", 5)
    cells = [cell for row in book["Overdue"].iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    titles = [row[1] for row in book["Overdue"].iter_rows(min_row=2, values_only=True)]
    assert titles == ["'-1+cmd", "'@sum", '\'=HYPERLINK("http://x")']
    ranking = (await harness.get("supervisor", f"{ROOT}/ranking", **wanted))["rows"]
    listed = list(book["Ranking"].iter_rows(min_row=3, values_only=True))
    assert [(row[1], row[3]) for row in listed] == [
        (row["place"]["code"], row["score"]["points"] if row["score"] else "—") for row in ranking
    ]
    assert listed[0][5:8] == tuple(ranking[0]["indicators"][0][name] for name in ("text", "numerator", "denominator"))


async def test_no_workbook_contains_the_reporter(harness: ApiHarness) -> None:
    secret = {"name": "王小明", "phone": "13800001111", "anonymous": False}
    await harness.report("reporter", reporter=secret, category="0390")
    answer = await harness.ask("supervisor", f"{ROOT}/export.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    said = "\n".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    assert not [word for word in ("王小明", "13800001111", "报告人") if word in said]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
async def test_what_a_spreadsheet_would_run_is_kept_as_text(text: str) -> None:
    assert escape_cell(text).startswith("'")
    assert escape_cell("普通 = 文本") == "普通 = 文本"
    assert escape_cell("a\x07b") == "ab"


async def test_the_definitions_say_formula_and_source(harness: ApiHarness) -> None:
    told = await harness.get("supervisor", f"{ROOT}/figures")
    by_key = {indicator["key"]: indicator for indicator in told["indicators"]}
    assert by_key["closed_rate"]["formula"] == "结案 / 应结案"
    assert "金牛" in by_key["rework_rate"]["source"]
    assert by_key["satisfaction_rate"]["source"] == "our choice"
    assert all(figure["means"] for figure in told["figures"])
