"""The queue: tabs, filters, columns, saved views, bulk commands, the workbook; notices and settings."""

import io
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import openpyxl
import pytest
from playwright.sync_api import expect

from doors.session import COOKIE
from models.enums import Role
from models.ids import new_id
from models.tables import DepartmentRow
from tests.api.harness import a_picture
from tests.builders import LABOUR, MICRO, OTHER_MICRO, Holder, add_people
from tests.ui.checks import check_layout, check_screen, screenshot
from tests.ui.conftest import DESK, PHONE, OpenPage
from tests.ui.site import Site
from tests.ui.weights import Weights

#: Most of a page's bytes, and of its nodes (ui.md 3.9).
TRANSFER, SCRIPTS, NODES = 60_000, 25_000, 2_500


@pytest.fixture(scope="module")
def word() -> str:
    """A word that only the titles of this file's cases contain."""
    return f"列表{str(new_id())[-6:]}"


@pytest.fixture(scope="module")
def three(site: Site, word: str) -> list[str]:
    """Three cases on the labour bureau's desk."""
    return [
        site.at_handling(title=f"{word} 第{n}件", reporter={"name": "张三", "phone": "13800000000"}) for n in range(3)
    ]


def test_a_tab_lists_what_waits_and_a_filter_narrows_it(open_page: OpenPage, three: list[str], word: str) -> None:
    page = open_page("labour_handler", "/queue")
    expect(page.get_by_role("link", name=re.compile("^待认领"))).to_have_attribute("aria-current", "page")
    page.get_by_role("searchbox").fill(word)
    expect(page.locator("#rows tr[data-case]")).to_have_count(3)
    expect(page.locator("#rows")).to_contain_text("剩 3 天")
    page.get_by_role("link", name=re.compile("去掉条件 文字")).click()
    expect(page.get_by_role("searchbox")).to_have_value("")
    page.get_by_role("link", name=re.compile("^退回待定")).click()
    expect(page.locator(".empty")).to_contain_text("没有等待裁定的退单")


def test_a_filter_changes_all_that_hangs_by_the_list(open_page: OpenPage, three: list[str], word: str) -> None:
    """The page is not reloaded: its links, workbook, selection and history follow the list."""
    page = open_page("labour_handler", f"/queue?tab=unclaimed&q={word}", expect=("422",))
    page.evaluate("window.still = true")
    page.locator(f'tr[data-case="{three[0]}"]').get_by_role("checkbox").check()
    expect(page.locator("#ticked")).to_have_text("1")
    page.get_by_role("searchbox").fill(f"{word} 第1件")
    expect(page.locator("#rows tr[data-case]")).to_have_count(1)
    expect(page.locator(f'tr[data-case="{three[1]}"]').get_by_role("checkbox")).not_to_be_checked()
    expect(page.locator("#ticked")).to_have_text("0")
    workbook = page.locator(".tools form[action='/exports'] [name=query]").input_value()
    assert parse_qs(workbook)["q"] == parse_qs(urlsplit(page.url).query)["q"] == [f"{word} 第1件"]
    assert page.evaluate("window.still") is True, "no page was loaded anew"
    page.locator("#filters [name=grid]").fill("not a code!")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("待办")
    page.go_back()
    expect(page.locator("#rows tr[data-case]")).to_have_count(1)
    page.go_back()
    expect(page.locator("#rows tr[data-case]")).to_have_count(3)
    expect(page.get_by_role("searchbox")).to_have_value(word)
    page.get_by_role("link", name=re.compile("^退回待定")).click()
    expect(page.get_by_role("link", name=re.compile("^退回待定"))).to_have_attribute("aria-current", "page")


def test_the_time_limit_narrows_queue_search_and_workbook(open_page: OpenPage, three: list[str], word: str) -> None:
    page = open_page("labour_handler")
    for place, lang, week, today in (
        ("/queue", "zh", "7 天内到期", "今天到期"), ("/cases", "en", "Within 7 days", "Due today"),
    ):  # fmt: skip
        page.goto(f"{place}?q={word}&lang={lang}")
        limit = page.locator("#filters select[name=due]")
        limit.select_option(label=week)
        expect(page.locator(".list-head .chip").filter(has_text=week)).to_be_visible()
        expect(page.locator("#rows tr[data-case]")).to_have_count(len(three))
        check_screen(page)
        screenshot(page, f"due-{place[1:]}-{lang}")
        query = page.locator("#list").get_attribute("data-query")
        answer = page.request.get(f"/cases/export.xlsx?{query}")
        told = openpyxl.load_workbook(io.BytesIO(answer.body())).worksheets[1]
        assert any(week in row for row in told.iter_rows(values_only=True)), lang
        page.locator("#filters select[name=due]").select_option(label=today)
        expect(page.locator(".empty")).to_be_visible()
        expect(page.locator("#filters select[name=due]")).to_have_value("today")


