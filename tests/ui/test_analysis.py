"""The analysis narrowed to a range of days: by mouse, by keyboard, without scripts; and invalid dates."""

import re
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.ui.checks import check_layout, check_screen, screenshot
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.site import Site


@pytest.fixture(scope="module")
def reported(site: Site) -> str:
    """A case of today: an analysis without it is of other days."""
    return site.report(title="分析用案件")


def shown_days(page: Page) -> tuple[date, date]:
    """The range of days that the page shows."""
    first, last = page.locator("[data-days]").inner_text().split(" … ")
    return date.fromisoformat(first), date.fromisoformat(last)


def address_params(page: Page) -> dict[str, str]:
    """The parameters of the address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def drawn(page: Page) -> Locator:
    chart = page.locator("[data-chart=spans]")
    expect(chart).to_have_attribute("data-drawn", "yes")
    return chart


def drag(page: Page, since: float, until: float) -> tuple[date, date]:
    """Drag over the chart, in fractions of its width. Return the days shown before the button was released."""
    box = drawn(page).bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * since, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * until, middle, steps=4)
    expect(page.locator(".chart-range")).to_have_text(re.compile(r"^\d{4}-\d\d-\d\d … \d{4}-\d\d-\d\d$"))
    first, last = page.locator(".chart-range").inner_text().split(" … ")
    return date.fromisoformat(first), date.fromisoformat(last)


def rows(page: Page, heading: str) -> list[str]:
    """The first column of a chart's table."""
    card = page.locator("section", has=page.get_by_role("heading", name=heading, exact=True))
    card.locator("details").evaluate("details => details.open = true")
    return card.locator("tbody th").all_inner_texts()


def reported_in(page: Page) -> int:
    """The number of reported cases in the table beside the first chart."""
    return sum(int(said) for said in page.locator("section").first.locator("tbody td:nth-child(2)").all_text_contents())


def test_a_range_dragged_over_the_chart_narrows_the_whole_page(open_page: OpenPage, site: Site, reported: str) -> None:
    page = open_page("supervisor", "/analysis")
    whole = shown_days(page)
    assert (whole[1] - whole[0]).days >= 77
    assert reported_in(page) > 0
    expect(page.get_by_text("在图上按住拖过几天")).to_be_visible()
    told = drag(page, 0.4, 0.6)
    screenshot(page, "analysis-range")
    assert 12 <= (told[1] - told[0]).days <= 24
    page.mouse.up()
    expect(page.get_by_role("link", name="回到整个时段")).to_be_visible()
    assert shown_days(page) == told
    assert address_params(page) == {
        "from": f"{told[0]}", "to": f"{told[1]}", "whole_from": f"{whole[0]}", "whole_to": f"{whole[1]}",
    }  # fmt: skip
    # A few days are listed one by one; none of them contains today's case.
    assert rows(page, "每日上报与结案") == [
        f"{told[0] + timedelta(days=n)}" for n in range((told[1] - told[0]).days + 1)
    ]
    assert reported_in(page) == 0
    assert rows(page, "上报最多的小类") == []
    expect(page.get_by_text("这段时间没有上报。")).to_be_visible()
    assert page.locator("section").nth(2).locator("td").all_text_contents() == ["0"] * 168
    assert f"from={told[0]}&to={told[1]}" in str(page.get_by_role("link", name="Excel").get_attribute("href"))
    check_screen(page)
    screenshot(page, "analysis-part")
    narrower = drag(page, 0.5, 0.2)  # from right to left, within the narrowed range
    page.mouse.up()
    expect(page.locator("[data-days]")).to_have_text(f"{narrower[0]} … {narrower[1]}")
    assert told[0] < narrower[0] <= narrower[1] < told[1]
    page.get_by_role("link", name="回到整个时段").click()
    expect(page.locator("[data-days]")).to_have_text(f"{whole[0]} … {whole[1]}")
    expect(page.get_by_role("link", name="回到整个时段")).to_have_count(0)
    assert reported_in(page) > 0


def test_a_click_is_no_range_escape_gives_one_up_and_links_to_cases_are_of_the_part(
    open_page: OpenPage, reported: str
) -> None:
    page = open_page("supervisor", "/analysis")
    drag(page, 0.3, 0.5)
    page.keyboard.press("Escape")
    expect(page.locator(".chart-range")).to_be_hidden()
    page.mouse.up()
    box = drawn(page).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + 60)
    expect(page.locator(".chart-range")).to_be_hidden()
    assert address_params(page) == {}
    (_, today), told = shown_days(page), drag(page, 0.8, 0.999)
    page.mouse.up()
    expect(page.locator("[data-days]")).to_have_text(f"{told[0]} … {told[1]}")
    assert told[1] == today
    count = reported_in(page)
    page.locator("section").first.locator("details summary").click()
    link = page.get_by_role("row").filter(has_text=f"{today}").get_by_role("link").first
    number = int(link.inner_text())
    assert 0 < number <= count
    link.click()
    expect(page).to_have_url(re.compile(r"/cases\?figure=reported&from="))
    since = address_params(page)["from"]
    assert since == f"{today - timedelta(days=1)}T16:00:00Z"  # local midnight of the cases


