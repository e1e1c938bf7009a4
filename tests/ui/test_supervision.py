"""The supervisor's pages: overdue list, ranking, ladder, urge orders, analysis, bulletins."""

import io
import re
from datetime import UTC, datetime

import httpx
import openpyxl
import pytest
from playwright.sync_api import expect
from sqlalchemy import insert

from doors.session import COOKIE
from infra.database import transaction
from models.ids import new_id
from models.tables import OrgAlarmRow
from tests.builders import COMMUNITY, MICRO, OTHER_MICRO, PARK
from tests.ui.checks import check_layout, check_screen, screenshot, set_large_english
from tests.ui.conftest import DESK, PHONE, OpenPage
from tests.ui.site import Site
from tests.ui.weights import Weights

SCREENS = ("/overdue", "/exports", "/ranking?least=0", "/ranking?by=person&least=0",
           "/ranking?by=department&least=0&period=year", "/ladder?all=1", "/urges",
           "/analysis", "/bulletins")  # fmt: skip


@pytest.fixture(scope="module")
def late(site: Site) -> str:
    """An overdue case with a department."""
    case_no = site.at_handling(title="督查用超期案件", category="0390")
    site.run(site.harness.until_fact(case_no, "overdue"))
    return case_no


def test_an_urge_order_from_the_audit_list_to_its_answer(open_page: OpenPage, late: str, site: Site) -> None:
    page = open_page("supervisor", "/overdue?category=0390")
    page.get_by_role("row").filter(has_text=late).get_by_role("link", name="处理").click()
    side = page.locator("#side")
    side.get_by_label("种类").select_option("listed")
    side.get_by_label("内容").first.fill("请两日内办结。")
    side.get_by_role("button", name="发出督办单").click()
    expect(side.get_by_role("status")).to_contain_text("已发出督办单")
    side.get_by_role("link", name="第 1 号").click()
    expect(page.locator(".letter")).to_contain_text("请两日内办结。")
    expect(page.locator("svg.qr")).to_be_visible()
    check_screen(page)
    screenshot(page, "urge-letter")
    letter = page.url.removeprefix(site.url)

    handler = open_page("environment_handler", letter)
    handler.get_by_label("答复内容").fill("已到场处置")
    handler.get_by_role("button", name="答复").click()
    expect(handler.locator(".letter")).to_contain_text("已到场处置")
    page.goto("/urges?state=answered")
    expect(page.get_by_role("row").filter(has_text=late)).to_contain_text("已到场处置")


def test_what_is_overdue_meanwhile_waits_behind_a_pill(open_page: OpenPage, late: str, site: Site) -> None:
    page = open_page("supervisor", "/overdue?category=0390")
    expect(page.locator("body")).to_have_attribute("data-live", "stream")
    rows = page.locator("#overdue tr[data-case]")
    shown = rows.count()
    another = site.at_handling(title="又一件超期", category="0390")
    site.run(site.harness.until_fact(another, "overdue"))
    pill = page.locator("#pill")
    expect(pill).to_contain_text("新增 1 件")
    expect(rows).to_have_count(shown)
    check_screen(page)
    pill.click()
    expect(rows).to_have_count(shown + 1)
    expect(page.locator("#found")).to_contain_text(f"共 {shown + 1} 件")
    expect(pill).to_be_hidden()
    rows.filter(has_text=another).get_by_role("link", name="处理").click()
    expect(page.locator("#side h2")).to_contain_text("又一件超期")


def test_many_are_urged_at_once_with_one_letter(open_page: OpenPage, site: Site) -> None:
    numbers = [site.at_handling(title=f"一并督办{n}", category="0390") for n in (1, 2, 3)]
    for case_no in numbers:
        site.run(site.harness.until_fact(case_no, "overdue"))
    page = open_page("supervisor", "/overdue?category=0390&sort=title")
    rows = page.locator("#rows tr").filter(has_text="一并督办")
    expect(rows).to_have_count(3)
    # By click beside the links, then with Shift up to another row; the keys do the same.
    rows.nth(0).locator("td").nth(3).click()
    rows.nth(2).locator("td").nth(3).click(modifiers=["Shift"])
    expect(page.locator("#ticked")).to_have_text("3")
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("#ticked")).to_have_text("2")
    page.keyboard.press("x")
    site.do("duty", numbers[1], "merge", into=numbers[0], reason="同一地点同一问题")
    page.get_by_text("督办所选").click()
    sheet = page.locator("#bulk .sheet")
    sheet.get_by_label("种类").select_option("listed")
    sheet.get_by_label("内容").fill("请于两日内一并答复。")
    check_screen(page)
    screenshot(page, "overdue-urge-many")
    sheet.get_by_role("button", name="发出督办单").click()
    result = page.locator("#bulk-result")
    expect(result).to_contain_text("2 件成功, 1 件未成功")
    expect(result.get_by_role("listitem")).to_contain_text(numbers[1])
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("待答 1")
    for case_no in (numbers[0], numbers[2]):
        facts = site.run(site.harness.get("supervisor", f"/cases/{case_no}/facts"))
        notes = [fact["body"].get("note") for fact in facts if fact["kind"] == "urged"]
        assert notes.count("请于两日内一并答复。") == 1
    expect(page.locator("#ticked")).to_have_text("0")


