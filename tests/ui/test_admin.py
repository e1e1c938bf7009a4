"""Administration in a browser: supervisors may read it, administrators change it, and files load completely or not."""

import json
import re
from typing import Any

import httpx
from playwright.sync_api import FilePayload, expect

from doors.session import COOKIE
from tests.builders import COMMUNITY, GRID, MICRO_2, rectangle
from tests.ui.checks import check_layout, check_screen, screenshot, set_large_english
from tests.ui.conftest import DESK, PHONE, OpenPage
from tests.ui.site import Site

SCREENS = ("/admin", "/admin/org", "/admin/grids", "/admin/people", "/admin/roster", "/admin/categories",
           "/admin/calendars", "/admin/ladders", "/admin/policies", "/admin/policies/1", "/admin/actions",
           "/admin/open311")  # fmt: skip


#: Those of them that are looked at on a phone too.
ON_A_PHONE = {"/admin", "/admin/grids", "/admin/calendars", "/admin/categories", "/admin/policies", "/admin/actions"}


def test_every_screen_is_accessible_in_both_languages_and_fits_large_type_and_a_phone(
    open_page: OpenPage, site: Site
) -> None:
    page, english = open_page("admin"), open_page("admin")
    set_large_english(english, site.url)
    for path in SCREENS:
        page.goto(path)
        check_screen(page)
        screenshot(page, f"admin-{path.rsplit('/', 1)[-1]}")
        if path in ON_A_PHONE:
            page.set_viewport_size(PHONE)
            check_layout(page)
            page.set_viewport_size(DESK)
        english.goto(path)
        check_screen(english, least=60)
        own = english.locator("h1, main button, main th[scope=col]").all_inner_texts()
        assert not [said for said in own if re.search(r"[\u4e00-\u9fff]", said) and "测试" not in said], path


def test_a_broken_registry_is_told_by_line_and_stores_nothing(open_page: OpenPage, site: Site) -> None:
    page = open_page("admin", "/admin/grids", expect=("422",))
    broken = f"code,name,level,parent_code\n{COMMUNITY}901,好的,grid,{COMMUNITY}\nx,坏的,grid,\n"
    page.get_by_label("CSV 或 GeoJSON 文件").set_input_files(
        {"name": "g.csv", "mimeType": "text/csv", "buffer": broken.encode()}
    )
    page.get_by_role("button", name="导入").click()
    alert = page.get_by_role("alert").filter(has_text="未存入任何内容")
    expect(alert.get_by_role("row").filter(has_text="x,坏的,grid").first).to_contain_text("3")
    check_screen(page)
    units = site.run(site.harness.get("admin", "/grids", under=COMMUNITY))["items"]
    assert f"{COMMUNITY}901" not in {unit["code"] for unit in units}
    good = f"code,name,level,parent_code\n{COMMUNITY}901,好的,grid,{COMMUNITY}\n"
    page.get_by_label("CSV 或 GeoJSON 文件").set_input_files(
        {"name": "g.csv", "mimeType": "text/csv", "buffer": good.encode()}
    )
    page.get_by_role("button", name="只检查").click()
    expect(page.get_by_role("status").filter(has_text="没有问题")).to_be_visible()


def test_a_map_is_loaded_with_its_shapes_or_each_broken_feature_is_told(open_page: OpenPage, site: Site) -> None:
    code = f"{COMMUNITY}911"
    told = {"code": code, "name": "专属网格", "level": "grid", "parent_code": COMMUNITY, "type": "dedicated"}
    good = {"type": "Feature", "properties": told, "geometry": rectangle((117.012, 38.002, 117.018, 38.008))}
    bad = {"type": "Feature", "properties": {**told, "colour": "red"}, "geometry": {"type": "Point"}}

    def file(*features: Any) -> FilePayload:
        content = json.dumps({"type": "FeatureCollection", "features": features}, indent=1)
        return {"name": "g.geojson", "mimeType": "application/geo+json", "buffer": content.encode()}

    page = open_page("admin", expect=("422",))
    load = page.locator("button[name=action][value=load]")
    for lang, second in (("en", "feature 2"), ("zh", "第 2 个要素")):
        page.goto(f"/admin/grids?lang={lang}")
        page.locator("input[type=file]").set_input_files(file(good, bad))
        load.click()
        wrong = page.get_by_role("alert").get_by_role("row").filter(has_text=second)
        expect(wrong).to_have_count(2)
        expect(wrong.first).to_contain_text("colour")
        expect(page.get_by_role("alert").get_by_role("columnheader")).to_have_count(2)  # no quote of a bracket
        check_screen(page)
        screenshot(page, f"admin-grids-geojson-{lang}")
    units = site.run(site.harness.get("admin", "/grids", under=COMMUNITY))["items"]
    assert code not in {unit["code"] for unit in units}
    page.locator("input[type=file]").set_input_files(file(good))
    load.click()
    expect(page.get_by_role("status").filter(has_text="✓")).to_contain_text("1")
    shapes = site.run(site.harness.get("admin", "/grids.geojson", under=code))["features"]
    assert [shape["geometry"] for shape in shapes] == [good["geometry"]]


