"""Pages of plans and duties at the desk: make, change, look, and what is missing."""

from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.builders import COMMUNITY, MICRO, MICRO_2
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.site import Site
from tests.ui.test_field_duties import a_place, done_duty, plan_duty


def checked(page: Page, name: str) -> None:
    """The screen is accessible and well laid out; its picture is kept."""
    screenshot(page, name)
    check_screen(page)


def test_a_plan_is_made_changed_and_ended(open_page: OpenPage, site: Site) -> None:
    page = open_page("supervisor", "/park/plans/new")
    name = f"每日巡查 {uuid4().hex[:6]}"
    page.get_by_label("名称").fill(name)
    page.get_by_label("所属网格").fill(COMMUNITY)
    page.get_by_label("工作").select_option("patrol")
    page.get_by_label("地点").fill(f"{MICRO} | {name}\n{MICRO_2}")
    page.get_by_label("检查表").select_option("pre-shift")
    for day in "一二三四五六日":
        page.get_by_label(f"周{day}", exact=True).check()
    checked(page, "plan_new")
    page.get_by_role("button", name="制定计划").click()
    expect(page.get_by_text("“制定计划”已记录")).to_be_visible()
    expect(page.get_by_text("每天, 18:00 前")).to_be_visible()
    page.reload()
    expect(page.locator(".duty-calendar .duty-due").first).to_be_attached()
    checked(page, "plan")

    page.get_by_role("link", name="调整计划").click()
    expect(page.get_by_label("地点")).to_have_value(f"{MICRO} | {name}\n{MICRO_2}")
    page.get_by_label("完成时间").fill("17:30")
    page.get_by_role("button", name="调整计划").click()
    expect(page.get_by_text("每天, 17:30 前")).to_be_visible()

    page.get_by_role("link", name="暂停").click()
    page.get_by_label("理由").fill("停电检修")
    page.get_by_role("button", name="暂停").click()
    expect(page.get_by_text("“暂停”已记录")).to_be_visible()
    expect(page.locator(".duty-calendar .duty-due")).to_have_count(0)


def test_a_bad_form_says_what_is_wrong_and_keeps_what_was_typed(open_page: OpenPage) -> None:
    page = open_page("supervisor", "/park/plans/new", expect=("422",))
    page.get_by_label("名称").fill("坏计划")
    page.get_by_label("所属网格").fill(COMMUNITY)
    page.get_by_label("地点").fill(f"{MICRO}\n{MICRO}")
    page.get_by_role("button", name="制定计划").click()
    expect(page.get_by_text("在计划中出现两次")).to_be_visible()
    expect(page.get_by_label("地点")).to_have_value(f"{MICRO}\n{MICRO}")
    page.get_by_label("地点").fill(MICRO)
    page.get_by_label("每", exact=True).evaluate("field => field.removeAttribute('min')")
    page.get_by_label("每", exact=True).fill("0")
    page.get_by_role("button", name="制定计划").click()
    expect(page.locator("fieldset[aria-invalid] .fault")).to_be_visible()
    checked(page, "plan_fault")


def test_duties_of_today_one_of_them_and_the_load(open_page: OpenPage, site: Site) -> None:
    place = a_place()
    duty = plan_duty(site, place)
    items = [{"item": "exits", "outcome": "failed", "note": "通道堆放"}, {"item": "guards", "outcome": "ok"}]
    sent = site.run(site.harness.send("worker", f"/duties/{duty['id']}/report", {"items": items}))
    assert sent.status_code == 200, sent.text
    done_duty(site, duty, cases=1)
    page = open_page("supervisor", "/park/duties")
    expect(page.get_by_role("row", name=place)).to_contain_text("按时完成")
    checked(page, "duties")
    page.get_by_role("row", name=place).get_by_role("link").first.click()
    expect(page.get_by_role("row", name="通道畅通")).to_contain_text("不合格")
    checked(page, "duty")
    page.goto("/park/duties/load")
    expect(page.get_by_role("rowheader", name="网格员")).to_be_visible()
    checked(page, "duty_load")
    page.goto("/park")
    expect(page.get_by_role("link", name="勤务")).to_be_visible()


def test_the_pages_fit_a_phone_and_are_english(open_page: OpenPage, site: Site) -> None:
    plan_duty(site, a_place())
    page = open_page("supervisor", viewport=PHONE)
    for path in ("/park/plans", "/park/duties", "/park/duties/load", "/park/plans/new"):
        page.goto(f"{path}?lang=en")
        expect(page.locator("h1")).to_be_visible()
        check_screen(page)
