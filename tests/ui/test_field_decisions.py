"""Decisions on the phone: an extension, a return, a suspension is granted or refused, with what was asked in view."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from tests.ui.checks import check_layout, check_screen, screenshot
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.phone import AWAY, open_phone
from tests.ui.site import Site
from tests.ui.test_act_links import ANDROID, link_to
from tests.ui.test_field_tasks import fire_case, until_kept, wait_until_sent

SHANGHAI = ZoneInfo("Asia/Shanghai")
WHY = "等待消防设备到货"


def asked(site: Site, what: str, days: int = 10) -> str:
    """A case about which somebody asks for something."""
    if what == "reopen":
        case_no = site.report()
        site.do("duty", case_no, "reject", reason="不属于本园", right_channel="12345")
        site.do("worker", case_no, "request_reopen", reason=WHY)
        return case_no
    case_no = fire_case(site)
    if what == "void":
        site.do("duty", case_no, "void", reason=WHY)
    elif what == "return":
        site.do("fire_handler", case_no, "return", reason=WHY)
    else:
        until = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        site.do("fire_handler", case_no, f"request_{what}", reason=WHY, until=until)
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


def test_the_link_of_a_message_opens_the_decision(open_page: OpenPage, site: Site) -> None:
    """One phone for each of the two who decide; the screens of one kind of decision are looked at by axe."""
    pages: dict[str, Page] = {}
    for what, who, act, then in (
        ("extension", "duty", "grant_extension", "extension_granted"),
        ("return", "duty", "grant_return", "return_granted"),
        ("suspension", "supervisor", "grant_suspension", "suspension_granted"),
        ("reopen", "supervisor", "grant_reopen", "reopened"),
        ("void", "supervisor", "void", "closed"),
    ):
        case_no = asked(site, what)
        if who not in pages:
            pages[who] = open_page(who, viewport=PHONE, user_agent=ANDROID, is_mobile=True, service_workers="allow")
        page = pages[who]
        page.goto(link_to(site, case_no, act, who))
        expect(page).to_have_url(f"{site.url}/m/#/task/{case_no}/{act}")
        expect(page.locator("main")).to_contain_text(WHY)
        expect(page.locator("main")).to_contain_text("答复期限")
        (check_screen if what in ("extension", "void") else check_layout)(page, least=44)
        screenshot(page, f"field-decide-{what}")
        if what == "void":
            page.get_by_label("理由").fill("重复登记")
        submit(page)
        wait_until_sent(page)
        assert last(site, case_no)[0] == then


def test_who_may_not_decide_is_told_who_does(open_page: OpenPage, site: Site) -> None:
    """Voiding is offered as a decision only."""
    case_no = asked(site, "suspension")
    page = open_phone(open_page, "duty", f"/m/#/task/{fire_case(site)}")
    expect(page.get_by_role("link", name="批注")).to_be_visible()
    expect(page.get_by_role("link", name="作废")).to_have_count(0)
    page.goto(f"/m/#/task/{case_no}")
    expect(page.locator("main")).to_contain_text("挂账: 该申请须由督查员批准。")
    expect(page.get_by_role("link", name="同意挂账")).to_have_count(0)
    check_screen(page, least=44)
    page = open_phone(open_page, "supervisor", f"/m/#/task/{case_no}")
    expect(page.get_by_role("link", name="同意挂账", exact=True)).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("须由督查员批准")


def test_it_is_refused_with_a_reason(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page, "duty")
    for what, reason in (("extension", "理由不充分"), ("return", "请先到现场核实")):
        case_no = asked(site, what)
        page.goto(f"/m/#/task/{case_no}/grant_{what}")
        page.get_by_role("button", name="不同意").click()
        expect(page.locator("main")).to_contain_text(WHY)
        submit(page)
        expect(page.get_by_role("alert")).to_contain_text("填写理由")
        page.get_by_role("button", name=reason).click()
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


def test_what_is_not_theirs_to_do_is_said_in_words(open_page: OpenPage, site: Site) -> None:
    case_no = fire_case(site)
    page = open_phone(open_page, "fire_handler_2", f"/m/#/task/{case_no}/request_extension", expect=("403",))
    page.get_by_label("延期至").fill(local(5))
    page.get_by_label("理由").fill(WHY)
    site.do("fire_handler", case_no, "claim")
    submit(page)
    page.goto("/m/#/outbox")
    refused = page.locator(".item-rejected")
    expect(refused).to_contain_text("您无权执行")
    expect(refused).to_contain_text("没有生效:您没有这项权限")
    expect(refused).not_to_contain_text("案件在此期间已有变化")
