"""What closed cases suggest while a grid worker types a report: taken by one tap, counted, and silent otherwise."""

import json
from typing import Any

from playwright.sync_api import Page, Request, expect
from sqlalchemy import text

from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import OpenPage
from tests.ui.phone import AWAY, expect_one_case, fill_report, open_phone, open_with_a_clock, take_photo, unique_text
from tests.ui.site import Site

SAID = "雨水口流出彩色废水有泡沫"


def listen(page: Page) -> list[Any]:
    """What the phone asks suggestions for, as it comes."""
    asked: list[Any] = []

    def note(request: Request) -> None:
        if request.url.endswith("/api/v1/suggestions"):
            asked.append(json.loads(request.post_data or "null"))

    page.on("request", note)
    return asked


def card(page: Page) -> Any:
    return page.locator("section", has=page.get_by_role("heading", name="建议类别"))


def uses(site: Site, case_no: str) -> list[tuple[str, str]]:
    """What was suggested for a case, and what was chosen."""

    async def read() -> list[tuple[str, str]]:
        said = "SELECT suggested, chosen FROM suggestion_uses JOIN cases USING (report_id) WHERE case_no = :no"
        async with site.harness.engine.connect() as connection:
            return [(row.suggested, row.chosen) for row in await connection.execute(text(said), {"no": case_no})]

    return site.run(read())


def test_one_tap_takes_the_suggested_category(open_page: OpenPage, site: Site, taught: None) -> None:
    page = open_phone(open_page, path="/m/#/report")
    asked = listen(page)
    expect(page.locator("#place")).to_contain_text("第一微网格 ✓")
    take_photo(page, "拍近景")
    said = f"{SAID} {unique_text()}"
    page.get_by_label("描述").fill(said)
    told = card(page)
    expect(told).to_contain_text("废水直排")
    expect(told.locator("mark").first).to_contain_text("废水")
    expect(told).to_contain_text("次中正确")
    check_screen(page, least=44)
    told.scroll_into_view_if_needed()
    screenshot(page, "field-suggested")
    told.get_by_role("button", name="采用").click()
    expect(told.get_by_role("button")).to_contain_text("已采用")
    expect(page.locator("#category a")).to_have_text("废水直排")
    # There and back: what was asked is not asked again.
    page.locator("#category a").click()
    page.go_back()
    expect(page.locator("#category a")).to_have_text("废水直排")
    page.get_by_role("button", name="提交", exact=True).click()
    number = expect_one_case(page, site, said)
    assert uses(site, number) == [("0302", "0302")]
    assert [one["description"] for one in asked] == [said]


def test_another_category_is_offered_beside_the_one_chosen_by_hand(
    open_page: OpenPage, site: Site, taught: None
) -> None:
    page = open_phone(open_page, path="/m/#/report")
    said = f"{SAID} {unique_text()}"
    fill_report(page, said)
    expect(card(page)).to_contain_text("废水直排 · 现选 欠薪纠纷")
    page.get_by_role("button", name="提交", exact=True).click()
    assert uses(site, expect_one_case(page, site, said)) == [("0302", "0201")]


def test_what_agrees_is_not_said_and_not_counted(open_page: OpenPage, site: Site, taught: None) -> None:
    page = open_phone(open_page, path="/m/#/report")
    said = f"{SAID} {unique_text()}"
    with page.expect_response("**/api/v1/suggestions") as told:
        fill_report(page, said, "废水直排")
    assert told.value.json()["items"][0]["value"] == "0302"
    expect(card(page)).to_have_count(0)
    page.get_by_role("button", name="提交", exact=True).click()
    assert uses(site, expect_one_case(page, site, said)) == []


def test_short_uncertain_or_refused_words_get_nothing(open_page: OpenPage, site: Site, taught: None) -> None:
    page = open_phone(open_page, path="/m/#/report", expect=("429",))
    asked = listen(page)
    text_of = page.get_by_label("描述")
    text_of.fill("废水")
    with page.expect_response("**/api/v1/suggestions") as told:
        text_of.fill("你好你好你好")
    assert told.value.json()["items"] == []
    page.route(
        "**/api/v1/suggestions",
        lambda route: route.fulfill(status=429, headers={"Retry-After": "60"}, json={"code": "too_many_attempts"}),
    )
    with page.expect_response("**/api/v1/suggestions"):
        text_of.fill(SAID)
    page.unroute("**/api/v1/suggestions")
    expect(card(page)).to_have_count(0)
    text_of.fill(f"{SAID},很臭")
    fill_report(page, said := f"{SAID},很臭 {unique_text()}", "废水直排")
    page.get_by_role("button", name="提交", exact=True).click()
    expect_one_case(page, site, said)
    assert [one["description"] for one in asked] == ["你好你好你好", SAID], "asked before the time that the server set"


def test_a_report_made_without_a_network_carries_what_was_shown(open_page: OpenPage, site: Site, taught: None) -> None:
    page = open_phone(open_page, path="/m/#/report", expect=AWAY)
    said = f"{SAID} {unique_text()}"
    fill_report(page, said)
    expect(card(page)).to_contain_text("废水直排")
    page.context.set_offline(True)
    asked = listen(page)
    page.get_by_label("描述").fill(f"{said},有鱼死")
    expect(card(page)).to_have_count(0)
    page.get_by_label("描述").fill(said)
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator(".result-line")).to_have_text("已保存,待上传")
    page.context.set_offline(False)
    assert uses(site, expect_one_case(page, site, said)) == [("0302", "0201")]
    assert asked == []


def test_a_report_is_sent_without_what_the_server_does_not_take(open_page: OpenPage, site: Site, taught: None) -> None:
    """A server of another version, for example: the report goes without the suggestion, and is never lost."""
    page = open_with_a_clock(open_page, expect=("422",))
    said = f"{SAID} {unique_text()}"
    fill_report(page, said)
    expect(card(page)).to_contain_text("废水直排")
    bodies: list[Any] = []

    def refuse_once(route: Any) -> Any:
        if route.request.method != "POST":
            return route.fallback()
        bodies.append(route.request.post_data_json)
        if "suggestion" not in bodies[-1]:
            return route.fallback()
        fault = {"pointer": "/suggestion", "message": "不认识"}
        return route.fulfill(status=422, json={"code": "bad_request_body", "detail": "不认识", "errors": [fault]})

    page.route("**/api/v1/cases", refuse_once)
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_text("等待重试")).to_be_visible()
    page.clock.fast_forward(6_000)
    number = expect_one_case(page, site, said)
    assert ["suggestion" in body for body in bodies] == [True, False]
    assert uses(site, number) == []
