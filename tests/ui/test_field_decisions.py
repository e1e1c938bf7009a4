"""Decisions on the phone: an extension, a return, a suspension is granted or refused, with what was asked in view."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.phone import AWAY, open_phone
from tests.ui.site import Site
from tests.ui.test_act_links import ANDROID, link_to
from tests.ui.test_field_tasks import fire_case, until_kept, wait_until_sent

SHANGHAI = ZoneInfo("Asia/Shanghai")
WHY = "等待消防设备到货"


def asked(site: Site, what: str, days: int = 10) -> str:
    """A case whose handler asks for something."""
    case_no = fire_case(site)
    until = {} if what == "return" else {"until": (datetime.now(UTC) + timedelta(days=days)).isoformat()}
    command = what if what == "return" else f"request_{what}"
    site.do("fire_handler", case_no, command, reason=WHY, **until)
    return case_no


def last(site: Site, case_no: str) -> tuple[str, Any]:
    """The kind and the content of the last fact."""
    fact = site.run(site.harness.get("admin", f"/cases/{case_no}/facts"))[-1]
    return fact["kind"], fact["body"]


def local(days: float) -> str:
    """So many days from now, as a control of moments takes it."""
    return (datetime.now(SHANGHAI) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


def submit(page: Page) -> None:
    page.get_by_role("button", name="提交").click()


@pytest.mark.parametrize(
    ("what", "who"), [("extension", "duty"), ("return", "duty"), ("suspension", "supervisor")]
)  # fmt: skip
def test_the_link_of_a_message_opens_the_decision(open_page: OpenPage, site: Site, what: str, who: str) -> None:
    case_no = asked(site, what)
    path = link_to(site, case_no, f"grant_{what}", who)
    page = open_page(who, path, viewport=PHONE, user_agent=ANDROID, is_mobile=True, service_workers="allow")
    expect(page).to_have_url(f"{site.url}/m/#/task/{case_no}/grant_{what}")
    expect(page.locator("main")).to_contain_text(WHY)
    expect(page.locator("main")).to_contain_text("答复期限")
    check_screen(page, least=44)
    screenshot(page, f"field-decide-{what}")
    submit(page)
    wait_until_sent(page)
    assert last(site, case_no)[0] == f"{what}_granted"


@pytest.mark.parametrize("what", ["extension", "return"])
def test_it_is_refused_with_a_reason(open_page: OpenPage, site: Site, what: str) -> None:
    case_no = asked(site, what)
    page = open_phone(open_page, "duty", f"/m/#/task/{case_no}/grant_{what}")
    page.get_by_role("button", name="不同意").click()
    expect(page.locator("main")).to_contain_text(WHY)
    submit(page)
    expect(page.get_by_role("alert")).to_contain_text("填写理由")
    page.get_by_role("button", name="理由不充分" if what == "extension" else "请先到现场核实").click()
    submit(page)
    wait_until_sent(page)
    kind, body = last(site, case_no)
    assert (kind, bool(body["reason"])) == (f"{what}_refused", True)


def test_less_than_was_asked_for_may_be_granted_and_no_more(open_page: OpenPage, site: Site) -> None:
    case_no = asked(site, "suspension")
    page = open_phone(open_page, "supervisor", "/m/")
    expect(page.locator("section", has=page.get_by_role("heading", name="督看与审批"))).to_contain_text(case_no)
    page.goto(f"/m/#/task/{case_no}")
    page.get_by_role("link", name="同意挂账", exact=True).click()
    page.get_by_label("批准挂账至").fill(local(11))
    submit(page)
    expect(page.get_by_role("alert")).to_contain_text("不晚于申请的时间")
    granted = local(5)
    page.get_by_label("批准挂账至").fill(granted)
    page.get_by_label("说明").fill("先批五天")
    until_kept(page, "先批五天", photos=0)
    submit(page)
    wait_until_sent(page)
    kind, body = last(site, case_no)
    assert (kind, body["note"]) == ("suspension_granted", "先批五天")
    assert datetime.fromisoformat(body["until"]).astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M") == granted


def test_a_decision_made_without_a_network_that_comes_too_late_is_explained(open_page: OpenPage, site: Site) -> None:
    case_no = asked(site, "extension")
    page = open_phone(open_page, "duty", f"/m/#/task/{case_no}/refuse_extension", expect=(*AWAY, "409"))
    expect(page.locator("main")).to_contain_text(WHY)
    page.context.set_offline(True)
    page.get_by_label("理由").fill("请按原期限办理")
    submit(page)
    expect(page.get_by_role("button", name="提交")).to_have_count(0)
    site.do("fire_handler", case_no, "retract", request="extension")
    page.goto("/m/#/outbox")
    page.context.set_offline(False)
    refused = page.locator(".item-rejected")
    expect(refused).to_contain_text("没有延期申请", timeout=20_000)
    screenshot(page, "field-decide-late")
    refused.get_by_role("button", name="修改").click()
    expect(page.locator("main")).to_contain_text("这项申请已有结果或已撤回")
    check_screen(page, least=44)
