"""What people type, at the doors: the same forms count as the same, and a refusal says which field and what to do."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text

from infra.keys.sealing import Contact
from infra.store.reporters import read_contact
from tests.api.harness import WAGES, ApiHarness, open_harness
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: What shows as nothing: no reason for anything.
NOTHING = ["", "  ", "\u3000", "\u200b\u2060", "\u3164", "\u2800", "\u202e\u202c", "\ufe0f", "\u0301", "\u00ad"]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("typed")) as opened:
        yield opened


def refused(answer: Any) -> tuple[int, str, str]:
    problem = answer.json()
    return answer.status_code, problem["errors"][0]["pointer"], problem["detail"]


async def test_a_report_is_stored_in_one_form(harness: ApiHarness) -> None:
    typed: dict[str, Any] = {
        **WAGES, "title": " 井盖\u200b丢失\r\n\u3000２处 ", 
        "description": "第一行\r\n\r\n\r\n\r\n第二行，见照片 \u202e",
        "grid": "\u202a" + WAGES["grid"].translate({ord("0") + n: 0xFF10 + n for n in range(10)}),
        "reporter": {"name": "\u2068李\u200b四\u2069", "phone": "（010）6552—9988 转 801"},
    }  # fmt: skip
    case = await harness.report(**typed)
    assert (case["title"], case["description"]) == ("井盖丢失 2处", "第一行\n\n第二行，见照片")
    assert case["grid"]["code"] == WAGES["grid"]
    async with harness.engine.connect() as connection:
        query = text("SELECT reporter_ref FROM cases WHERE case_no = :no")
        reference = await connection.scalar(query, {"no": case["case_no"]})
        assert await read_contact(connection, reference) == Contact("李四", "01065529988转801")
    wide = "".join(chr(0xFEE0 + ord(digit)) for digit in case["case_no"])
    assert (await harness.get("duty", f"/cases/{wide}"))["case_no"] == case["case_no"]
    assert (await harness.do("duty", f" {case['case_no']}\u200b", "accept"))["stage"] == "dispatch"


async def test_line_breaks_count_once(harness: ApiHarness) -> None:
    longest = "\r\n".join(["长" * 99] * 100) + "长"  # 10,000 with LF, more with CRLF
    case = await harness.report(**{**WAGES, "description": longest})
    assert len(case["description"]) == 10_000


async def test_the_same_report_typed_otherwise_is_the_same(harness: ApiHarness) -> None:
    body = {"report_id": str(uuid4()), **WAGES, "title": "LED灯 不亮"}
    first = await harness.send("worker", "/cases", body)
    again = await harness.send("worker", "/cases", {**body, "title": "ＬＥＤ灯\u3000不亮\u200b"})
    assert (first.status_code, again.status_code) == (201, 200)


@pytest.mark.parametrize("nothing", NOTHING)
async def test_nothing_is_no_reason(harness: ApiHarness, nothing: str) -> None:
    case = await harness.report()
    wants = {"Accept-Language": "zh-CN"}
    reject = await harness.command("duty", case["case_no"], "reject", wants, reason=nothing, right_channel="法院")
    assert refused(reject) == (422, "/reason", "输入有误:理由 不能为空。")
    comment = await harness.command("duty", case["case_no"], "comment", {"Accept-Language": "en"}, note=nothing)
    assert refused(comment) == (422, "/note", "Bad input: note must not be empty.")
    assert (
        await harness.send("worker", "/cases", {**WAGES, "report_id": str(uuid4()), "title": nothing})
    ).status_code == 422


@pytest.mark.parametrize("sign", ["\x1b", "\x07", "\x08", "\x00", "\x9b", "\ufffe"])
async def test_control_characters_are_refused(harness: ApiHarness, sign: str) -> None:
    body = {**WAGES, "report_id": str(uuid4()), "title": f"井{sign}盖"}
    answer = await harness.send("worker", "/cases", body)
    assert refused(answer)[:2] == (422, "/title")
    assert f"标题 第 2 个字符是控制字符(U+{ord(sign):04X}),请删去后重填" in refused(answer)[2]


@pytest.mark.parametrize("phone", ["110", "1380013800O", "1.38E+10", "没有"])
async def test_what_is_no_number_is_refused_in_words(harness: ApiHarness, phone: str) -> None:
    body = {**WAGES, "report_id": str(uuid4()), "reporter": {"phone": phone}}
    status, pointer, detail = refused(await harness.send("reporter", "/cases", body))
    assert (status, pointer) == (422, "/reporter/phone")
    assert detail.startswith("输入有误:联系电话 须为电话号码")
    assert "^" not in detail


async def test_a_code_is_told_without_its_pattern(harness: ApiHarness) -> None:
    case = await harness.report()
    answer = await harness.command(
        "duty", case["case_no"], "merge", {"Accept-Language": "en"}, into="1301 号", reason="x"
    )
    status, pointer, detail = refused(answer)
    assert (status, pointer) == (422, "/into")
    assert detail.startswith("Bad input: lead case must be a code")
