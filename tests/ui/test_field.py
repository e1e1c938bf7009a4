"""The field app online: reporting, own reports, settings; every screen is accessible and fits."""

import gzip
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.builders import PASSWORD
from tests.ui.checks import check_layout, check_screen
from tests.ui.conftest import OpenPage
from tests.ui.phone import (
    AWAY,
    HERE,
    expect_one_case,
    fill_report,
    open_phone,
    open_with_a_clock,
    report_offline,
    take_photo,
    unique_text,
    wait_until_cached,
)
from tests.ui.site import Site
from web.build import UI, find_node, transfer_size
from web.static import STATIC_DIR, manifest

#: Language, page, large type.
LOOKS = [("zh", "/m/", False), ("en", "/m/en.html", False), ("zh", "/m/", True), ("en", "/m/en.html", True)]
LANGUAGE = {"zh": "zh-CN", "en": "en-GB"}
_CJK = re.compile(r"[\u3400-\u9fff]")


# --- reporting --------------------------------------------------------------------------------------------------------


def test_somebody_signs_in_on_the_phone_and_out_again(open_page: OpenPage) -> None:
    page = open_phone(open_page, "", expect=("401",))
    page.get_by_label("用户名").fill("worker")
    page.get_by_label("密码").fill("nonsense")
    page.locator("form").get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_have_text("用户名或密码不正确。")
    page.get_by_label("密码").fill(PASSWORD)
    page.locator("form").get_by_role("button", name="登录").click()
    expect(page.get_by_role("link", name="拍照上报")).to_be_visible()
    page.get_by_role("link", name="我", exact=True).click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_label("密码")).to_be_visible()


def test_a_report_says_what_is_missing_and_then_goes(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page)
    page.get_by_role("link", name="拍照上报").click()
    page.get_by_role("button", name="提交").click()
    expect(page.locator("#photos .fault")).to_have_text("请至少拍一张照片")
    expect(page.locator("#category .fault")).to_have_text("请选择类别")
    expect(page.locator("#description .fault")).to_contain_text("描述须为 5 至 200 个字")
    said = unique_text()
    fill_report(page, said)
    page.get_by_label("路口或门牌").fill("北门向西 50 米")
    page.get_by_role("button", name="提交").click()
    number = expect_one_case(page, site, said)
    case = site.run(site.harness.get("admin", f"/cases/{number}"))
    assert case["title"] == said, "the first words of the description"
    assert (case["grid"]["name"], case["source"], len(case["attachments"])) == ("第一微网格", "grid_worker", 1)
    assert case["location"] == {"lat": HERE["latitude"], "lon": HERE["longitude"]}
    page.get_by_role("button", name="给反映人的查询码").click()
    expect(page.locator(".code strong")).to_have_text(re.compile(r"^\w{5}-\w{5}$"))


def test_what_was_settled_on_the_spot_goes_to_review(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page, path="/m/#/report")
    said = unique_text()
    fill_report(page, said)
    page.get_by_label("我已现场处置(自处置)").check()
    page.get_by_role("button", name="提交").click()
    expect(page.locator("#self .fault")).to_be_visible()
    page.get_by_label("处置结果").fill("当场结清")
    take_photo(page, "拍处置后")
    expect(page.locator("#self-photos .photo")).to_have_count(1)
    page.get_by_role("button", name="提交").click()
    number = expect_one_case(page, site, said)
    expect(page.get_by_text("自处置: 已提交核查")).to_be_visible()
    assert site.run(site.harness.get("admin", f"/cases/{number}"))["stage"] == "review"


def test_a_category_is_found_by_pinyin_may_take_two_photos_and_a_draft_outlives_a_reload(open_page: OpenPage) -> None:
    page = open_phone(open_page, path="/m/#/report/category")
    search = page.get_by_label("搜索类别,可输拼音首字母")
    search.fill("xftd")
    expect(page.locator("button.cell")).to_have_text(["消防通道堵塞"])
    search.fill("废水")
    expect(page.locator("button.cell")).to_have_text(["废水直排"])
    search.fill("zzz")
    expect(page.get_by_text("没有符合的类别")).to_be_visible()
    page.goto("/m/#/report")
    said = unique_text()
    fill_report(page, said, "消防通道堵塞")
    page.get_by_role("button", name="提交").click()
    expect(page.locator("#photos .fault")).to_have_text("该类别需要近景和远景两张照片")
    expect(page.get_by_text("草稿已存")).to_be_visible()
    page.reload()
    expect(page.get_by_label("描述")).to_have_value(said)
    expect(page.locator("#photos .photo")).to_have_count(1)
    expect(page.locator("#category a")).to_have_text("消防通道堵塞")


