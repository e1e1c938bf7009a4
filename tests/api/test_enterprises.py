"""Enterprises through the API: the register by form and file, suggestions, colours, and who sees what of them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import openpyxl
import pytest
import pytest_asyncio

from models.credit_code import check_character
from tests.api.harness import WAGES, ApiHarness, open_harness
from tests.builders import GRID, MICRO, OTHER_GRID
from tests.rules.lives import SHANGHAI
from tests.servers import Servers
from tests.services.matters.hall import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("enterprises")) as opened:
        yield opened


def credit_code(number: int) -> str:
    first = f"91130100MB0{number:06d}"
    return first + check_character(first)


async def load(
    harness: ApiHarness, content: bytes, name: str = "名册.csv", username: str = "duty", **params: Any
) -> Any:
    return await harness.http.post(
        "/enterprises/import", params={"name": name, **params}, files={"file": (name, content)},
        headers=harness.signed_in(username),
    )  # fmt: skip


async def becomes(harness: ApiHarness, code: str, colour: str) -> Any:
    """Wait until the computed colour is that."""

    async def is_so() -> bool:
        return bool((await harness.get("admin", f"/enterprises/{code}/colour"))["colour"] == colour)

    await eventually(is_so)
    return await harness.get("admin", f"/enterprises/{code}/colour")


# --- the register from a file -----------------------------------------------------------------------------------------

HEADER = "统一社会信用代码,企业名称,网格,规模,行业,用工人数,班次,开工日,车间,安全负责人,安全负责人电话,志愿者"


async def test_each_line_has_its_outcome_and_sent_again_nothing_changes(harness: ApiHarness) -> None:
    good, wrong = credit_code(10), credit_code(11)
    wrong = wrong[:-1] + ("0" if wrong[-1] != "0" else "1")
    lines = [
        HEADER,
        f"{good.lower()},天成印染有限公司,{GRID},规上,印染,320,早班 08:00-20:00;晚班 20:00-08:00,全年无休,"
        "W1 染色车间,王安,0311-85550001,worker",
        f"{wrong},错码公司,{GRID},,,,,,,,,",
        f"{good},同码公司,{GRID},,,,,,,,,",
        f"{credit_code(12)},无此网格公司,999,,,,,,,,,",
        f"{credit_code(13)},无此人公司,{GRID},,,,,,,,,nobody",
        f"{credit_code(14)},班次不清公司,{GRID},,,,早班8点,,,,,",
        f"{credit_code(15)},人数不清公司,{GRID},,,很多,,,,,,",
        f"12345,短码公司,{GRID},,,,,,,,,",
        f"{credit_code(16)},本园外公司,{OTHER_GRID},,,,,,,,,",
    ]
    content = "\n".join(lines).encode("gb18030")
    tried = (await load(harness, content, dry_run="true")).json()
    assert tried["counts"] == {"would": 1, "rejected": 8}
    answer = (await load(harness, content)).json()
    assert answer["counts"] == {"registered": 1, "rejected": 8}
    told = {one["line"]: one["zh"] for one in answer["outcomes"]}
    assert [told[line] for line in (3, 4, 5, 6, 7, 9)] == [
        f"统一社会信用代码的校验位“{wrong[-1]}”不对,请核对是否抄错",
        "与第 2 行的信用代码相同",
        "没有网格 999,或已停用。",
        "没有人员 nobody,或其不能承担此事。",
        "班次“早班8点”应写作 早班 08:00-20:00",
        "统一社会信用代码须为 18 位,实有 5 位",
    ]
    assert told[8].startswith("用工人数: ")
    again = (await load(harness, content)).json()
    assert again["counts"] == {"known": 1, "rejected": 8}
    found = await harness.get("duty", f"/enterprises/{good}")
    assert (found["name"], found["details"]["size"], found["details"]["work_rule"]) == (
        "天成印染有限公司", "above_scale", "every_day",
    )  # fmt: skip
    assert [shift["name"] for shift in found["details"]["shifts"]] == ["早班", "晚班"]
    listed = await harness.get("admin", "/enterprises", q="公司", limit=200)
    assert not {credit_code(number) for number in range(11, 17)} & {one["code"] for one in listed["items"]}


async def test_a_workbook_with_english_headers(harness: ApiHarness) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["credit_code", "name", "grid", "lat", "lon", "datum"])
    sheet.append([credit_code(20), "高德坐标公司", MICRO, 38.006, 117.006, "gcj02"])
    written = BytesIO()
    book.save(written)
    answer = (await load(harness, written.getvalue(), "register.xlsx")).json()
    assert answer["counts"] == {"registered": 1}
    place = (await harness.get("duty", f"/enterprises/{credit_code(20)}"))["details"]["location"]
    assert abs(place["lat"] - 38.006) > 0.0005, "converted to WGS 84"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "a.csv"),
        ("企业名称,网格\n甲,1\n".encode(), "a.csv"),
        ("统一社会信用代码,企业名称,网格,别的\nx,y,z,w\n".encode(), "a.csv"),
        (b"\x00\x01", "a.csv"),
        ("统一社会信用代码,企业名称,网格\n".encode(), "a.csv"),
        (b"x", "a.docx"),
    ],
)
async def test_a_file_that_is_no_register_is_refused_whole(harness: ApiHarness, content: bytes, name: str) -> None:
    answer = await load(harness, content, name)
    assert answer.status_code == 422, answer.text


async def test_who_may_load(harness: ApiHarness) -> None:
    content = f"统一社会信用代码,企业名称,网格\n{credit_code(30)},甲公司,{GRID}\n".encode()
    answer = (await load(harness, content, username="worker")).json()
    assert answer["counts"] == {"rejected": 1}
    assert (await harness.http.post("/enterprises/import?name=a.csv")).status_code == 401


# --- suggestions ------------------------------------------------------------------------------------------------------


async def test_suggested_by_words_and_by_place(harness: ApiHarness) -> None:
    near = {"lat": 38.005, "lon": 117.005}
    await harness.enterprise(credit_code(40), name="石家庄鑫宏精密模具有限公司", grid=MICRO, location=near)
    await harness.enterprise(credit_code(41), name="永昌化工有限公司", grid=GRID)

    async def names(**params: Any) -> list[str]:
        return [one["name"] for one in await harness.get("worker", "/enterprises/suggest", limit=50, **params)]

    assert (await names(q="有人反映鑫宏精密半夜排放废气"))[0] == "石家庄鑫宏精密模具有限公司"
    assert (await names(q="永昌"))[0] == "永昌化工有限公司"
    assert (await names(q=credit_code(41)[-6:]))[0] == "永昌化工有限公司"
    assert await names(q="没有这样的企业") == []
    assert (await names(lat=38.0051, lon=117.0051))[0] == "石家庄鑫宏精密模具有限公司"
    found = await harness.get("worker", "/enterprises/suggest", lat=38.0051, lon=117.0051, grid=MICRO)
    assert found[0]["distance"] < 20
    assert "同一网格" in found[0]["why_zh"]
    assert (await harness.ask("worker", "/enterprises/suggest", lat=38.0)).status_code == 422
    assert (await harness.ask("worker", "/enterprises/suggest", wrong=1)).status_code == 422


# --- colours ----------------------------------------------------------------------------------------------------------


async def test_the_colour_is_explained_as_of_any_moment(harness: ApiHarness) -> None:
    code = await harness.enterprise(credit_code(50), name="红牌公司")
    before = datetime.now(UTC)
    case = await harness.report(category="0201", severity="major", enterprise=code)
    assert case["enterprise"] == {"code": code, "name": "红牌公司"}
    red = await becomes(harness, code, "red")
    assert [(line["rule"], line["holds"], line["cases"]) for line in red["lines"]] == [
        ("major-case", True, [case["case_no"]])
    ]
    assert (red["visits"], red["changes"][0]["after"]) == ("weekly", "red")
    then = await harness.get("admin", f"/enterprises/{code}/colour", at=before.isoformat())
    assert (then["colour"], then["lines"], then["changes"]) == ("green", [], [])
    today = await harness.get("admin", f"/enterprises/{code}/colour", at=f"{datetime.now(SHANGHAI):%Y-%m-%d}")
    assert today["colour"] == "red"
    for at in ("2020-01-01", "2099-01-01", "yesterday", "20261101", "2026-11-01T10:00:00", "2026-02-30"):
        assert (await harness.ask("admin", f"/enterprises/{code}/colour", at=at)).status_code == 422, at
    english = await harness.get("admin", f"/enterprises/{code}/colour", {"Accept-Language": "en"})
    assert english["lines"][0]["name"] == "open case of the gravest kind"


async def test_the_figures_open_exactly_what_they_count(harness: ApiHarness) -> None:
    code = await harness.enterprise(credit_code(60), name="人工定色公司")
    until = (datetime.now(SHANGHAI) + timedelta(days=9)).date().isoformat()
    answer = await harness.send(
        "supervisor", f"/enterprises/{code}/commands/override_colour",
        {"colour": "yellow", "until": until, "reason": "约谈"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    counts = await harness.get("admin", "/enterprises/counts")
    assert sum(counts["colours"].values()) == counts["total"]
    for colour, count in counts["colours"].items():
        listed = await harness.get("admin", "/enterprises", colour=colour, limit=200)
        assert listed["total"] == count
        assert {one["details"]["shown_colour"] for one in listed["items"]} <= {colour}
    for name, count in counts["without"].items():
        assert (await harness.get("admin", "/enterprises", without=name))["total"] == count
    assert counts["by_hand"] >= 1
    shown = await harness.get("admin", f"/enterprises/{code}/colour")
    assert (shown["colour"], shown["shown"], shown["override"]["reason"]) == ("green", "yellow", "约谈")
    assert (await harness.ask("admin", "/enterprises", colour="blue")).status_code == 422


# --- who sees what ----------------------------------------------------------------------------------------------------


async def test_those_who_need_not_see_it_see_no_phone_and_no_case(harness: ApiHarness) -> None:
    officer = {"name": "王安", "phone": "0311-85551234"}
    code = await harness.enterprise(credit_code(70), name="电话公司", safety_officer=officer)
    case = await harness.report(category="0201", severity="major", enterprise=code)
    await becomes(harness, code, "red")
    near = await harness.get("worker", f"/enterprises/{code}")
    assert near["details"]["safety_officer"]["phone"] == "031185551234"
    for who in ("fire_handler", "auditor", "other_duty"):
        far = await harness.get(who, f"/enterprises/{code}")
        facts = await harness.get(who, f"/enterprises/{code}/facts")
        assert "031185551234" not in str([far, facts]), who
        assert far["details"]["safety_officer"]["name"] == "王安"
    for who in ("fire_handler", "other_duty"):
        facts = await harness.get(who, f"/enterprises/{code}/facts")
        assert case["case_no"] not in str(facts), who
        explained = await harness.get(who, f"/enterprises/{code}/colour")
        assert case["case_no"] not in str(explained)
        assert explained["lines"][0]["more_cases"] == 1
    assert (await harness.ask("reporter", f"/enterprises/{code}")).status_code == 404
    assert (await harness.get("reporter", "/enterprises"))["total"] == 0


async def test_cases_of_an_enterprise_are_listed_in_scope(harness: ApiHarness) -> None:
    code = await harness.enterprise(credit_code(80), name="清单公司")
    case = await harness.report(category="0201", enterprise=code)
    listed = await harness.get("duty", "/cases", enterprise=code)
    assert [one["case_no"] for one in listed["items"]] == [case["case_no"]]
    assert listed["items"][0]["enterprise"] == {"code": code, "name": "清单公司"}
    assert (await harness.get("fire_handler", "/cases", enterprise=code))["total"] == 0
    assert (await harness.ask("duty", "/cases", enterprise="123")).status_code in (400, 422)


async def test_a_report_about_an_unknown_enterprise_is_refused(harness: ApiHarness) -> None:
    answer = await harness.send("worker", "/cases", {"report_id": str(uuid4()), **WAGES, "enterprise": credit_code(99)})
    assert answer.status_code == 422
    assert "没有登记" in answer.text or "registered" in answer.text