@pytest.fixture(scope="module")
def gardens(site: Site) -> str:
    """A department that only this file's cases are dispatched to; the name of its one handler."""

    async def insert() -> None:
        async with site.harness.engine.begin() as connection:
            row = DepartmentRow(id="gardens", name_zh="园林局", name_en="Parks bureau", active=True)
            await connection.execute(DepartmentRow.__table__.insert().values(**row.model_dump()))  # type: ignore[attr-defined]
            await add_people(connection, Holder("gardener", "园林员", Role.HANDLER, department="gardens"))

    site.run(insert())
    return "gardener"


def test_an_empty_tab_tells_when_the_last_case_was_there(open_page: OpenPage, site: Site, gardens: str) -> None:
    no = site.report()
    site.do("duty", no, "accept")
    site.do("duty", no, "dispatch", host="gardens")
    site.do(gardens, no, "claim")
    page = open_page(gardens)
    for lang, last, claimed in (("en", "The last one", "claimed"), ("zh", "上一件", "已认领")):
        page.goto(f"/queue?tab=unclaimed&lang={lang}")
        expect(page.locator(".empty")).to_contain_text(last)
        expect(page.locator(".empty a")).to_contain_text(claimed)
        expect(page.locator(".empty a")).to_have_attribute("href", f"/cases/{no}")
        screenshot(page, f"queue-empty-{lang}")
    check_screen(page)
    page.get_by_role("searchbox").fill("没有这样的案件")
    expect(page.locator(".list-head .chip").first).to_be_visible()
    expect(page.locator(".empty")).not_to_contain_text("上一件")


def test_the_workbook_has_the_exact_list_and_many_at_once_have_an_outcome_each(open_page: OpenPage, site: Site) -> None:
    """The workbook runs nothing that somebody wrote."""
    own = f"批量{str(new_id())[-6:]}"
    cases = [site.at_handling(title=f"=1+1 {own} {n}") for n in range(3)]
    page = open_page("labour_handler", f"/queue?tab=unclaimed&q={own}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Excel").click()
    book = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes()))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert sorted(str(row[1]) for row in rows[1:]) == [f"'=1+1 {own} {n}" for n in range(3)]
    filters = {row[0]: row[1] for row in book.worksheets[1].iter_rows(values_only=True)}
    assert (filters["页签"], filters["文字"]) == ("待认领", own)
    expect(page.locator("#bulk")).to_be_hidden()
    page.locator("#all").check()
    expect(page.locator("#ticked")).to_have_text("3")
    site.do("labour_head", cases[0], "claim")
    expect(page.locator(f'tr[data-case="{cases[0]}"]')).to_have_class(re.compile("gone"))
    expect(page.locator(".why-gone")).to_contain_text("人社负责人")
    expect(page.locator(".why-gone")).to_contain_text("已认领")
    page.get_by_role("button", name="认领", exact=True).click()
    expect(page.locator("[data-outcome]")).to_contain_text("2 件成功")
    assert site.run(site.harness.kinds(cases[1]))[-1] == "claimed"


def test_a_refusal_in_bulk_names_its_reason(site: Site) -> None:
    no = site.at_handling()
    site.do("labour_head", no, "claim")
    cookie = {COOKIE: site.token("labour_handler")}
    told = httpx.post(
        f"{site.url}/queue/bulk",
        data={"batch": str(new_id()), "command": "claim", "case": [no, "nonsense"], "back": "//evil.example"},
        cookies=cookie,
        headers={"Origin": site.url},
    )
    assert told.status_code == 200
    assert "已有人认领" in told.text
    assert "没有案件 nonsense" in told.text
    assert "evil.example" not in told.text


def test_the_desk_takes_many_cases_to_another_department_and_refuses_requests(open_page: OpenPage, site: Site) -> None:
    own = f"改派{str(new_id())[-6:]}"
    cases = [site.at_handling(title=f"{own} {n}") for n in range(2)]
    site.do("labour_head", cases[1], "return", reason="不属本部门")
    page = open_page("duty", f"/queue?tab=done&q={own}")
    expect(page.locator(f'tr[data-case="{cases[0]}"]')).to_be_visible()
    page.locator(f'tr[data-case="{cases[0]}"] input').check()
    page.locator("#bulk summary", has_text="改派").click()
    page.locator("[name='redispatch.host']").select_option("fire")
    page.locator("[name='redispatch.reason']").fill("派错部门")
    check_screen(page)
    screenshot(page, "queue-redispatch")
    page.locator("#bulk button[value=redispatch]").click()
    expect(page.locator("[data-outcome]")).to_contain_text("1 件成功")
    assert site.run(site.harness.get("duty", f"/cases/{cases[0]}"))["host"] == "fire"
    page.goto(f"/queue?tab=deciding&q={own}")
    page.locator(f'tr[data-case="{cases[1]}"] input').check()
    page.locator("#bulk summary", has_text="不同意申请").click()
    page.locator("[name='refuse.reason']").fill("属本部门职责")
    page.locator("#bulk button[value=refuse_return]").click()
    expect(page.locator("[data-outcome]")).to_contain_text("1 件成功")
    assert site.run(site.harness.until_fact(cases[1], "return_refused"))["body"]["reason"] == "属本部门职责"
    page = open_page("labour_handler", f"/queue?tab=doing&q={own}")
    expect(page.locator("#bulk button[value=redispatch]")).to_have_count(0)
    expect(page.locator("#bulk button[value=refuse_transfer]")).to_have_count(1)