def test_an_absence_is_put_down_and_taken_back(open_page: OpenPage) -> None:
    page = open_page("admin", "/admin/roster", expect=("422",))
    form = page.locator("form").filter(has=page.get_by_role("heading", name="登记请假"))
    form.get_by_label("请假人").fill("nobody-there")
    form.get_by_label("自").fill("2099-01-02")
    form.get_by_label("至(含)").fill("2099-01-03")
    form.get_by_label("事由").fill("培训")
    form.get_by_role("button").click()
    expect(page.get_by_role("alert").filter(has_text="nobody-there")).to_be_visible()
    form = page.locator("form").filter(has=page.get_by_role("heading", name="登记请假"))
    form.get_by_label("请假人").fill("duty_")
    expect(page.locator("#people option[value=duty_2]")).to_be_attached()
    form.get_by_label("请假人").fill("duty_2")
    form.get_by_role("button").click()
    row = page.get_by_role("row").filter(has_text="duty_2")
    expect(row).to_contain_text("2099-01-02")
    expect(row.get_by_role("cell").first).to_have_text("园区受理员二 duty_2")
    row.get_by_role("button", name="撤销").click()
    expect(page.get_by_role("row").filter(has_text="duty_2")).to_have_count(0)


def test_people_are_found_and_places_are_told_by_name_with_their_code_beside_it(open_page: OpenPage) -> None:
    page = open_page("admin")
    everywhere = page.get_by_role("row").filter(has=page.get_by_role("cell", name="auditor", exact=True))
    for lang, all_grids, role, pattern in (
        ("zh", "全部网格", "志愿者", "{}({})"), ("en", "all grids", "volunteer", "{} ({})"),
    ):  # fmt: skip
        page.goto(f"/admin/org?lang={lang}")
        found = page.locator("main li").filter(has_text=role).first
        expect(found).to_contain_text(pattern.format("第一网格", GRID))
        expect(found).to_contain_text(pattern.format("第二微网格", MICRO_2))
        page.goto(f"/admin/people?lang={lang}")
        expect(everywhere).to_contain_text(all_grids)
    worker = page.get_by_role("row").filter(has=page.get_by_role("cell", name="worker", exact=True))
    expect(worker).to_contain_text(f"第一网格 {GRID}")
    rows = page.locator("main tbody tr")
    everybody = rows.count()
    page.locator("main input[name=q]").fill("labour_")
    page.locator("main input[name=q]").press("Enter")
    expect(rows.filter(has_text="labour_handler")).to_have_count(1)
    expect(worker).to_have_count(0)
    assert 0 < rows.count() < everybody
    check_screen(page)
    page.locator("main input[name=q]").fill("%")
    page.locator("main input[name=q]").press("Enter")
    expect(page.locator("main .empty")).to_contain_text("%")
    expect(rows).to_have_count(0)


def test_a_draft_from_its_first_fault_to_its_simulation(open_page: OpenPage, site: Site) -> None:
    site.at_handling(title="可推演")
    page = open_page("admin", "/admin/policies", expect=("422",))
    page.get_by_label("名称").fill("夏季时限")
    page.get_by_role("button", name="新建").click()
    text = page.get_by_label("YAML")
    good = text.input_value()
    text.fill(good.replace("host: labour", "host: nobody", 1))
    page.get_by_role("button", name="保存并检查").click()
    expect(page.get_by_role("alert").filter(has_text="nobody")).to_be_visible()
    check_screen(page)
    screenshot(page, "admin-draft-faults")
    page.get_by_label("YAML").fill(good)
    page.get_by_role("button", name="保存并检查").click()
    expect(page.get_by_role("status").filter(has_text="没有问题")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="预览影响").click()
    expect(page.get_by_role("status").filter(has_text="未结案件")).to_be_visible(timeout=30_000)
    draft = page.url
    page.get_by_role("button", name="用已记录案件推演").click()
    expect(page).to_have_url(re.compile(r"/admin/simulations/"))
    expect(page.get_by_role("link", name="打开图表报告")).to_be_visible(timeout=30_000)
    check_screen(page)
    screenshot(page, "admin-simulation")
    page.goto(draft)
    page.get_by_role("button", name="删除草稿").click()
    expect(page).to_have_url(re.compile(r"/admin/policies$"))


