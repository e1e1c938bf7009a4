"""Answers to questions in files: the columns of a table, the members of JSON, personal ones for who reads them."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import openpyxl
import pytest
import pytest_asyncio
from sqlalchemy import text

from infra.database import transaction
from infra.keys.access import keys_of
from infra.keys.ring import create_ring
from models.answers import answers_key
from tests.api.harness import ApiHarness, open_harness
from tests.builders import MICRO
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

GAS = {"category": "0301", "title": "半夜有异味", "grid": MICRO}
SECRET = "老人卧床"
FORMATS = ("csv", "xlsx", "jsonl", "geojson")
ZH = (
    "什么气味", "是否有人不适", "几人不适(人)", "何时开始", "最近一次", "气味来自何处", "家中病人情况", "排气口照片",
    "其他填答",
)  # fmt: skip
EN = (
    "What does it smell of", "Does anybody feel unwell", "How many feel unwell (people)", "Since which day",
    "When last", "Where does it come from", "Who is ill at home", "Photo of the outlet", "other answers",
)  # fmt: skip


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("answers")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def case_no(harness: ApiHarness) -> str:
    """A case that answers everything and is with its department, beside one of a category that asks nothing."""
    await harness.report(title="无问项")
    photo = await harness.upload("worker")
    answers = {
        "smell": ["sour", "egg"], "still": True, "people": 3, "since": "2026-02-28", "seen": "2026-02-28T08:30",
        "where": "=HYPERLINK(1) 13912345678", "who": SECRET, "picture": [photo],
    }  # fmt: skip
    body = {"report_id": str(uuid4()), **GAS, "answers": answers, "attachments": [photo]}
    no = str((await harness.send("worker", "/cases", body)).json()["case_no"])
    await harness.do("duty", no, "accept")
    await harness.do("duty", no, "dispatch", host="environment")
    return no


async def made(harness: ApiHarness, username: str, format_: str, language: str = "zh", **wanted: Any) -> Any:
    """The finished export."""
    body = {"kind": "cases", "format": format_, "cases": wanted}
    told = {"Accept-Language": language}
    asked = await harness.send(username, "/exports", body, told)
    assert asked.status_code == 202, asked.text
    path = f"/exports/{asked.json()['id']}"
    async with asyncio.timeout(60):
        while (done := await harness.get(username, path))["status"] in ("waiting", "making"):
            await asyncio.sleep(0.02)
    return done


async def exported(harness: ApiHarness, username: str, format_: str, language: str = "zh", **wanted: Any) -> Any:
    """The rows of a finished export: of a table its header and cells, else the objects."""
    done = await made(harness, username, format_, language, **wanted)
    assert done["status"] == "done", done
    content = (await harness.ask(username, done["file"].removeprefix("/api/v1"))).content
    if format_ == "csv":
        return list(csv.reader(io.StringIO(content.decode(), newline="")))
    if format_ == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
        return [list(row) for row in sheet.iter_rows(values_only=True)]
    if format_ == "jsonl":
        return [json.loads(line) for line in content.splitlines()]
    return [feature["properties"] for feature in json.loads(content)["features"]]


def with_number(case_no: str, rows: Any) -> tuple[Any, Any]:
    """The columns of answers of a table: their headers, and the cells of one case."""
    header, *cases = rows
    (found,) = (row for row in cases if row[0] == case_no)
    return header[-9:], found[-9:]


@pytest.mark.parametrize("wanted", [{"category": "0301"}, {"category": "03"}, {"answer": ["smell=egg"]}])
async def test_each_question_has_a_column(harness: ApiHarness, case_no: str, wanted: Any) -> None:
    header, row = with_number(case_no, await exported(harness, "duty", "csv", **wanted))
    assert tuple(header) == ZH
    assert row == [
        "酸味、臭鸡蛋味", "是", "3", "2026-02-28", "2026-02-28 08:30", "'=HYPERLINK(1) 139****5678", SECRET,
        "照片 1 张", "",
    ]  # fmt: skip
    header, row = with_number(case_no, await exported(harness, "duty", "xlsx", "en", **wanted))
    assert tuple(header) == EN
    assert row == [
        "sour, rotten egg", "yes", 3, "2026-02-28", "2026-02-28 08:30", "'=HYPERLINK(1) 139****5678", SECRET,
        "1 photo", None,
    ]  # fmt: skip


async def test_an_answer_that_is_asked_no_more_is_in_the_last_column(harness: ApiHarness, case_no: str) -> None:
    """A case keeps its answers when its category changes."""
    body = {"report_id": str(uuid4()), **GAS, "answers": {"smell": "sour", "since": "2026-03-01"}}
    no = (await harness.send("worker", "/cases", body)).json()["case_no"]
    await harness.do("duty", no, "recategorise", category="0302", reason="是废水")
    header, *rows = await exported(harness, "duty", "csv", category="0302")
    told = {row[0]: row[-1] for row in rows}
    assert (header[-1], told[no]) == ("填答", "什么气味:酸味;何时开始:2026-03-01")


@pytest.mark.parametrize("format_", ["jsonl", "geojson"])
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_json_has_codes_and_words(harness: ApiHarness, case_no: str, format_: str, language: str) -> None:
    rows = await exported(harness, "duty", format_, language)
    row = next(row for row in rows if row["case_no"] == case_no)
    names = ("酸味、臭鸡蛋味", "3 人") if language == "zh" else ("sour, rotten egg", "3 people")
    if format_ == "jsonl":
        assert row["answers"]["smell"] == ["sour", "egg"]
        assert (row["answer_words"]["smell"], row["answer_words"]["people"]) == names
        assert row["answers"]["who"] == [SECRET]
        assert next(row for row in rows if row["title"] == "无问项")["answers"] == {}
    else:
        assert row["answers_smell"] == ["sour", "egg"]
        assert (row["answer_words_smell"], row["answer_words_people"]) == names


@pytest.mark.parametrize("format_", FORMATS)
async def test_personal_answers_are_in_the_files_of_those_who_read_them(
    harness: ApiHarness, case_no: str, format_: str
) -> None:
    """As on the page of the case: the desk reads them, the department that handles the case does not."""
    for username, reads in (("duty", True), ("worker", True), ("environment_head", False), ("supervisor", False)):
        rows = str(await exported(harness, username, format_, category="0301"))
        assert case_no in rows
        assert (SECRET in rows, "••••" in rows) == (reads, not reads), username
        assert "13912345678" not in rows


async def test_the_overdue_list_has_them_too(harness: ApiHarness, case_no: str) -> None:
    answer = await harness.ask("supervisor", "/supervision/export.csv", table="overdue")
    (header, *_) = csv.reader(io.StringIO(answer.text, newline=""))
    assert tuple(header[-9:]) == ZH


async def counted(harness: ApiHarness, username: str, language: str = "zh", **wanted: Any) -> dict[str, Any]:
    """The counted questions of a list, by category and code."""
    told = await harness.get(username, "/cases/answers", {"Accept-Language": language}, **wanted)
    return {f"{one['category']} {one['question']}": one for one in told["questions"]}


async def listed(harness: ApiHarness, address: str) -> int:
    """How many cases the list of that address has."""
    query: Any = parse_qs(urlsplit(address).query)
    return int((await harness.get("duty", "/cases", **query))["total"])


async def test_cases_are_counted_by_choice_and_each_number_opens_its_list(harness: ApiHarness, case_no: str) -> None:
    for answers in ({"smell": ["sour"], "still": False}, {"smell": ["egg"], "still": "no"}, {"smell": ["egg"]}):
        await harness.send(
            "worker", "/cases", {"report_id": str(uuid4()), **GAS, "title": "按选项", "answers": answers}
        )
    found = await counted(harness, "duty", q="按选项")
    assert list(found) == ["0301 smell", "0301 still"]
    smell = found["0301 smell"]
    assert (smell["text"], smell["category_name"], smell["answered"]) == ("什么气味", "废气", 3)
    assert {one["name"]: one["chosen"]["count"] for one in smell["choices"]} == {"酸味": 1, "臭鸡蛋味": 2, "煤气味": 0}
    still = (await counted(harness, "duty", "en", q="按选项"))["0301 still"]
    assert {one["name"]: one["chosen"]["count"] for one in still["choices"]} == {"yes": 0, "no": 2}
    everything = await counted(harness, "duty")
    assert "0301 who" not in everything
    for question in [*everything.values(), *found.values()]:
        for one in question["choices"]:
            assert await listed(harness, one["chosen"]["cases"]) == one["chosen"]["count"], one
    narrowed = await counted(harness, "duty", q="按选项", **{"answer[smell]": "egg"})
    addresses = {one["key"]: one["chosen"]["cases"] for one in narrowed["0301 smell"]["choices"]}
    assert addresses["sour"] == ""
    assert await listed(harness, addresses["egg"]) == 2


async def test_the_counts_are_of_the_cases_that_the_reader_sees(harness: ApiHarness, case_no: str) -> None:
    assert await counted(harness, "other_duty") == {}
    assert (await counted(harness, "environment_head"))["0301 smell"]["answered"] == 1
    assert (await harness.ask("duty", "/cases/answers", answer="smell")).status_code == 422
    assert (await harness.ask("duty", "/cases/answers", colour="red")).status_code == 422


@pytest.mark.parametrize("format_", FORMATS)
async def test_a_file_with_personal_answers_that_were_erased_is_not_given_any_more(
    harness: ApiHarness, format_: str
) -> None:
    mark = f"W{uuid4().hex[:8]}"
    secret = f"S{mark}"
    told = {"reporter": {"name": "李某", "phone": "13912345678"}, "answers": {"smell": ["sour"], "who": secret}}
    body = {"report_id": str(uuid4()), **GAS, "title": mark, **told}
    no = (await harness.send("duty", "/cases", body)).json()["case_no"]
    file = (await made(harness, "duty", format_, q=mark))["file"].removeprefix("/api/v1")
    other = (await made(harness, "duty", format_, q="没有这样的案件"))["file"].removeprefix("/api/v1")
    assert (await harness.ask("duty", file)).status_code == 200
    await harness.do("keeper", no, "erase_reporter", reason="本人依法要求删除")
    refused = await harness.ask("duty", file)
    assert (refused.status_code, refused.json()["code"]) == (410, "export_holds_erased")
    assert (await harness.ask("duty", other)).status_code == 200
    again = str(await exported(harness, "duty", format_, category="0301"))
    assert no in again
    assert "已按规定删除" in again
    assert secret not in again


async def test_while_the_keys_are_away_no_file_is_made(harness: ApiHarness, case_no: str) -> None:
    """Neither one without the answers, nor one that calls them hidden. Who reads none needs no key."""
    ring = harness.settings.key_ring
    kept, other = ring.read_bytes(), ring.with_suffix(".other")
    other.unlink(missing_ok=True)
    create_ring(other)
    try:
        for content in (None, other.read_bytes()):
            ring.unlink(missing_ok=True)
            if content is not None:
                ring.write_bytes(content)
            done = await made(harness, "duty", "csv", category="0301")
            assert (done["status"], done["file"]) == ("failed", None)
            assert "密钥" in done["why"]
            assert (await made(harness, "environment_head", "csv", category="0301"))["status"] == "done"
    finally:
        ring.write_bytes(kept)
        other.unlink()
    assert SECRET in str(await exported(harness, "duty", "csv", category="0301"))


async def test_an_answer_whose_key_was_lost_says_so_and_the_others_are_told(harness: ApiHarness, case_no: str) -> None:
    body: dict[str, Any] = {"report_id": str(uuid4()), **GAS, "answers": {"smell": ["sour"], "who": "无钥"}}
    no = (await harness.send("worker", "/cases", body)).json()["case_no"]
    reference = answers_key(UUID(body["report_id"]))
    await keys_of(harness.engine).vault.forget(reference)
    async with transaction(harness.engine) as connection:
        lost = text("UPDATE reporters SET wrapped_key = NULL, key_id = NULL WHERE id = :id")
        await connection.execute(lost, {"id": reference})
    rows = await exported(harness, "duty", "jsonl", category="0301")
    told = {row["case_no"]: row["answer_words"].get("who") for row in rows}
    assert "暂读不出" in told[no]
    assert told[case_no] == SECRET
