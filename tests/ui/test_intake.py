"""The intake desk: incoming cases, possible duplicates, going on to the next."""

import re

from playwright.sync_api import expect

from models.enums import Role
from models.ids import new_id
from tests.builders import MICRO_2, Holder, add_people
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.phone import a_photo
from tests.ui.site import Site

PLACE = {"lat": 38.0021, "lon": 117.0021}


def test_a_report_is_accepted_then_dispatched_and_the_next_one_comes(open_page: OpenPage, site: Site) -> None:
    word = f"受理{str(new_id())[-6:]}"
    first, second = (site.report(title=f"{word} {n}", category="0103") for n in range(2))
    page = open_page("community_duty", f"/intake?no={first}")
    expect(page.locator("#intake-case")).to_contain_text("安全类由消防主办")
    page.locator("#form-accept [data-send]").click()
    expect(page.locator("[data-receipt]")).to_contain_text(first)
    expect(page.locator("#intake-case")).not_to_have_attribute("data-case", first)
    page.goto(f"/intake?tab=dispatching&no={first}")
    expect(page.locator("#form-dispatch select[name=host]")).to_have_value("fire")
    page.locator("#form-dispatch [data-send]").click()
    expect(page.locator("[data-receipt]")).to_contain_text("派遣")
    page.goto(f"/intake?no={second}&act=reject")
    page.locator("#form-reject textarea").first.fill("不属于本区")
    page.locator("#form-reject [data-send]").click()
    expect(page.locator("#form-reject")).to_be_visible()
    page.locator("#form-reject textarea").nth(1).fill("请拨打 12345")
    page.locator("#form-reject [data-send]").click()
    expect(page.locator("[data-receipt]")).to_contain_text(second)


def test_an_empty_desk_tells_when_the_last_report_was_there(open_page: OpenPage, site: Site) -> None:
    async def seat() -> None:
        async with site.harness.engine.begin() as connection:
            await add_people(connection, Holder("corner_duty", "角落值班", Role.DUTY_OFFICER, grid=MICRO_2))

    site.run(seat())
    site.report(grid=MICRO_2)
    waiting = site.run(site.harness.get("corner_duty", "/cases", stage="receive", sort="reported_at", limit=200))[
        "items"
    ]
    for case in waiting:
        site.do("corner_duty", case["case_no"], "accept")
    page = open_page("corner_duty", "/intake?tab=accepting")
    expect(page.locator(".empty")).to_contain_text("上一件")
    expect(page.locator(".empty a")).to_have_attribute("href", f"/cases/{waiting[-1]['case_no']}")
    expect(page.locator(".empty a")).to_contain_text("已受理")
    check_screen(page)


def test_one_press_accepts_and_dispatches_with_scripts_and_without(open_page: OpenPage, site: Site) -> None:
    for scripts in (True, False):
        no = site.report(title="一键派遣", category="0103")
        page = open_page("community_duty", f"/intake?no={no}", java_script_enabled=scripts)
        expect(page.locator("#form-accept select[name=then_host]")).to_have_value("fire")
        page.locator("#form-accept select[name=then_host]").select_option("environment")
        page.get_by_role("button", name="受理并派遣").click()
        if not scripts:
            expect(page.get_by_role("heading", name="请确认")).to_be_visible()
            page.get_by_role("button", name="受理并派遣").click()
        expect(page.locator("[data-receipt]")).to_contain_text("“派遣”已记录")
        # The department's system, should another test have set one up, may have been told of it already.
        kinds = [kind for kind in site.run(site.harness.kinds(no)) if kind != "informed"]
        assert kinds[-2:] == ["accepted", "dispatched"], scripts
        assert site.run(site.harness.get("duty", f"/cases/{no}"))["host"] == "environment"


def test_what_can_t_be_dispatched_stays_accepted_and_says_why(open_page: OpenPage, site: Site) -> None:
    no = site.report(title="派不出去")
    page = open_page("duty", f"/cases/{no}?act=accept", expect=("422",))
    page.locator("select[name=then_host] option").first.evaluate("one => { one.value = 'nobody'; one.selected = true }")
    page.get_by_role("button", name="受理并派遣").click()
    expect(page.locator("#form-dispatch .fault")).to_contain_text("nobody")
    assert site.run(site.harness.kinds(no))[-1] == "accepted"


def test_a_duplicate_is_suggested_with_its_reason_and_merged(open_page: OpenPage, site: Site) -> None:
    word = f"重复{str(new_id())[-6:]}"
    photos = [site.run(site.harness.upload("worker", a_photo(colour))) for colour in ("#765", "#567")]
    lead = site.report(title=f"{word} 井盖缺失", category="0302", location=PLACE, attachments=photos[:1])
    near = {**PLACE, "lat": PLACE["lat"] + 0.0005}
    again = site.report(title=f"{word} 井盖不见了", category="0302", location=near, attachments=photos)
    page = open_page("duty", f"/intake?no={again}")
    line = page.locator(".same li", has_text=lead)
    expect(line).to_contain_text(re.compile("同一小类(,用词相[同近])?,相距 56 米"))
    expect(line.locator("img")).to_have_count(2)
    expect(line.locator("mark")).to_have_text(["不见了", "缺失"])
    check_screen(page)
    screenshot(page, "intake")
    line.get_by_role("button", name=re.compile("并入此案")).click()
    expect(page.locator("[data-receipt]")).to_contain_text(again)
    assert site.run(site.harness.get("duty", f"/cases/{again}"))["merged_into"] == lead