def test_the_audit_list_is_worked_through_by_keys_sorted_by_its_headings_and_sampled(
    open_page: OpenPage, late: str
) -> None:
    page = open_page("supervisor", "/overdue?category=0390")
    first = page.locator("#rows tr").first
    page.keyboard.press("j")
    expect(first).to_have_class("current")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#side h2")).to_have_text(first.locator(".case-cell a").inner_text())
    # The panel takes space from the table; its action column stays in sight.
    act = first.get_by_role("link", name="处理").bounding_box()
    side = page.locator("#side").bounding_box()
    assert act is not None
    assert side is not None
    assert act["x"] + act["width"] <= side["x"]
    page.keyboard.press("Escape")
    expect(page.locator("#side")).to_be_empty()
    page.get_by_role("link", name="案件", exact=True).last.click()
    expect(page).to_have_url(re.compile("sort=title"))
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("案件")
    titles = page.locator("#rows .case-cell a").all_inner_texts()
    assert titles == sorted(titles, key=str.encode)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(titles[0])
    # A sample tells its seed, and is drawn the same again.
    page.goto("/overdue")
    page.get_by_label("随机抽取").fill("1")
    page.get_by_role("button", name="抽取").click()
    expect(page).to_have_url(re.compile(r"seed=\w+"))
    drawn = page.locator("tbody tr").inner_text()
    page.reload()
    assert page.locator("tbody tr").count() == 1
    assert page.locator("tbody tr .case-cell").inner_text() in drawn


def test_escalating_asking_inspecting_and_a_talk(open_page: OpenPage, late: str, site: Site) -> None:
    page = open_page("supervisor", f"/overdue/{late}", expect=("422",))
    page.get_by_text("抽查结论", exact=True).click()
    page.get_by_label("问题", exact=True).check()
    page.get_by_role("button", name="记录").click()
    expect(page.get_by_role("alert").filter(has_text="请写明问题")).to_be_visible()
    page.get_by_label("问题", exact=True).check()
    page.get_by_label("说明(有问题时必填)").fill("照片不清")
    page.get_by_role("button", name="记录").click()
    expect(page.locator("#side")).to_contain_text("照片不清")
    page.get_by_text("要求说明", exact=True).click()
    page.get_by_role("button", name="发出", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="已要求说明")).to_be_visible()
    page.get_by_text("立即升级", exact=True).click()
    page.get_by_label("理由").fill("久拖不决")
    page.get_by_role("button", name="升级一级").click()
    expect(page.get_by_role("status").filter(has_text="已升级")).to_be_visible()
    assert {"commented", "escalated"} <= set(site.run(site.harness.kinds(late)))
    # A talk is an urge order of its own; words that somebody wrote stay.
    page.goto(f"/overdue/{late}")
    page.get_by_label("种类").select_option("interview")
    expect(page.get_by_label("内容").first).to_have_value(re.compile("约谈"))
    page.get_by_label("内容").first.fill("自己的话")
    page.get_by_label("种类").select_option("leader")
    expect(page.get_by_label("内容").first).to_have_value("自己的话")
    page.get_by_label("种类").select_option("interview")
    page.get_by_role("button", name="发出督办单").click()
    expect(page.get_by_role("status").filter(has_text="已发出督办单")).to_be_visible()
    page.goto("/urges?kind=interview")
    expect(page.get_by_role("row").filter(has_text=late)).to_contain_text("约谈")