def test_a_preview_tells_the_case_in_short(open_page: OpenPage, three: list[str], word: str) -> None:
    page = open_page("labour_handler", f"/queue?q={word}")
    page.get_by_role("link", name=f"预览 {three[0]}").click()
    expect(page.locator("#preview")).to_contain_text("最近 3 步")
    expect(page.locator("#preview")).not_to_contain_text("张三")
    check_screen(page)
    screenshot(page, "queue-preview")
    page.get_by_role("button", name="关闭预览").click()
    expect(page.locator("#preview")).to_be_empty()


def test_columns_are_remembered_wherever_one_signs_in(open_page: OpenPage, word: str, three: list[str]) -> None:
    page = open_page("labour_head", f"/queue?q={word}")
    page.get_by_text("显示列").click()
    page.get_by_label("轮次").check()
    page.get_by_label("来源").uncheck()
    page.locator('form[action="/settings/columns"]').get_by_role("button", name="保存").click()
    expect(page.get_by_role("columnheader", name="轮次")).to_be_visible()
    elsewhere = open_page("labour_head", f"/cases?q={word}")
    expect(elsewhere.get_by_role("columnheader", name="轮次")).to_be_visible()
    expect(elsewhere.get_by_role("columnheader", name="来源")).to_have_count(0)


def test_a_view_is_kept_shared_and_counted(open_page: OpenPage, word: str, three: list[str]) -> None:
    page = open_page("labour_handler", f"/queue?tab=unclaimed&q={word}")
    page.get_by_text("存为视图").click()
    page.get_by_label("名称").fill(f"视图{word}")
    page.get_by_label("谁能看到").select_option(LABOUR)
    page.locator('form[action="/views"]').get_by_role("button", name="保存").click()
    kept = page.locator(".views li", has_text=f"视图{word}")
    expect(kept.locator(".count")).to_have_text("3")
    shared = open_page("labour_head", "/queue").locator(".views li", has_text=f"视图{word}")
    expect(shared).to_contain_text("共享")
    expect(shared.get_by_role("button")).to_have_count(0)
    kept.get_by_role("button").click()
    expect(kept).to_have_count(0)


def test_a_figure_opens_its_cases_as_a_page(open_page: OpenPage, three: list[str], word: str) -> None:
    page = open_page("supervisor", f"/cases?figure=open&q={word}&sort=-reported_at")
    expect(page.locator("#rows tr[data-case]")).to_have_count(3)
    wrong = open_page("supervisor", "/cases?figure=nonsense", expect=("422",))
    expect(wrong.locator("h1")).to_contain_text("输入有误")


def test_the_list_goes_on_by_the_page(open_page: OpenPage, site: Site) -> None:
    own = f"很多{str(new_id())[-6:]}"
    for n in range(52):
        site.run(site.harness.past(datetime.now(UTC), title=f"{own} {n}", grid=OTHER_MICRO, by="other_duty"))
    page = open_page("other_duty", f"/cases?q={own}")
    expect(page.locator("#rows tr[data-case]")).to_have_count(50)
    nodes = page.evaluate("() => document.querySelectorAll('*').length")
    assert nodes <= NODES
    page.get_by_role("link", name="加载更多").click()
    expect(page.locator("#rows tr[data-case]")).to_have_count(52)
    expect(page.get_by_role("link", name="加载更多")).to_have_count(0)
    capped = open_page("other_duty", f"/cases?q={own}&shown=450")
    expect(capped.get_by_role("link", name=re.compile("转到下一页"))).to_be_visible()


def test_queue_and_case_keep_within_their_bytes(open_page: OpenPage, three: list[str]) -> None:
    for path in ("/queue", f"/cases/{three[0]}"):
        page = open_page("labour_handler")
        weights = Weights(page)
        page.goto(path)
        expect(page.locator("body")).to_have_attribute("data-live", "stream")
        assert weights.total <= TRANSFER, path
        assert weights.scripts <= SCRIPTS, path


