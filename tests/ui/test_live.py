"""Live updates: rows change in place, new ones wait, the case page is updated, typed text stays."""

import re

from playwright.sync_api import Page, expect

from models.ids import new_id
from tests.ui.conftest import OpenPage
from tests.ui.site import Site


def wait_for_stream(page: Page) -> Page:
    """Wait until the stream of the page is open."""
    expect(page.locator("body")).to_have_attribute("data-live", "stream")
    return page


def test_new_cases_wait_behind_a_pill_and_rows_change_in_place(open_page: OpenPage, site: Site) -> None:
    word = f"直播{str(new_id())[-6:]}"
    first = site.at_handling(title=f"{word} 一")
    page = wait_for_stream(open_page("labour_handler", f"/queue?tab=unclaimed&q={word}"))
    site.at_handling(title=f"{word} 二")
    expect(page.locator("#pill")).to_have_text("1 条新到")
    expect(page.locator("#rows tr[data-case]")).to_have_count(1)
    row = page.locator(f'tr[data-case="{first}"]')
    before = row.get_attribute("data-revision")
    site.do("duty", first, "comment", note="请尽快")
    expect(row).not_to_have_attribute("data-revision", str(before))
    expect(row).to_have_class(re.compile("flash"))
    page.locator("#pill").click()
    expect(page.locator("#rows tr[data-case]")).to_have_count(2)
    expect(page.locator("#pill")).to_be_hidden()


def test_a_case_follows_what_others_do_and_keeps_what_is_typed(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    page = wait_for_stream(open_page("labour_handler", f"/cases/{no}?act=comment"))
    page.locator("#form-comment textarea").fill("写到一半")
    site.do("labour_head", no, "comment", note="注意 <b>安全</b>")
    expect(page.locator("#case-time")).to_contain_text("注意 <b>安全</b>")
    expect(page.locator("#form-comment textarea")).to_have_value("写到一半")
    expect(page.locator("#heard")).to_contain_text("人社负责人")
    page.locator("#form-comment [data-send]").click()
    expect(page.locator("[data-receipt]")).to_be_visible()
    expect(page.locator("#case-time")).to_contain_text("写到一半")


def test_the_tabs_count_along(open_page: OpenPage, site: Site) -> None:
    page = wait_for_stream(open_page("fire_head", "/queue?tab=helping"))
    count = page.get_by_role("link", name=re.compile("^待认领")).locator(".count")
    before = int(count.inner_text())
    site.at_handling(category="0103")
    expect(count).to_have_text(str(before + 1))