def test_without_a_good_position_the_place_is_checked_or_picked_on_the_map(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page, path="/m/#/report", geolocation={**HERE, "accuracy": 180})
    expect(page.locator("#place")).to_contain_text("定位误差超过 100 米")
    page = open_phone(open_page, path="/m/#/report", permissions=[])
    expect(page.locator("#place")).to_contain_text("没有定位权限")
    said = unique_text()
    fill_report(page, said)
    page.get_by_role("button", name="地图选点").click()
    drawing = page.get_by_role("application")
    box = drawing.bounding_box()
    assert box is not None
    drawing.click(position={"x": box["width"] * 0.8, "y": box["height"] / 2})
    expect(page.locator(".map-here strong")).to_have_text("第二微网格")
    drawing.press("ArrowLeft")
    page.get_by_role("button", name="用这个位置").click()
    expect(page.locator("#place")).to_contain_text("第二微网格 ✓")
    page.get_by_role("button", name="提交").click()
    number = expect_one_case(page, site, said)
    assert site.run(site.harness.get("admin", f"/cases/{number}"))["grid"]["name"] == "第二微网格"


def test_a_likely_duplicate_can_be_added_to(open_page: OpenPage, site: Site) -> None:
    spot = {"lat": 38.0077, "lon": 117.0033}
    known = site.report(title="疑似重复的欠薪", location=spot)
    page = open_phone(open_page, path="/m/#/report", geolocation={"latitude": 38.0077, "longitude": 117.0033})
    said = unique_text()
    fill_report(page, said)
    expect(page.locator(".duplicates")).to_contain_text("疑似重复的欠薪")
    page.get_by_role("button", name=f"追加到 {known}").click()
    expect(page.locator(".result-line")).to_have_text("已受理", timeout=15_000)
    facts = site.run(site.harness.get("admin", f"/cases/{known}/facts"))
    assert facts[-1]["kind"] == "attached"
    assert facts[-1]["body"]["note"] == said


def test_a_report_that_the_server_has_and_not_yet_recorded_is_followed(open_page: OpenPage, site: Site) -> None:
    page = open_with_a_clock(open_page)

    def accepted(route: Route) -> None:
        if route.request.method != "POST":
            return route.fallback()
        answer = route.fetch()
        report = json.loads(route.request.post_data or "{}")["report_id"]
        assert answer.status in (200, 201)
        return route.fulfill(status=202, json={"status": "accepted", "report_id": report, "href": ""})

    page.route("**/api/v1/cases", accepted)
    said = unique_text()
    fill_report(page, said)
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".result-line")).to_have_text("已保存在服务器,待登记")
    page.clock.fast_forward(6_000)
    expect_one_case(page, site, said)


# --- own reports, settings --------------------------------------------------------------------------------------------


def test_ones_own_reports_and_ones_month(open_page: OpenPage, site: Site) -> None:
    title = unique_text()
    number = site.report(title=title)
    page = open_phone(open_page, path="/m/#/mine")
    expect(page.locator(".figures dt").first).to_have_text("本月上报")
    page.get_by_label("搜索标题或编号").fill(title)
    expect(page.locator("a.cell")).to_have_count(1)
    page.locator("a.cell").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator("dl.facts")).to_contain_text(number)


def test_ones_own_reports_count_rework_with_its_reason(site: Site) -> None:
    case_no = site.at_handling()
    site.do("labour_handler", case_no, "claim")
    site.do("labour_handler", case_no, "complete", result="已结清")
    site.do("reviewer", case_no, "fail_review", reason="回访未到账")
    known = site.run(site.harness.get("worker", "/me/reports"))
    assert {"case_no": case_no, "reason": "回访未到账"}.items() <= known["month"]["reasons"][0].items()
    assert known["month"]["rework"] >= 1
    assert case_no in [item["case_no"] for item in known["items"]]
    assert site.run(site.harness.get("auditor", "/me/reports"))["items"] == []


def test_language_and_large_type_are_remembered(open_page: OpenPage) -> None:
    page = open_phone(open_page, path="/m/#/me")
    page.get_by_role("button", name="长辈版").click()
    expect(page.locator("html")).to_have_class("large")
    page.get_by_role("button", name="English").click()
    expect(page).to_have_url(re.compile(r"/m/en\.html#/me$"))
    expect(page.locator("html")).to_have_class("large")
    page.goto("/m/")
    expect(page).to_have_url(re.compile(r"/m/en\.html"))