def test_the_panel_and_the_analysis_work_without_scripts(open_page: OpenPage, site: Site) -> None:
    case_no = site.at_handling(title="无脚本督办", category="0390")
    page = open_page("supervisor", "/analysis", java_script_enabled=False)
    expect(page.locator("table")).to_have_count(4)
    expect(page.locator("[data-chart]").first).to_be_hidden()
    page.goto(f"/overdue/{case_no}")
    page.get_by_role("button", name="发出督办单").click()
    expect(page).to_have_url(re.compile(r"done=urge$"))
    expect(page.get_by_role("status").filter(has_text="已发出督办单")).to_be_visible()


def test_the_ranking_shows_both_sides_of_a_rate_and_its_workbook_the_same(open_page: OpenPage, late: str) -> None:
    page = open_page("supervisor", "/ranking?period=year&least=0")
    names, cells = [], []
    for table in page.locator("table.ranking").all():
        names += table.locator("thead .rate-head").all_inner_texts()
        cells += table.get_by_role("row").filter(has_text="东一社区").locator(".rate").all_inner_texts()
    assert len(names) == len(cells) == 13
    with page.expect_download() as told:
        page.get_by_role("link", name="Excel").click()
    book = openpyxl.load_workbook(io.BytesIO(told.value.path().read_bytes()), read_only=True)
    head, *rows = book["排名"].iter_rows(values_only=True)
    mine = next(line for line in rows if line[1] == COMMUNITY)
    sides = [f"{mine[at + 1]:.0f} / {mine[at + 2]:.0f}" for at in range(5, 5 + 13 * 3, 3)]
    in_workbook = dict(zip([head[at] for at in range(5, 5 + 13 * 3, 3)], sides, strict=True))
    assert in_workbook == dict(zip(names, cells, strict=True))
    assert "准确派遣率" in head
    page.get_by_label("最少应处置件数").fill("100000")
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_role("row").filter(has_text="东一社区").first).to_contain_text("样本不足(<100000),不参评")


def test_the_ladder_shows_every_level_what_comes_next_and_where_nobody_was_found(
    open_page: OpenPage, site: Site, late: str
) -> None:
    now = datetime.now(UTC)

    async def alarm() -> None:
        async with transaction(site.harness.engine) as connection:
            row = {
                "unit": MICRO,
                "role": "volunteer",
                "first_at": now,
                "last_at": now,
                "last_case": new_id(),
                "times": 3,
            }
            await connection.execute(insert(OrgAlarmRow), [row])

    site.run(alarm())
    page = open_page("supervisor", "/ladder?all=1")
    expect(page.locator(".ladder section:not(.alarms)")).to_have_count(4)
    expect(page.locator(".ladder")).to_contain_text("督查用超期案件")
    screenshot(page, "ladder")
    page.goto("/ladder")
    card = page.get_by_role("region", name="无上级")
    expect(card).to_contain_text("已 3 次")
    screenshot(page, "ladder-alarm")
    check_screen(page)
    card.get_by_role("link", name="去补").click()
    expect(page).to_have_url(re.compile("/admin/org$"))


def test_what_is_sent_from_the_overdue_list_can_be_taken_back(open_page: OpenPage, site: Site, late: str) -> None:
    def comments() -> int:
        facts = site.run(site.harness.get("supervisor", f"/cases/{late}/facts"))
        return [fact["kind"] for fact in facts].count("commented")

    before = comments()
    page = open_page("supervisor", f"/overdue/{late}", undo=20)
    page.locator("summary", has_text="要求说明").click()
    page.get_by_role("button", name="发出", exact=True).click()
    line = page.locator("#held .waiting")
    expect(line).to_contain_text("“要求说明”几秒后提交")
    page.keyboard.press("u")
    expect(line).to_have_count(0)
    assert comments() == before
    page.get_by_role("button", name="发出", exact=True).click()
    line.get_by_role("button", name="立即提交").click()
    expect(page.get_by_role("status").filter(has_text=late)).to_be_visible()
    assert comments() == before + 1


def test_people_are_ranked_for_their_leaders_and_what_was_missed_is_a_list(
    open_page: OpenPage, site: Site, late: str
) -> None:
    site.do("environment_handler", late, "claim")
    page = open_page("supervisor", "/ranking?by=department&period=year&least=0")
    page.get_by_role("link", name="人员", exact=True).click()
    row = page.get_by_role("row").filter(has_text="环保处置员").first
    missed = row.get_by_role("link", name=re.compile("未达"))
    expect(missed.first).to_be_visible()
    screenshot(page, "ranking-people")
    count = int(missed.first.inner_text().split()[-1])
    missed.first.click()
    expect(page.locator("#rows tr[data-case]")).to_have_count(count)
    expect(page.locator("main")).to_contain_text("不含")
    expect(page.locator(".list-head .chip").filter(has_text="办理人")).to_contain_text("环保处置员")
    site.report("other_duty", title="尚未派遣", grid=OTHER_MICRO)
    auditor = open_page("auditor", "/ranking?by=grid&least=0&period=year")
    expect(auditor.get_by_role("row").filter(has_text="滨海网格").first).to_contain_text("没有应处置案件,不参评")
    expect(auditor.get_by_role("link", name="部门", exact=True)).to_be_visible()
    expect(auditor.get_by_role("link", name="人员", exact=True)).to_have_count(0)


