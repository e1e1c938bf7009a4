"""States common to all desk pages: no network, a slow server, a new notice."""

import re
from datetime import UTC, datetime

from playwright.sync_api import Page, Route, expect
from sqlalchemy import text

from tests.builders import person_id
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import OpenPage
from tests.ui.phone import AWAY
from tests.ui.site import Site
from tests.ui.test_live import wait_for_stream


def insert_notice(site: Site, case_no: str, username: str) -> None:
    """Insert a notice of the case's first fact for that person, as a ladder would, and signal a change of the case."""

    async def insert() -> None:
        async with site.harness.engine.begin() as connection:
            await connection.execute(
                text(
                    "INSERT INTO notices (report_id, seq, receiver, person, mode, at)"
                    " SELECT report_id, 1, :receiver, :person, 'inform', :now FROM cases WHERE case_no = :no"
                ),
                {"receiver": username, "person": person_id(username), "now": datetime.now(UTC), "no": case_no},
            )

    site.run(insert())
    site.do("duty", case_no, "comment", note="请知悉")


#: Notes the revisions of cases as they arrive by the stream.
_HEAR = """() => {
  window.heard = {};
  document.getElementById('live').addEventListener('case', (event) => {
    const { case_no, revision } = JSON.parse(event.detail.data);
    window.heard[case_no] = revision;
  });
}"""


def refresh_bell(page: Page, site: Site, case_no: str) -> None:
    """Wait until the page has heard of all that happened to the case, and move its time on to the bell's next look."""
    revision = site.run(site.harness.get("admin", f"/cases/{case_no}"))["revision"]
    page.wait_for_function("([no, revision]) => window.heard[no] >= revision", arg=[case_no, revision])
    page.clock.fast_forward(5_000)


def set_quiet(page: Page, on: bool) -> None:
    """Set quiet hours for the whole day except one minute that is far from now."""
    page.goto("/settings")
    page.get_by_label("每天在这段时间不提醒").set_checked(on)
    far = (datetime.now(UTC).hour + 8 + 12) % 24
    page.locator("[name=quiet_since]").fill(f"{far:02d}:01")
    page.locator("[name=quiet_until]").fill(f"{far:02d}:00")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".notice.good")).to_be_visible()


def test_without_a_network_the_page_is_for_reading(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    page = open_page("labour_handler", expect=AWAY)
    for lang, told in (("en", "nothing was sent"), ("zh", "没有提交")):
        page.goto(f"/cases/{no}?act=comment&lang={lang}")
        expect(page.locator("#away")).to_be_hidden()
        page.locator("#form-comment textarea").fill("写到一半")
        page.context.set_offline(True)
        expect(page.locator("#away")).to_be_visible()
        check_screen(page)
        screenshot(page, f"case-offline-{lang}")
        page.locator("#form-comment [data-send]").click()
        expect(page.locator(".toast")).to_contain_text(told)
        expect(page.locator("#form-comment textarea")).to_have_value("写到一半")
        assert "commented" not in site.run(site.harness.kinds(no))
        page.context.set_offline(False)
        expect(page.locator("#away")).to_be_hidden()
    page.locator("#form-comment [data-send]").click()
    expect(page.locator("[data-receipt]")).to_be_visible()
    assert site.run(site.harness.kinds(no))[-1] == "commented"


def test_without_a_network_a_list_stays(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    # The only row is at the top, where no message covers it.
    page = open_page("labour_handler", f"/queue?q={no}", expect=("ERR_INTERNET_DISCONNECTED",))
    link = page.locator(f"#rows [data-case='{no}'] [data-preview]")
    expect(link).to_be_visible()
    page.context.set_offline(True)
    link.click()
    expect(page.locator(".toast")).to_contain_text("没有取到")
    page.locator("#filters [type=search]").fill("别的")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_have_count(2)
    expect(link).to_be_visible()
    page.context.set_offline(False)
    link.click()
    expect(page.locator("#preview")).to_contain_text(no)


def test_a_command_that_takes_long_is_said_to_go_on(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    page = open_page("labour_handler")
    page.clock.install()
    page.goto(f"/cases/{no}?act=comment")
    expect(page.locator("#slow")).to_be_hidden()
    held: list[Route] = []
    expect(page.locator("html")).to_have_class("js")
    page.route(re.compile("/commands/comment"), lambda route: held.append(route))
    page.locator("#form-comment textarea").fill("慢慢来")
    page.locator("#form-comment [data-send]").click()
    expect(page.locator("html")).to_have_class(re.compile("is-busy"))
    expect(page.locator("#slow")).to_be_hidden()
    page.clock.fast_forward(8_500)
    expect(page.locator("#slow")).to_be_visible()
    expect(page.locator("#slow a")).to_have_attribute("href", "/queue?tab=done")
    screenshot(page, "case-slow")
    held[0].continue_()
    expect(page.locator("[data-receipt]")).to_be_visible()
    expect(page.locator("#slow")).to_be_hidden()


def test_the_bell_counts_along_and_tells_in_quiet_hours_of_what_is_urgent(open_page: OpenPage, site: Site) -> None:
    page = open_page("community_supervisor", "/settings", expect=("422",))
    page.get_by_label("每天在这段时间不提醒").check()
    page.locator("[name=quiet_since]").fill("07:00")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("main")).to_contain_text("免打扰时段须有不同的开始和结束时间")
    set_quiet(page, True)
    expect(page.locator("[name=quiet_since]")).not_to_have_value("22:00")
    listening_page = open_page("community_supervisor")
    listening_page.clock.install()
    listening_page.goto("/queue")
    wait_for_stream(listening_page).evaluate(_HEAR)
    silent = site.report()
    insert_notice(site, silent, "community_supervisor")
    refresh_bell(listening_page, site, silent)
    bell = listening_page.locator("#bell")
    expect(bell).to_have_attribute("title", re.compile(r"通知,[1-9]\d* 条未读 · 免打扰至 \d\d:00"))
    expect(bell.locator(".badge")).to_have_count(0)
    expect(listening_page.locator(".toast")).to_have_count(0)
    # Urgent notices call in quiet hours as well.
    urgent = site.report(severity="urgent")
    insert_notice(site, urgent, "community_supervisor")
    refresh_bell(listening_page, site, urgent)
    expect(bell.locator(".badge")).to_have_text("1")
    expect(listening_page.locator(".toast")).to_contain_text("有新通知")
    set_quiet(page, False)
    expect(page.locator("#bell .badge")).not_to_have_text("1")