def test_signing_out_warns_of_what_waits(open_page: OpenPage) -> None:
    page = open_phone(open_page, expect=AWAY)
    wait_until_cached(page)
    report_offline(page, unique_text())
    page.goto("/m/#/me")
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_text("还有 1 件未上传")).to_be_visible()
    page.get_by_role("button", name="仍然退出").click()
    expect(page.get_by_role("alert")).to_have_text("没有网络,暂时不能退出")


def test_the_back_key_closes_what_was_opened(open_page: OpenPage) -> None:
    page = open_phone(open_page)
    page.get_by_role("link", name="拍照上报").click()
    page.locator("#category a").click()
    expect(page.get_by_role("heading", name="选择类别")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="事件上报")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("link", name="拍照上报")).to_be_visible()


# --- every screen -----------------------------------------------------------------------------------------------------


def open_app(open_page: OpenPage, look: tuple[str, str, bool], username: str) -> Page:
    """The app in a language and text size."""
    language, path, large = look
    page = open_phone(open_page, username, "", locale=LANGUAGE[language], expect=("401", "422"))
    page.add_init_script(f"localStorage.setItem('gridloop-large', '{int(large)}')")
    page.goto(path)
    return page


def check_all(page: Page, look: tuple[str, str, bool], screens: tuple[str, ...], check: Callable[..., None]) -> None:
    """Check that each screen passes `check`, and in English has no Chinese text except data."""
    language, path, large = look
    for screen in screens:
        page.goto(f"{path}#/{screen}")
        expect(page.locator("main")).to_be_visible()
        expect(page.get_by_text(re.compile("^(正在读取|Reading)"))).to_have_count(0)
        check(page, least=60 if large else 44)
        if language == "en":
            said = page.evaluate(
                "[...document.querySelectorAll('button, h1, h2, label, .banner, .tabs-bottom a, dt, .notice')]"
                ".filter(e => !e.closest('.cells') && e.lang !== 'zh').map(e => e.textContent)"
            )
            assert [text for text in said if _CJK.search(text)] == []


def test_every_screen_is_accessible_and_in_place(open_page: OpenPage, site: Site) -> None:
    """By axe in each language and each size once; in the other two looks by its layout and its texts."""
    site.report(title="列表中的一件")
    screens = ("", "report", "report/category", "report/map", "outbox", "mine", "notices", "me", "diagnosis")
    for look in LOOKS:
        check = check_screen if look in (LOOKS[0], LOOKS[3]) else check_layout
        check_all(open_app(open_page, look, ""), look, ("sign-in",), check)
        page = open_app(open_page, look, "worker")
        check_all(page, look, screens, check)
        if check is check_screen:  # a filled form with faults, on a narrow phone
            page.set_viewport_size({"width": 320, "height": 844})
            page.goto(f"{look[1]}#/report")
            page.locator("#self input").check()
            page.locator("#reporter summary").click()
            page.locator(".foot button").click()
            expect(page.locator("#photos .fault")).to_be_visible()
            check_screen(page, least=60 if look[2] else 44)


# --- size and pure functions ------------------------------------------------------------------------------------------


def test_the_shell_is_light(built: None) -> None:
    names = manifest()
    script = transfer_size(STATIC_DIR, names["field/main.js"])
    style = len(gzip.compress((STATIC_DIR / names["field/field.css"]).read_bytes()))
    for page in ("index.html", "en.html"):
        text = len(gzip.compress((STATIC_DIR / "field" / page).read_bytes()))
        assert script + style + text <= 45_000
    assert script <= 25_000


def test_nothing_built_names_another_host(built: None) -> None:
    own = re.compile(rb"https?://(?!www\.w3\.org/)[a-z]")
    for file in (STATIC_DIR / "field").iterdir():
        if file.suffix in (".js", ".html", ".css", ".webmanifest"):
            assert own.search(file.read_bytes()) is None, file.name


def test_the_pure_parts(built: None, tmp_path: Path) -> None:
    """The pure functions (item states, places, pinyin) in Node.js's test runner."""
    node = find_node().node
    made = tmp_path / "pure.test.mjs"
    tests = Path(__file__).parent / "pure.test.ts"
    bundle: list[Any] = [
        node, "node_modules/esbuild/bin/esbuild", tests, "--bundle", "--platform=node", "--format=esm",
        "--target=node18", f"--outfile={made}", "--log-level=warning", f"--alias:field={UI / 'field'}",
        f"--alias:map={UI / 'map'}", f"--alias:analysis={UI / 'analysis'}",
    ]  # fmt: skip
    subprocess.run(bundle, cwd=UI, check=True)
    done = subprocess.run([node, "--test", made], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