def test_the_analysis_draws_its_charts_and_a_bar_opens_its_cases(open_page: OpenPage, late: str) -> None:
    page = open_page("supervisor")
    weights = Weights(page)
    page.goto("/analysis")
    charts = page.locator("[data-chart]")
    expect(charts).to_have_count(4)
    for at in range(4):
        charts.nth(at).scroll_into_view_if_needed()
        expect(charts.nth(at)).to_have_attribute("data-drawn", "yes")
        charts.nth(at).hover()
    assert weights.total <= 350_000
    assert weights.scripts <= 260_000
    check_screen(page)
    screenshot(page, "analysis")
    with page.expect_download() as told:
        page.get_by_role("link", name="Excel").click()
    book = openpyxl.load_workbook(io.BytesIO(told.value.path().read_bytes()), read_only=True)
    assert book.sheetnames == ["每周", "小类", "时段", "结案用时"]
    chart = page.locator("[data-chart=categories]")
    chart.scroll_into_view_if_needed()
    expect(chart).to_have_attribute("data-drawn", "yes")
    box = chart.bounding_box()
    assert box is not None
    # The bar of the category with the most cases is at the top and ends near the right edge.
    for part in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        chart.click(position={"x": box["width"] * 0.55, "y": box["height"] * part})
        if "/cases" in page.url:
            break
    expect(page).to_have_url(re.compile(r"/cases\?figure=reported&.*category="))
    expect(page.locator("#rows tr[data-case]").first).to_be_visible()


def test_a_bulletin_is_made_read_and_compared_with(open_page: OpenPage, late: str) -> None:
    page = open_page("supervisor", "/bulletins")
    page.get_by_text("现在制作").click()
    page.locator("form select[name=grid]").select_option(PARK)
    page.get_by_role("button", name="制作").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("日晾晒")
    check_screen(page)
    screenshot(page, "bulletin")
    with page.expect_download() as told:
        page.get_by_role("link", name="Excel").click()
    assert told.value.suggested_filename.endswith(".xlsx")
    page.goto(f"/board?grid={PARK}&compare=1")
    expect(page.locator(".tile-red .change")).to_be_visible()
    expect(page.locator(".stamp")).to_contain_text("与日晾晒相比")
    expect(page.locator(".rates h2")).to_contain_text("与上期")


def test_every_kind_of_bulletin_shows(open_page: OpenPage, late: str) -> None:
    page = open_page("supervisor")
    for kind in ("visits", "consultation", "commendation"):
        page.goto("/bulletins")
        page.get_by_text("现在制作").click()
        page.locator("form select[name=kind]").select_option(kind)
        page.locator("form select[name=grid]").select_option(PARK)
        page.get_by_role("button", name="制作").click()
        expect(page).to_have_url(re.compile(r"/bulletins/[0-9a-f-]{36}$"))
        check_screen(page)


def test_every_screen_is_accessible_in_both_languages_and_fits_large_type_and_a_phone(
    open_page: OpenPage, site: Site, late: str
) -> None:
    page, english = open_page("supervisor"), open_page("supervisor")
    set_large_english(english, site.url)
    for path in SCREENS:
        page.goto(path)
        check_screen(page)
        page.set_viewport_size(PHONE)
        check_layout(page)
        page.set_viewport_size(DESK)
        english.goto(path)
        check_screen(english, least=60)
        own = english.locator("h1, main h2, main th[scope=col], main button").all_inner_texts()
        assert not [said for said in own if re.search(r"[\u4e00-\u9fff]", said)], path


def test_who_has_no_such_role_is_refused(site: Site) -> None:
    with httpx.Client(base_url=site.url, cookies={COOKIE: site.token("worker")}) as http:
        for path in ("/overdue", "/ranking", "/ladder", "/map", "/analysis", "/bulletins", "/admin"):
            answer = http.get(path)
            assert answer.status_code == 403, path
            assert MICRO not in answer.text, path
