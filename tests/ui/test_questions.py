"""Questions of a category on the public form, at the desk and on the phone."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.builders import COMMUNITY
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.phone import expect_one_case, fill_report, open_phone, unique_text
from tests.ui.site import Site

PLAIN = {"java_script_enabled": False, "viewport": PHONE}


def begun(page: Page, title: str) -> None:
    """Fill in the first step of the public form."""
    page.goto("/p/report")
    page.get_by_label("是哪类问题").select_option(label="废气")
    page.get_by_label("在哪个社区(村)").select_option(COMMUNITY)
    page.get_by_label("一句话说明").fill(title)
    page.get_by_role("button", name="提交").click()


def test_the_public_form_asks_in_a_second_step_without_scripts(open_page: OpenPage, site: Site) -> None:
    page = open_page("", expect=("422",), **PLAIN)
    begun(page, "公开问项")
    expect(page.get_by_role("heading", name="废气")).to_be_visible()
    assert page.locator("[name='answers.seen']").count() == 0, "asked at the desk and on the phone only"
    page.get_by_label("几人不适").fill("9")
    page.get_by_role("button", name="提交").click()
    expect(page.locator("#fault-answers\\.smell")).to_contain_text("必填")
    screenshot(page, "questions-public-fault")
    page.get_by_label("酸味").check()
    page.get_by_label("臭鸡蛋味").check()
    page.locator("[name='answers.still'][value=no]").check()
    page.get_by_label("家中病人情况").fill("老人")
    page.get_by_role("button", name="提交").click()
    code = page.locator("[data-code]").inner_text()
    page.get_by_role("link", name="查看进度").click()
    page.get_by_role("button", name="查询", exact=True).click()
    expect(page.locator("dl.facts")).to_contain_text("酸味、臭鸡蛋味")
    assert "老人" not in page.content()
    assert code
    (item,) = site.run(site.harness.get("admin", "/cases", q="公开问项"))["items"]
    view = site.run(site.harness.get("duty", f"/cases/{item['case_no']}"))
    assert {one["question"]: one["values"] for one in view["answers"]} == {
        "smell": ["sour", "egg"], "still": ["no"], "who": ["老人"],
    }  # fmt: skip
    assert view["severity"] == "urgent"


def test_an_answer_stops_the_public_form(open_page: OpenPage, site: Site) -> None:
    page = open_page("", **PLAIN)
    begun(page, "公开停下")
    page.get_by_label("煤气味").check()
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("link", name="119")).to_have_attribute("href", "tel:119")
    expect(page.get_by_role("button", name="已打电话,仍要上报")).to_have_count(0)
    screenshot(page, "questions-public-stop")
    page.get_by_role("button", name="返回修改").click()
    expect(page.get_by_label("一句话说明")).to_have_value("公开停下")
    page.get_by_role("button", name="提交").click()
    page.get_by_label("酸味").check()
    page.locator("[name='answers.still'][value=yes]").check()
    page.get_by_label("几人不适").fill("2")
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("link", name="120")).to_be_visible()
    page.get_by_role("button", name="已打电话,仍要上报").click()
    expect(page.locator("[data-code]")).to_be_visible()
    (item,) = site.run(site.harness.get("admin", "/cases", q="公开停下"))["items"]
    assert item["severity"] == "major"


def test_the_desk_answers_what_is_missing(open_page: OpenPage, site: Site) -> None:
    no = site.run(site.harness.report(category="0301", title="缺问项"))["case_no"]
    page = open_page("duty", f"/cases/{no}?act=answer_questions", expect=("422",))
    expect(page.locator("#case-facts")).to_contain_text("未填")
    form = page.locator("#form-answer_questions")
    form.locator("button.primary").click()  # no single question is at fault where none was answered
    expect(form.get_by_role("alert")).to_have_text("没有变化。")
    check_screen(page)
    screenshot(page, "questions-desk")
    form.get_by_label("臭鸡蛋味").check()
    form.locator("[name='answers.since']").fill("2026-02-28")
    form.locator("button.primary").click()
    facts = page.locator("#case-facts")
    expect(facts).to_contain_text("臭鸡蛋味")
    expect(facts).to_contain_text("2026-02-28")
    expect(facts).not_to_contain_text("未填")
    expect(page.locator("#case")).to_contain_text("补填问项")
    facts.get_by_role("link", name="臭鸡蛋味").click()
    expect(page.locator("main")).to_contain_text("缺问项")
    expect(page.locator("main")).to_contain_text("什么气味:臭鸡蛋味")
    expect(page.locator("main")).not_to_contain_text("smell=egg")
    page.goto("/cases?answer[smell]=sour&answer[since]=2026-02-28")
    expect(page.locator("main")).not_to_contain_text("缺问项")


def ask(page: Page, question: str) -> Any:
    """The controls of a question on the phone."""
    return page.locator(".question").filter(has_text=question)


def test_the_phone_asks_stops_and_sends_the_answers(open_page: OpenPage, site: Site) -> None:
    """The answers are part of the draft: they are still there after the app was closed."""
    page = open_phone(open_page, path="/m/#/report")
    said = unique_text()
    fill_report(page, said, "废气")
    submit = page.get_by_role("button", name="提交")
    submit.click()
    expect(page.locator("#questions")).to_contain_text("请回答标出的问题")
    ask(page, "什么气味").get_by_role("button", name="煤气味").click()
    expect(page.get_by_role("link", name="119")).to_have_attribute("href", "tel:119")
    submit.click()
    expect(page.locator("#questions")).to_contain_text("不在这里上报")
    check_screen(page)
    screenshot(page, "questions-phone-stop")
    ask(page, "什么气味").get_by_role("button", name="煤气味").click()
    ask(page, "什么气味").get_by_role("button", name="酸味").click()
    expect(ask(page, "几人不适")).to_have_count(0)
    ask(page, "是否有人不适").get_by_role("button", name="是", exact=True).click()
    ask(page, "几人不适").locator("input").fill("900")
    submit.click()
    expect(ask(page, "几人不适")).to_contain_text("≤ 500")
    ask(page, "几人不适").locator("input").fill("3")
    ask(page, "排气口照片").get_by_role("button", name="照片 1").click()
    ask(page, "最近一次").locator("input").fill("2026-02-28T08:30")
    expect(page.get_by_text("草稿已存")).to_be_visible()
    page.reload()
    expect(ask(page, "几人不适").locator("input")).to_have_value("3")
    submit.click()
    expect(page.locator("#questions")).to_contain_text("请先打电话")
    page.get_by_label("已打电话").check()
    screenshot(page, "questions-phone")
    submit.click()
    number = expect_one_case(page, site, said)
    view = site.run(site.harness.get("duty", f"/cases/{number}"))
    answers = {one["question"]: one["values"] for one in view["answers"]}
    assert answers.pop("picture") == view["attachments"]
    assert answers == {"smell": ["sour"], "still": ["yes"], "people": ["3"], "seen": ["2026-02-28T08:30"]}
    assert (view["severity"], view["unanswered"], view["not_understood"]) == ("major", [], [])


def test_a_task_on_the_phone_shows_the_answers(open_page: OpenPage, site: Site) -> None:
    """As the page of the case: personal ones for who speaks with the reporter."""
    answers = {"smell": ["sour", "egg"], "still": True, "people": 3, "who": "老人卧床"}
    no = site.run(site.harness.report(category="0301", title="手机看填答", answers=answers))["case_no"]
    site.run(site.harness.do("duty", no, "accept"))
    site.run(site.harness.do("duty", no, "dispatch", host="environment"))
    for username, who in (("worker", "老人卧床"), ("environment_handler", "••••")):
        facts = open_phone(open_page, username, f"/m/#/task/{no}").locator("dl.facts")
        for question, shown in (
            ("什么气味", "酸味、臭鸡蛋味"), ("是否有人不适", "是"), ("几人不适", "3 人"), ("家中病人情况", who),
        ):  # fmt: skip
            answer = facts.locator("dt", has_text=question).locator("xpath=following-sibling::dd[1]")
            expect(answer).to_contain_text(shown)
        check_screen(facts.page)
        screenshot(facts.page, f"questions-task-{username}")
    site.run(site.harness.do("keeper", no, "erase_reporter", reason="本人依法要求删除"))
    facts = open_phone(open_page, "worker", f"/m/#/task/{no}").locator("dl.facts")
    expect(facts).to_contain_text("已按规定删除")
    expect(facts).not_to_contain_text("仅与上报人联系的人员可见")
    page = open_page("duty", f"/cases/{no}")
    expect(page.locator("#case-facts")).to_contain_text("已按规定删除")
    expect(page.locator("#case")).not_to_contain_text("老人卧床")
    check_screen(page)
    screenshot(page, "questions-erased")
    unasked = site.run(site.harness.report(category="0301", title="手机看未填"))["case_no"]
    page = open_phone(open_page, "worker", f"/m/#/task/{unasked}")
    expect(page.locator("dl.facts")).to_contain_text("什么气味未填")


def test_a_list_has_a_column_of_answers_for_who_wants_it(open_page: OpenPage, site: Site) -> None:
    answers = {"smell": ["sour", "egg"], "still": False, "who": "老人卧床", "where": "13912345678"}
    site.run(site.harness.report(category="0301", title="列表看填答", answers=answers))
    page = open_page("duty_2", "/settings")
    box = page.get_by_label("填答", exact=True)
    expect(box).not_to_be_checked()
    box.check()
    box.locator("xpath=ancestor::form").get_by_role("button", name="保存").first.click()
    page.goto("/cases?q=列表看填答")
    cell = page.locator("td.c-answers")
    expect(cell).to_have_text("什么气味:酸味、臭鸡蛋味;是否有人不适:否;气味来自何处:139****5678")
    check_screen(page)
    screenshot(page, "questions-list")