def test_a_supervisor_looks_and_changes_nothing(open_page: OpenPage, site: Site) -> None:
    page = open_page("supervisor", "/admin/policies")
    expect(page.get_by_role("button", name="新建")).to_have_count(0)
    cookies, origin = {COOKIE: site.token("supervisor")}, {"Origin": site.url}
    asked: tuple[tuple[str, dict[str, str], dict[str, Any]], ...] = (
        ("/admin/drafts", {"version": "1"}, {}),
        ("/admin/roster/absence", {"person": "duty", "since": "2099-01-01", "until": "2099-01-01", "reason": "x"}, {}),
        ("/admin/grids", {"action": "load"}, {"file": ("g.csv", b"code,name,level,parent_code\n")}),
    )
    for path, data, files in asked:
        answer = httpx.post(f"{site.url}{path}", data=data, files=files or None, cookies=cookies, headers=origin)
        assert answer.status_code == 403, path
        assert "管理员" in answer.text or "admin" in answer.text.lower(), path
    for username in ("worker", "fire_handler"):
        answer = httpx.get(f"{site.url}/admin/policies", cookies={COOKIE: site.token(username)})
        assert answer.status_code == 403


def test_a_person_is_added_and_given_a_role_by_forms(open_page: OpenPage) -> None:
    page = open_page("admin", "/admin/people/new?lang=en", expect=("422",))
    expect(page.locator("input[name=username]")).to_be_visible()
    check_screen(page)
    page.goto("/admin/people?lang=zh")
    page.locator("a[href='/admin/people/new']").click()
    expect(page.locator("input[name=username]")).to_be_visible()
    check_screen(page)
    page.locator("input[name=username]").fill("admin")
    page.locator("input[name=name]").fill("重名")
    page.locator("main button.primary").click()
    expect(page.get_by_role("alert").filter(has_text="admin")).to_be_visible()
    page.locator("input[name=username]").fill("new_by_form")
    page.locator("input[name=name]").fill("表单新人")
    page.locator("main button.primary").click()
    expect(page.locator("h1")).to_contain_text("new_by_form")
    give = page.locator("form").filter(has=page.locator("select[name=role]"))
    give.locator("select[name=role]").select_option("grid_worker")
    give.locator("button").click()
    expect(page.locator("p.alert")).to_be_visible()  # it takes a grid
    expect(page.locator("select[name=role]")).to_have_value("grid_worker")
    give.locator("input[name=grid]").fill(GRID)
    give.locator("button").click()
    row = page.locator("main tbody").first.locator("tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(f"第一网格 {GRID}")
    for lang in ("en", "zh"):
        page.goto(f"/admin/people/new_by_form?lang={lang}")
        check_screen(page)
        screenshot(page, f"admin-person-{lang}")
    row.locator("input[name=until]").fill("2099-12-31")
    row.locator("button").click()
    expect(row).to_contain_text("2099-12-31")
    page.locator("input[name=active]").uncheck()
    page.locator("form").filter(has=page.locator("input[name=active]")).locator("button").click()
    expect(page.locator("select[name=role]")).to_have_count(0)
    check_screen(page)
    page.goto("/admin/people?q=new_by_form")
    page.get_by_role("link", name="new_by_form").click()  # who has left is found, and may come back
    page.locator("input[name=active]").check()
    page.locator("form").filter(has=page.locator("input[name=active]")).locator("button").click()
    page.locator("a[href^='/admin/roster?person=']").click()
    expect(page.locator("form[action='/admin/roster/absence'] input[name=person]").last).to_have_value("new_by_form")


def test_a_key_of_open311_is_shown_once_and_revoked(open_page: OpenPage, site: Site) -> None:
    page = open_page("admin", "/admin/open311", expect=("422",))
    page.get_by_label("用途").fill("市民热线平台")
    page.get_by_label("单元编码").fill("nosuch")
    page.get_by_role("button", name="生成").click()
    expect(page.get_by_role("alert").filter(has_text="nosuch")).to_be_visible()
    expect(page.get_by_label("用途")).to_have_value("市民热线平台")
    page.get_by_label("单元编码").fill(COMMUNITY)
    page.get_by_role("button", name="生成").click()
    key = page.get_by_role("status").locator("code").inner_text()
    assert key.startswith("glo_")
    check_screen(page)
    screenshot(page, "admin-open311-made")
    page.goto("/admin/open311")
    assert key not in page.content()
    page.evaluate("window.confirm = (asked) => { document.title = asked; return false; }")
    page.get_by_role("button", name="撤销密钥: 市民热线平台").click()
    expect(page).to_have_title("确定要“撤销密钥”吗?提交后不能撤销。")
    page.reload()
    page.get_by_role("button", name="撤销密钥: 市民热线平台").click()
    expect(page.get_by_role("row").filter(has_text="市民热线平台")).to_contain_text("已撤销")
    open_page("supervisor", "/admin/open311", expect=("403",))
