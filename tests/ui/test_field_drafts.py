"""Drafts on the phone: set aside, listed, continued, deleted; and a form that was opened but not filled in."""

from playwright.sync_api import Page, expect

from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import OpenPage
from tests.ui.phone import HERE, expect_one_case, fill_report, open_phone, unique_text
from tests.ui.site import Site


def test_one_report_is_put_aside_for_another(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page, path="/m/#/report")
    expect(page.get_by_role("button", name="存入草稿,另报一件")).to_have_count(0)
    first = unique_text()
    fill_report(page, first)
    page.get_by_role("button", name="存入草稿,另报一件").click()
    listed = page.locator("[data-draft]")
    expect(listed).to_have_count(1)
    expect(listed).to_contain_text(first[:20])
    expect(listed).to_contain_text("1 张照片")
    check_screen(page, least=44)
    screenshot(page, "field-drafts")
    page.get_by_role("link", name="上报", exact=True).click()
    expect(page.get_by_label("描述")).to_have_value("")
    second = unique_text()
    fill_report(page, second)
    page.get_by_role("button", name="提交", exact=True).click()
    expect_one_case(page, site, second)
    page.goto("/m/#/outbox")
    listed.get_by_role("button", name="继续填写").click()
    expect(page.get_by_label("描述")).to_have_value(first)
    page.locator("#category a").click()
    page.get_by_role("button", name="废水直排").first.click()
    expect(page.get_by_label("描述")).to_have_value(first)
    expect(page.locator("#category")).to_contain_text("废水直排")
    page.get_by_role("button", name="提交", exact=True).click()
    expect_one_case(page, site, first)
    page.goto("/m/#/outbox")
    expect(page.get_by_text("全部已上传 ✓")).to_be_visible()
    expect(listed).to_have_count(0)


def hold_the_store(page: Page) -> None:
    """Nothing can be stored until the page sets `held` to false: a transaction of its own stays open."""
    page.evaluate(
        """() => new Promise((begun) => {
            window.held = true;
            const opening = indexedDB.open("gridloop", 1);
            opening.onsuccess = () => {
                const store = opening.result.transaction("kept", "readwrite").objectStore("kept");
                const again = () => { if (window.held) store.count().onsuccess = again; };
                store.count().onsuccess = () => { begun(); again(); };
            };
        })"""
    )


def test_stored_is_said_of_the_newest_change_only(open_page: OpenPage) -> None:
    page = open_phone(open_page, path="/m/#/report")
    chip = page.locator(".chip.sync")
    page.get_by_label("描述").fill("第一句话")
    expect(chip).to_have_text("草稿已存")
    hold_the_store(page)
    page.get_by_label("描述").fill("第二句话")
    expect(chip).to_have_text("正在保存…")
    page.get_by_label("路口或门牌").fill("北门")
    page.evaluate("() => { window.held = false; }")
    expect(chip).to_have_text("草稿已存")
    page.reload()
    expect(page.get_by_label("描述")).to_have_value("第二句话")
    expect(page.get_by_label("路口或门牌")).to_have_value("北门")


def test_a_page_closed_in_the_middle_has_handed_over_its_newest_change(open_page: OpenPage) -> None:
    page = open_phone(open_page, path="/m/#/report")
    page.get_by_label("描述").fill("第一句话")
    expect(page.locator(".chip.sync")).to_have_text("草稿已存")
    # Typed and closed in one task: nothing that waits for later would run.
    page.evaluate(
        """() => {
            const text = document.querySelector("#description textarea");
            text.value = "最后一句话";
            text.dispatchEvent(new Event("input", { bubbles: true }));
            setTimeout(() => location.reload(), 0);
        }"""
    )
    expect(page.get_by_label("描述")).to_have_value("最后一句话")


def test_a_draft_is_thrown_away_only_on_purpose(open_page: OpenPage) -> None:
    page = open_phone(open_page, path="/m/#/report")
    fill_report(page, unique_text())
    expect(page.get_by_text("草稿已存")).to_be_visible()
    page.goto("/m/#/outbox")
    listed = page.locator("[data-draft=new]")
    listed.get_by_role("button", name="删除…").click()
    listed.get_by_role("button", name="取消").click()
    expect(listed).to_have_count(1)
    listed.get_by_role("button", name="删除…").click()
    listed.get_by_role("button", name="确定删除").click()
    expect(listed).to_have_count(0)
    page.goto("/m/#/report")
    expect(page.get_by_label("描述")).to_have_value("")


def test_an_answer_that_was_begun_is_listed(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling(category="0103")
    page = open_phone(open_page, "fire_handler", f"/m/#/task/{no}/comment")
    page.get_by_label("说明").fill("写到一半")
    page.goto("/m/#/outbox")
    listed = page.locator(f'[data-draft="answer:{no}:comment"]')
    expect(listed).to_contain_text(no)
    listed.get_by_role("button", name="继续填写").click()
    expect(page.get_by_label("说明")).to_have_value("写到一半")


def test_a_form_that_was_only_looked_at_is_located_again(open_page: OpenPage) -> None:
    page = open_phone(open_page, path="/m/#/report")
    expect(page.locator("#place")).to_contain_text("第一微网格 ✓")
    page.goto("/m/#/")
    page.context.set_geolocation({"latitude": HERE["latitude"], "longitude": 117.015, "accuracy": 9})
    page.reload()
    page.goto("/m/#/report")
    expect(page.locator("#place")).to_contain_text("第二微网格 ✓")


def test_quiet_hours_are_kept_with_the_account(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page, "volunteer", "/m/#/me", expect=("422",))
    quiet = page.locator("#quiet")
    quiet.get_by_label("每天在这段时间不提醒").check()
    expect(quiet.get_by_label("从")).to_have_value("22:00")
    expect(quiet.get_by_role("status")).to_have_text("设置已保存 ✓")
    with page.expect_response(lambda answer: answer.request.method == "PUT"):
        quiet.get_by_label("从").fill("21:30")
    expect(quiet.get_by_role("status")).to_have_text("设置已保存 ✓")
    expect(quiet.get_by_label("从")).to_have_value("21:30")
    assert site.run(site.harness.get("volunteer", "/me/settings")) == {
        "quiet": {"since": "21:30:00", "until": "07:00:00"}
    }
    check_screen(page, least=44)
    screenshot(page, "field-me-quiet")
    quiet.get_by_label("到").fill("21:30")
    quiet.get_by_label("到").blur()
    expect(quiet.get_by_role("alert")).to_have_text("开始和结束时间须不同")