def test_notices_are_read(open_page: OpenPage) -> None:
    page = open_page("reviewer", "/notices")
    expect(page.locator(".empty")).to_be_visible()
    check_screen(page)
    screenshot(page, "notices")


def test_settings_keep_the_first_tab_and_switch_the_keys_off(open_page: OpenPage) -> None:
    page = open_page("environment_handler", "/settings")
    check_screen(page)
    screenshot(page, "settings")
    page.get_by_label("打开待办时显示").select_option("doing")
    page.get_by_label("用单个按键操作").uncheck()
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".notice.good")).to_be_visible()
    page.goto("/queue")
    expect(page.get_by_role("link", name=re.compile("^处理中"))).to_have_attribute("aria-current", "page")
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_have_count(0)


#: How many lines the filters take: at how many heights their selects, inputs and buttons begin.
_ONE_ROW = """(form) => new Set([...form.querySelectorAll('select, button, input:not([type=hidden], [type=checkbox])')]
  .filter(e => e.offsetParent).map(e => Math.round(e.getBoundingClientRect().top))).size"""


def test_a_list_fits_a_small_screen(open_page: OpenPage, site: Site, word: str) -> None:
    """At 1,280 pixels all columns fit without horizontal scrolling, and the filters in one row; with long texts."""
    late = datetime.now(UTC) - timedelta(days=9, hours=5)
    site.run(site.harness.past(late, title=f"{word} 拖欠", by="duty"))
    closed = site.report(title=f"{word} 撤回")
    site.do("duty", closed, "reject", reason="不属本园区", right_channel="12345")
    site.at_handling(title=f"{word} 处置")
    page = open_page("duty", viewport={"width": 1280, "height": 800})
    for lang in ("zh", "en"):
        for place in ("/queue?tab=doing&", f"/cases?q={word}&"):
            page.goto(f"{place}lang={lang}")
            expect(page.locator("#rows tr[data-case]").first).to_be_visible()
            table = page.locator("#list .scroll")
            assert table.evaluate("e => e.scrollWidth - e.clientWidth") == 0, place
            assert page.locator("#filters").evaluate(_ONE_ROW) == 1, place
            check_layout(page)
            screenshot(page, f"list-1280-{place[1:6].strip('?')}-{lang}")


def test_the_queue_is_accessible_in_both_languages_large_and_on_a_phone(
    open_page: OpenPage, three: list[str], word: str
) -> None:
    page = open_page("labour_handler", f"/queue?q={word}")
    check_screen(page)
    page.set_viewport_size(PHONE)
    check_screen(page)
    screenshot(page, "queue-phone")
    page.set_viewport_size(DESK)
    page.goto(f"/queue?q={word}&lang=en")
    check_screen(page)
    words = page.locator("h1, .tabs, .tools, thead, #filters button, .list-head").all_inner_texts()
    assert not re.search(r"[\u4e00-\u9fff]", " ".join(words).replace(word, ""))
    screenshot(page, "queue-en")
    page.goto(f"/queue?q={word}&lang=zh&large=1")
    check_screen(page, least=60)
    screenshot(page, "queue-large")


def test_the_queue_works_without_scripts(open_page: OpenPage, site: Site) -> None:
    own = f"无脚本{str(new_id())[-6:]}"
    no = site.at_handling(title=own)
    page = open_page("labour_handler", f"/queue?q={own}", java_script_enabled=False)
    page.get_by_label(f"选中 {no}").check()
    page.locator('[data-bulk="claim"]').click()
    expect(page.locator("main")).to_contain_text("1 件成功")
    page.get_by_role("link", name="回到列表").click()
    expect(page).to_have_url(re.compile("/queue"))


def test_names_of_grid_units_are_offered(site: Site) -> None:
    cookie = {COOKIE: site.token("duty")}
    told = httpx.get(f"{site.url}/choices/grids", params={"grid": "第一微"}, cookies=cookie)
    assert f'value="{MICRO}"' in told.text


def test_a_row_shows_the_first_photo_small(open_page: OpenPage, site: Site) -> None:
    title = f"带图的行{new_id().hex[-6:]}"
    photo = site.run(site.harness.upload("worker", a_picture("orange")))
    shown, plain = site.report(title=title, attachments=[photo]), site.report(title=f"{title}无图")
    page = open_page("duty", f"/cases?q={title}")
    small = page.locator(f'tr[data-case="{shown}"] .row-photo')
    expect(small).to_have_js_property("complete", True)
    assert 0 < small.evaluate("image => image.naturalWidth") <= 96
    expect(page.locator(f'tr[data-case="{plain}"] .row-photo')).to_have_count(0)
