"""The pages of hand-overs: receivers, the list of those that need somebody, and the board's count that opens it."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from infra.database import transaction
from tests.builders import COMMUNITY, PARK
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import OpenPage
from tests.ui.site import Site

PARTNER = {"name": "蓝天公司", "department": "labour", "kind": "partner"}
UNKNOWN = "status = 'uncertain', failure = 'too slow', tries = 1"
LATE = "due_at = now() - interval '3 hours', unanswered_at = now() - interval '3 hours'"


@pytest.fixture
def handed_over(site: Site) -> Iterator[tuple[str, str]]:
    """Two cases in the hands of a partner: of one nobody knows whether it has it, of the other it is late."""
    site.run(put_receiver(site, enabled=True))
    unknown, late = site.at_handling(title="转人社系统核查"), site.at_handling(title="转保洁公司清理")
    site.run(set_state(site, unknown, UNKNOWN))
    site.run(set_state(site, late, LATE))
    yield unknown, late
    site.run(put_receiver(site, enabled=False))


async def put_receiver(site: Site, **fields: Any) -> None:
    headers = site.harness.signed_in("admin")
    answer = await site.harness.http.put("/admin/receivers/blue-sky", json={**PARTNER, **fields}, headers=headers)
    assert answer.status_code == 200, answer.text


async def set_state(site: Site, case_no: str, values: str) -> None:
    """Wait until the partner has the case, and leave the hand-over as `values` say."""
    row = "FROM cases c WHERE c.report_id = h.report_id AND c.case_no = :no AND h.status = 'sent' RETURNING h.id"
    async with asyncio.timeout(30):
        while True:
            async with transaction(site.harness.engine) as connection:
                if await connection.scalar(text(f"UPDATE handovers h SET {values} {row}"), {"no": case_no}) is not None:
                    return
            await asyncio.sleep(0.05)


def test_the_count_of_the_board_opens_the_list(site: Site, open_page: OpenPage, handed_over: tuple[str, str]) -> None:
    unknown, late = handed_over
    page = open_page("supervisor", f"/board?grid={COMMUNITY}")
    count = page.get_by_role("link", name=re.compile("需处理"))
    number = int(re.sub(r"\D", "", count.inner_text()))
    assert number >= 2
    screenshot(page, "board-handovers")
    count.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("移交对账")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(number)
    expect(rows.filter(has_text=unknown)).to_contain_text("结果未知,待人工核对")
    expect(rows.filter(has_text=late)).to_contain_text("逾期未答复")
    screenshot(page, "handovers")
    check_screen(page)
    page.get_by_role("link", name="查看全部网格").click()
    expect(page.get_by_role("link", name="查看全部网格")).to_have_count(0)
    expect(rows.filter(has_text=late)).to_be_visible()
    page.get_by_role("button", name=f"确认对方已收到: {unknown}").click()
    expect(page.get_by_text("已处理。")).to_be_visible()
    expect(rows.filter(has_text=unknown)).to_have_count(0)
    page = open_page("supervisor", f"/supervision/handovers?grid={PARK}&lang=en")
    screenshot(page, "handovers-en")


def test_of_a_partner_it_is_said_that_links_were_sent(site: Site, open_page: OpenPage) -> None:
    site.run(put_receiver(site, enabled=True))
    try:
        case_no = site.at_handling(title="转保洁公司清扫")
        site.run(site.harness.until_fact(case_no, "informed"))
    finally:
        site.run(put_receiver(site, enabled=False))
    page = open_page("supervisor", "/supervision/handovers?every=1")
    row = page.locator("tbody tr").filter(has_text=case_no)
    expect(row).to_contain_text("链接已发出")
    expect(row).not_to_contain_text("对方已接收")
    page.goto(f"/cases/{case_no}")
    expect(page.locator("#case-time")).to_contain_text("由受理台转交")


def test_receivers_are_set_by_a_form(site: Site, open_page: OpenPage) -> None:
    page = open_page("admin", "/admin/receivers")
    page.get_by_label("编码", exact=True).fill("blue")
    page.get_by_label("名称").fill("蓝天公司")
    page.locator("select[name=department]").select_option("environment")
    page.get_by_label("种类").select_option("partner")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("code.secret")).to_be_visible()
    screenshot(page, "receivers")
    check_screen(page)


def test_the_settings_of_an_open311_endpoint_are_fields(site: Site, open_page: OpenPage) -> None:
    page = open_page("admin", "/admin/receivers", expect=("422",))
    page.locator("form.settings").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("p[role=alert]")).to_contain_text("编码: ")
    page.get_by_label("编码", exact=True).fill("city311")
    page.locator("form.settings").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("p[role=alert]")).to_have_text("名称: 必填")
    page.get_by_label("名称").fill("市级平台")
    page.get_by_label("种类").select_option("open311")
    page.get_by_label("接收地址").fill("https://311.example.org/v2")
    page.locator("input[name=far_category]").nth(0).fill("02")
    page.locator("input[name=far_code]").nth(0).fill("wages")
    page.get_by_label("每隔多少秒查询一次").fill("600")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("p[role=alert]")).to_have_text("对方服务代码: 必填")  # without a code for all other categories
    expect(page.locator("input[name=far_code]").nth(0)).to_have_value("wages")
    page.locator("input[name=far_service]").fill("other")
    page.locator("input[name=far_category]").nth(1).fill("0301")
    page.locator("input[name=far_code]").nth(1).fill("fire")
    page.get_by_label("对方关闭请求时").select_option("completes")
    page.get_by_label("对方列表显示描述").check()
    page.get_by_label("对方给的 api_key").fill("their-key")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存。")).to_be_visible()
    page.get_by_role("link", name="市级平台").click()
    expect(page.locator("input[name=far_code]").nth(1)).to_have_value("fire")
    screenshot(page, "receivers-open311")
    check_screen(page)
    listed = site.run(site.harness.get("admin", "/admin/receivers"))["items"]
    (stored,) = (one for one in listed if one["code"] == "city311")
    assert stored["receiver"]["open311"] == {
        "jurisdiction": "", "service": "other", "services": {"02": "wages", "0301": "fire"}, "format": "json",
        "lists_marks": True, "updates": True, "closing": "completes", "poll_seconds": 600,
    }  # fmt: skip
    assert stored["receiver"]["answer_hours"] is None
    page.get_by_label("启用").uncheck()
    page.get_by_role("button", name="保存").click()
    expect(page.locator("tr.muted", has_text="市级平台")).to_be_visible()
