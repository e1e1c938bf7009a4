"""Taking back: held for some seconds, never lost when the page is left, asked about where there are no scripts."""

from playwright.sync_api import Page, expect

from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import OpenPage
from tests.ui.phone import unique_text
from tests.ui.site import Site

HELD = "() => Object.keys(localStorage).filter((key) => key.startsWith('held:')).length"


def comment(page: Page, words: str) -> None:
    """Write a note and send it."""
    page.locator("#form-comment textarea").fill(words)
    page.locator("#form-comment [data-send]").click()


def notes(site: Site, no: str) -> list[str]:
    facts = site.run(site.harness.get("admin", f"/cases/{no}/facts"))
    return [fact["body"]["note"] for fact in facts if fact["kind"] == "commented"]


def test_a_command_is_held_taken_back_and_sent_at_once(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    page = open_page("labour_handler", f"/cases/{no}?act=comment", undo=20)
    comment(page, "写错了")
    line = page.locator("#held .waiting")
    expect(line).to_contain_text("“批注”几秒后提交")
    check_screen(page)
    screenshot(page, "undo-case")
    page.keyboard.press("u")
    expect(line).to_have_count(0)
    expect(page.locator("#form-comment textarea")).to_have_value("写错了")
    assert notes(site, no) == []
    comment(page, "写对了")
    line.get_by_role("button", name="立即提交").click()
    expect(page.locator("[data-receipt]")).to_be_visible()
    assert notes(site, no) == ["写对了"]
    assert page.evaluate(HELD) == 0


def test_a_held_command_goes_by_itself(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    page = open_page("labour_handler", undo=5)
    page.clock.install()
    page.goto(f"/cases/{no}?act=comment")
    comment(page, "等几秒")
    expect(page.locator("#held .waiting")).to_be_visible()
    page.clock.fast_forward(5_000)
    expect(page.locator("[data-receipt]")).to_be_visible()
    assert notes(site, no) == ["等几秒"]


def test_leaving_the_page_sends_it_once_and_the_next_page_tells(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    page = open_page("labour_handler", f"/cases/{no}?act=comment", undo=20)
    comment(page, "离开前")
    expect(page.locator("#held .waiting")).to_be_visible()
    page.goto("/queue")
    expect(page.locator("#held .good")).to_contain_text("“批注”已记录")
    assert notes(site, no) == ["离开前"]
    assert page.evaluate(HELD) == 0


def test_a_refusal_after_leaving_is_told_with_its_reason(open_page: OpenPage, site: Site) -> None:
    no = site.report()
    page = open_page("duty", f"/cases/{no}?act=reject", undo=20, expect=("409", "412", "403"))
    page.locator("#form-reject [name=reason]").fill("不属于本平台")
    page.locator("#form-reject [name=right_channel]").fill("12345")
    page.locator("#form-reject [data-send]").click()
    expect(page.locator("#held .waiting")).to_be_visible()
    site.do("duty", no, "accept")
    page.goto("/queue")
    refused = page.locator("#held .bad")
    expect(refused).to_contain_text("“不予受理”没有提交")
    screenshot(page, "undo-refused")
    refused.get_by_role("link", name=no).click()
    expect(page.locator("#case-title")).to_be_visible()


def test_without_a_network_it_waits_and_goes_later(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    page = open_page("labour_handler", f"/cases/{no}?act=comment", undo=20, expect=("ERR_INTERNET_DISCONNECTED",))
    comment(page, "断网时")
    line = page.locator("#held .waiting")
    expect(line).to_be_visible()
    page.locator("#form-comment").evaluate("(form) => form.remove()")  # the page shows something else meanwhile
    page.context.set_offline(True)
    line.get_by_role("button", name="立即提交").click()
    expect(page.locator("#held")).to_contain_text("还没有发出")
    page.context.set_offline(False)
    expect(page.locator("#held .good")).to_be_visible()
    assert notes(site, no) == ["断网时"]


def test_a_click_in_the_queue_is_taken_back(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    page = open_page("labour_handler", f"/queue?tab=handling&q={no}", undo=20)
    page.locator(f'#rows input[value="{no}"]').check()
    page.locator("#bulk summary", has_text="批注").click()
    page.locator("#bulk [name=note]").fill("请尽快")
    page.locator('#bulk button[value="comment"]').click()
    expect(page.locator("#held .waiting")).to_contain_text("批注")
    page.locator("#held").get_by_role("button", name="撤销").click()
    assert notes(site, no) == []


def test_a_claim_of_many_is_taken_back(open_page: OpenPage, site: Site) -> None:
    word = unique_text()
    nos = [site.at_handling(title=word) for _ in range(2)]
    page = open_page("labour_handler", f"/queue?tab=unclaimed&q={word}", undo=10)
    for no in nos:
        page.locator(f'#rows input[value="{no}"]').check()
    page.locator('[data-bulk="claim"]').click()
    expect(page.locator("[data-outcome]")).to_contain_text("2 件成功")
    page.locator("[data-outcome]").get_by_role("button", name="撤销").click()
    expect(page.locator("[data-outcome]")).to_contain_text("放弃认领: 2 件成功")
    assert [site.run(site.harness.kinds(no))[-1] for no in nos] == ["released", "released"]


def test_without_scripts_a_heavy_command_is_asked_about(open_page: OpenPage, site: Site) -> None:
    no = site.report()
    page = open_page("duty", java_script_enabled=False)
    for language, heading in (("en", "Please confirm"), ("zh", "请确认")):
        page.goto(f"/cases/{no}?act=reject&lang={language}")
        page.locator("#form-reject [name=reason]").fill("不属于本平台")
        page.locator("#form-reject [name=right_channel]").fill("12345")
        page.locator("#form-reject [data-send]").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        screenshot(page, f"undo-confirm-{language}")
        assert "closed" not in site.run(site.harness.kinds(no))
    page.locator("main button.danger").click()
    expect(page.locator("#case-title")).to_be_visible()
    assert "closed" in site.run(site.harness.kinds(no))
