"""Working through cases: filters that apply by themselves, neighbours in a list, the next case, quick choices."""

from datetime import datetime

import pytest
from playwright.sync_api import expect

from models.ids import new_id
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import OpenPage
from tests.ui.site import Site


@pytest.fixture(scope="module")
def word(site: Site) -> str:
    """The word in the titles of three cases that wait at a department."""
    made = f"接着{str(new_id())[-6:]}"
    for n in range(3):
        site.at_handling(title=f"{made} 第{n}件")
    return made


def test_filters_apply_as_they_are_changed(open_page: OpenPage, word: str) -> None:
    page = open_page("labour_handler", "/cases")
    expect(page.locator("#filters button.primary")).to_be_hidden()
    page.get_by_role("searchbox").press_sequentially(word, delay=5)
    rows = page.locator("#rows tr[data-case]")
    expect(rows).to_have_count(3)
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.locator("#filters select[name=stage]").select_option("review")
    expect(page.locator(".empty")).to_be_visible()
    page.go_back()
    expect(rows).to_have_count(3)


def test_filters_work_without_scripts(open_page: OpenPage, word: str) -> None:
    page = open_page("labour_handler", "/cases", java_script_enabled=False)
    page.get_by_role("searchbox").fill(word)
    page.locator("#filters button.primary").click()
    expect(page.locator("#rows tr[data-case]")).to_have_count(3)


def test_a_case_leads_to_its_neighbours_in_the_list(open_page: OpenPage, word: str) -> None:
    page = open_page("labour_handler", f"/cases?q={word}")
    links = page.locator("#rows tr[data-case] th a")
    titles = [text.strip() for text in links.all_inner_texts()]
    page.goto("/cases/" + str(page.locator("#rows tr[data-case]").first.get_attribute("data-case")))
    title = page.locator("#case-title")
    neighbours = page.locator("#neighbours")
    expect(neighbours).to_contain_text("1/3")
    expect(title).to_have_text(titles[0])
    page.keyboard.press("j")
    expect(title).to_have_text(titles[1])
    check_screen(page)
    screenshot(page, "case-neighbours")
    page.keyboard.press("k")
    expect(title).to_have_text(titles[0])
    neighbours.get_by_role("link", name="案件").click()
    expect(page.get_by_role("searchbox")).to_have_value(word)


def test_after_an_action_the_next_case_is_offered(open_page: OpenPage, site: Site, word: str) -> None:
    no = site.at_handling(title=f"{word} 办理")
    page = open_page("labour_handler")
    for language in ("zh", "en"):
        page.goto(f"/cases/{no}?act=comment&lang={language}")
        page.locator("#form-comment textarea").fill("已联系")
        page.locator("#form-comment [data-send]").click()
        following = page.locator("[data-receipt] a[data-key=j]")
        expect(following).to_be_visible()
        expect(following).not_to_have_attribute("href", f"/cases/{no}")
        screenshot(page, f"case-next-{language}")
    page.locator("#case-title").focus()
    page.keyboard.press("j")
    expect(page.locator("#case")).not_to_have_attribute("data-case", no)


def test_dates_and_reasons_are_chosen_at_one_click(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    site.do("labour_handler", no, "claim")
    page = open_page("labour_handler", f"/cases/{no}?act=request_extension&lang=zh")
    form = page.locator("#form-request_extension")
    dates = form.locator('[data-quick="until"] button')
    expect(dates.first).to_contain_text("+1 个工作日")
    check_screen(page)
    screenshot(page, "case-quick")
    dates.first.click()
    chosen = form.locator("[name=until]").input_value()
    due_at = site.run(site.harness.get("labour_handler", f"/cases/{no}"))["due_at"]
    assert datetime.fromisoformat(f"{chosen}+08:00") > datetime.fromisoformat(due_at)
    form.get_by_role("button", name="等待材料或施工").click()
    form.get_by_role("button", name="天气原因").click()
    expect(form.locator("[name=reason]")).to_have_value("等待材料或施工; 天气原因")
    form.locator("[data-send]").click()
    expect(page.locator("#requests")).to_contain_text("延期")
    english = open_page("duty", f"/cases/{site.report()}?act=reject&lang=en", viewport={"width": 1280, "height": 800})
    english.get_by_role("button", name="What was reported does not exist").click()
    expect(english.locator("#form-reject [name=reason]")).to_have_value("What was reported does not exist")
    screenshot(english, "case-quick-en")
