"""The desk by keyboard alone: find, open, claim, comment, complete; shortcuts are off while the user types."""

import re

from playwright.sync_api import expect

from models.ids import new_id
from tests.builders import person_id
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import OpenPage
from tests.ui.site import Site


def test_a_case_is_done_by_keys_alone(open_page: OpenPage, site: Site) -> None:
    word = f"键{str(new_id())[-6:]}"
    first, second = (site.at_handling(title=f"{word} {n}") for n in range(2))
    page = open_page("labour_handler", "/queue")
    page.keyboard.press("/")
    page.keyboard.type(word)
    page.keyboard.press("Enter")
    expect(page.locator("#rows tr[data-case]")).to_have_count(2)
    expect(page.locator("body")).to_have_attribute("data-live", "stream")
    page.keyboard.press("j")
    expect(page.locator("tr.current")).to_have_attribute("data-case", first)
    page.keyboard.press("j")
    expect(page.locator("tr.current")).to_have_attribute("data-case", second)
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("#ticked")).to_have_text("1")
    page.keyboard.press("Space")
    expect(page.locator("#preview")).to_contain_text(word)
    page.keyboard.press("Escape")
    expect(page.locator("#preview")).to_be_empty()
    page.keyboard.press("c")
    expect(page.locator("[data-outcome]")).to_contain_text("1 件成功")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(first))
    expect(page.locator("body")).to_have_attribute("data-live", "stream")
    page.keyboard.press("n")
    expect(page.locator("#form-comment textarea")).to_be_focused()
    page.keyboard.type("c f n 都只是字")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#case-time")).to_contain_text("c f n 都只是字")
    expect(page.locator("#case-title")).to_be_focused()
    page.keyboard.press("f")
    expect(page.locator("#form-complete [name=result]")).to_be_focused()
    page.keyboard.type("已解决")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".steps .now")).to_contain_text("核查")
    page.keyboard.press("g")
    page.keyboard.press("q")
    expect(page).to_have_url(re.compile("/queue"))


def test_the_key_sheet_opens_and_the_palette_finds_a_case(open_page: OpenPage, site: Site) -> None:
    word = f"面板{str(new_id())[-6:]}"
    no = site.at_handling(title=word)
    page = open_page("labour_handler", "/queue")
    page.keyboard.press("?")
    expect(page.locator("dialog .key-sheet")).to_be_visible()
    check_screen(page)
    screenshot(page, "keys")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    field = page.locator("dialog input")
    expect(field).to_be_focused()
    field.fill(word)
    expect(page.locator("#found")).to_contain_text(no)
    check_screen(page)
    screenshot(page, "palette")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(no))


def test_the_palette_finds_a_colleague_and_what_they_hold(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling(title=f"持有 {new_id()}")
    site.do("labour_handler", no, "claim")
    page = open_page("labour_head", "/queue")
    page.keyboard.press("Control+k")
    page.locator("dialog input").fill("人社处置")
    page.locator("#found").get_by_role("link", name="人社处置员").click()
    expect(page.locator(".list-head .chip").filter(has_text="持有人")).to_contain_text("人社处置员")
    expect(page.locator(f'#rows tr[data-case="{no}"]')).to_be_visible()
    # People who are not colleagues are neither found nor named.
    page.goto(f"/cases?owner={person_id('fire_handler')}")
    expect(page.locator(".list-head a.chip")).to_contain_text(str(person_id("fire_handler")))


def test_the_palette_offers_what_may_be_done_here_and_what_was_open_last(open_page: OpenPage, site: Site) -> None:
    earlier, here = (site.at_handling(title=f"面板{n} {new_id()}") for n in ("一", "二"))
    page = open_page("labour_handler", f"/cases/{earlier}")
    page.goto(f"/cases/{here}")
    page.keyboard.press("Control+k")
    offered = page.locator("dialog [data-here]")
    expect(offered.get_by_role("heading", name="在此案件上")).to_be_visible()
    expect(offered.locator("li:visible a", has_text=earlier)).to_be_visible()
    page.locator("dialog input").fill("批注")
    expect(offered.locator("li:visible")).to_have_count(1)
    check_screen(page)
    screenshot(page, "palette-case")
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#form-comment textarea")).to_be_focused()
    page.locator("details.who summary").click()
    page.get_by_role("button", name="退出").click()
    expect(page).to_have_url(re.compile("/sign-in"))
    assert page.evaluate("localStorage.getItem('recent-cases')") is None


def test_no_key_fires_while_an_input_method_composes(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    page = open_page("labour_handler", f"/cases/{no}")
    expect(page.locator("body")).to_have_attribute("data-live", "stream")
    page.evaluate(
        "() => document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'n', isComposing: true, bubbles: true}))"
    )
    expect(page.locator("#form-comment")).to_have_count(0)
    page.keyboard.press("n")
    expect(page.locator("#form-comment")).to_be_visible()