def test_by_keyboard_the_days_are_typed_with_scripts_and_without(open_page: OpenPage, reported: str) -> None:
    for scripts in (True, False):
        page = open_page("supervisor", "/analysis", java_script_enabled=scripts)
        whole = shown_days(page)
        first, last = whole[0] + timedelta(days=7), whole[0] + timedelta(days=20)
        page.get_by_label("自", exact=True).focus()
        for field, day in (("自", first), ("至", last)):
            expect(page.get_by_label(field, exact=True)).to_be_visible()
            page.get_by_label(field, exact=True).fill(f"{day}")
        page.keyboard.press("Enter")
        expect(page.locator("[data-days]")).to_have_text(f"{first} … {last}")
        assert (address_params(page)["from"], address_params(page)["to"]) == (f"{first}", f"{last}")
        back = page.get_by_role("link", name="回到整个时段")
        back.focus()
        page.keyboard.press("Enter")
        expect(page.locator("[data-days]")).to_have_text(f"{whole[0]} … {whole[1]}")


def test_days_that_are_none_are_told_and_can_be_put_right(open_page: OpenPage, reported: str) -> None:
    """Days beyond the whole are no fault, but a period of their own."""
    page = open_page("supervisor", expect=("422",))
    for query, field, told in (
        ("from=2026-11-20&to=2026-11-10", "自", "起始日 2026-11-20 晚于截止日 2026-11-10。"),
        ("from=2026-02-30", "自", "“2026-02-30”不是日期"),
        ("from=2020-01-01&to=2026-11-10", "自", "一次最多看 800 天"),
        ("from=2026-11-01&to=%3Cb%3Ex", "至", "“<b>x”不是日期"),
    ):
        page.goto(f"/analysis?{query}")
        expect(page.get_by_role("alert").filter(has_text="没有分析")).to_contain_text(told)
        wrong = page.get_by_label(field)
        expect(wrong).to_have_attribute("aria-invalid", "true")
        expect(page.locator(f"#{wrong.get_attribute('aria-describedby')}")).to_contain_text(told)
        expect(page.locator("[data-chart]")).to_have_count(0)
    check_screen(page)
    screenshot(page, "analysis-wrong")
    page.get_by_label("自").fill("2026-11-01")
    page.get_by_label("至").fill("2026-11-10")
    page.get_by_role("button", name="查看").click()
    expect(page.locator("[data-chart]").first).to_be_visible()
    assert shown_days(page) == (date(2026, 11, 1), date(2026, 11, 10))
    page.goto("/analysis?from=2026-05-01&to=2026-05-20&whole_from=2026-05-05&whole_to=2026-06-01")
    assert shown_days(page) == (date(2026, 5, 1), date(2026, 5, 20))
    expect(page.get_by_role("link", name="回到整个时段")).to_have_count(0)


def test_a_workbook_of_days_that_are_none_is_refused(site: Site) -> None:
    cookies = {"gridloop_session": site.token("supervisor")}
    answer = httpx.get(f"{site.url}/analysis.xlsx?from=2026-11-20&to=2026-11-10", cookies=cookies)
    assert answer.status_code == 422
    assert "晚于截止日" in answer.text


def test_a_part_fits_a_phone_and_large_type(open_page: OpenPage, site: Site) -> None:
    page = open_page("supervisor", viewport=PHONE)
    for lang, check in (("en", check_screen), ("zh", check_layout)):
        page.context.add_cookies([{"name": "gridloop_prefs", "value": f"lang={lang}&large=1&keys=1", "url": site.url}])
        page.goto("/analysis?from=2026-10-01&to=2026-10-20&whole_from=2026-09-07&whole_to=2026-11-20")
        drawn(page)
        check(page, least=60)
        screenshot(page, f"analysis-part-phone-{lang}")


def test_answers_are_counted_by_choice_and_open_their_lists(open_page: OpenPage, site: Site) -> None:
    for smell in (["egg"], ["sour", "egg"]):
        site.report(category="0301", title="统计用废气", answers={"smell": smell, "still": False})
    page = open_page("supervisor", "/analysis")
    card = page.locator("section", has=page.get_by_role("heading", name="问项填答", exact=True))
    asked = card.locator("tbody").filter(has_text="什么气味")
    row = asked.get_by_role("row").filter(has_text="臭鸡蛋味")
    counted = int(row.locator("td").nth(1).inner_text())
    assert counted >= 2
    expect(row.locator("svg.bar")).to_have_count(1)
    check_screen(page)
    screenshot(page, "analysis-answers")
    row.get_by_role("link").click()
    expect(page.locator("main")).to_contain_text("统计用废气")
    assert page.locator("main tbody tr").count() == counted