def test_reports_are_worked_through_by_keys_without_a_page_load(open_page: OpenPage, site: Site) -> None:
    word = f"按键{str(new_id())[-6:]}"
    nos = [site.report(title=f"{word} {n}", category="0103") for n in range(3)]
    page = open_page("community_duty", f"/intake?no={nos[0]}", undo=20, expect=("409",))
    page.evaluate("window.sameLoad = true")
    case = page.locator("#intake-case")
    page.keyboard.press("j")
    expect(case).to_have_attribute("data-case", nos[1])
    expect(page.locator(".intake-item[aria-current=true]")).to_be_focused()
    page.keyboard.press("k")
    expect(case).to_have_attribute("data-case", nos[0])
    page.go_back()
    expect(case).to_have_attribute("data-case", nos[1])
    page.locator('.acts a[href*="act=reject"]').click()
    reason = page.locator("#form-reject [name=reason]")
    expect(reason).to_be_focused()
    reason.fill("不属于本区")
    page.locator("#form-reject [name=right_channel]").fill("请拨打 12345")
    page.locator("#form-reject [data-send]").click()
    expect(case).to_have_attribute("data-case", nos[2])
    expect(page.locator(f'[data-case="{nos[1]}"] .intake-item')).to_have_class("intake-item waiting")
    check_screen(page)
    screenshot(page, "intake-held")
    page.locator("h1").click()
    page.keyboard.press("u")
    expect(case).to_have_attribute("data-case", nos[1])
    expect(reason).to_have_value("不属于本区")
    page.locator("#form-reject [data-send]").click()
    expect(case).to_have_attribute("data-case", nos[2])
    page.get_by_role("button", name="立即提交").click()
    expect(page.locator("#held .good")).to_contain_text(nos[1])
    expect(page.locator(f'.intake-list [data-case="{nos[1]}"]')).to_have_count(0)
    assert page.evaluate("window.sameLoad") is True
    assert "closed" in site.run(site.harness.kinds(nos[1]))


def test_what_comes_in_shows_at_once_and_typed_text_stays(open_page: OpenPage, site: Site) -> None:
    no = site.report(title="正在受理")
    page = open_page("duty", f"/intake?no={no}&act=request_info")
    expect(page.locator("body")).to_have_attribute("data-live", "stream")
    page.locator("#form-request_info textarea").fill("请补充楼栋号")
    fresh = site.report(title=f"新到 {new_id()}")
    expect(page.locator(f'.intake-list [data-case="{fresh}"]')).to_be_visible()
    expect(page.locator("#form-request_info textarea")).to_have_value("请补充楼栋号")
    page.locator("#form-request_info [data-send]").click()
    expect(page.locator("[data-receipt]")).to_contain_text(no)


def test_the_desk_is_accessible_in_english_large_and_on_a_phone(open_page: OpenPage, site: Site) -> None:
    no = site.report(title="看得清")
    page = open_page("duty")
    for look, extra, least in (("en", "&lang=en", 36), ("large", "&lang=zh&large=1", 60)):
        page.goto(f"/intake?no={no}{extra}")
        check_screen(page, least=least)
        screenshot(page, f"intake-{look}")
    page.goto(f"/intake?no={no}&large=0")
    page.set_viewport_size(PHONE)
    check_screen(page)
    screenshot(page, "intake-phone")


def test_one_key_or_a_button_takes_a_suggestion_over_and_a_person_decides(
    open_page: OpenPage, site: Site, taught: None
) -> None:
    plain = site.report(title="化工厂雨水口流出彩色废水", category="0201")
    page = open_page("community_duty", f"/intake?no={plain}", java_script_enabled=False)
    page.locator('[data-learnt="category"] button').click()
    expect(page.locator("#intake-case dl")).to_contain_text("废水直排")
    no = site.report(title="化工厂雨水口流出彩色废水", category="0201")
    page = open_page("community_duty", f"/intake?no={no}")
    told = page.locator('[data-learnt="category"]')
    expect(told).to_contain_text("废水直排")
    expect(told.locator("mark").first).to_contain_text("废水")
    expect(told).to_contain_text("次中正确")
    check_screen(page)
    page.keyboard.press("s")
    expect(page.locator("#intake-case")).to_contain_text("废水直排")
    expect(page.locator("#intake-case")).to_have_attribute("data-case", no)
    expect(told).to_contain_text("与现选一致")
    page.locator("#form-accept [data-send]").click()
    expect(page.locator("[data-receipt]")).to_contain_text("受理")
    # A suggested host is filled in and not sent.
    other = site.report(title="化工厂雨水口流出彩色废水", category="0302")
    site.do("community_duty", other, "accept")
    page.goto(f"/intake?tab=dispatching&no={other}")
    expect(page.locator("#form-dispatch select[name=host]")).to_have_value("environment")
    page.locator('[data-learnt="host"] a').click()
    expect(page.locator("#form-dispatch select[name=host]")).to_have_value("fire")
    assert "dispatched" not in site.run(site.harness.kinds(other))
    page = open_page("admin", "/admin/suggestions")
    row = page.get_by_role("row").filter(has_text="类别").last
    expect(row).to_contain_text("100.0% 2/2")  # by the button and by the key
    check_screen(page)


def test_without_a_model_the_desk_says_nothing_of_suggestions(open_page: OpenPage, site: Site) -> None:
    no = site.report(title="化工厂雨水口流出彩色废水", category="0201")
    page = open_page("community_duty", f"/intake?no={no}")
    expect(page.locator("#intake-case")).to_contain_text("化工厂")
    expect(page.locator("[data-learnt], #h-learnt")).to_have_count(0)
