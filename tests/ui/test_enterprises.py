"""Pages of enterprises: register, colour with its reasons, a case linked by the desk, a file loaded; and points."""

from pathlib import Path

from playwright.sync_api import Page, expect

from models.credit_code import check_character
from tests.builders import GRID, MICRO
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import OpenPage
from tests.ui.phone import HERE, expect_one_case, fill_report, open_phone, unique_text
from tests.ui.site import Site


def credit_code(number: int) -> str:
    """A valid code."""
    first = f"91130100MC0{number:06d}"
    return first + check_character(first)


def checked(page: Page, name: str) -> None:
    """The screen is accessible and well laid out; its picture is kept."""
    screenshot(page, name)
    check_screen(page)


def test_an_enterprise_is_registered_and_its_code_checked(open_page: OpenPage) -> None:
    page = open_page("duty", "/park/enterprises/new", expect=("422",))
    code = credit_code(1)
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    page.get_by_label("统一社会信用代码").fill(wrong)
    page.get_by_label("名称").first.fill("东方印染有限公司")
    page.get_by_label("网格").fill(GRID)
    page.get_by_label("规模").select_option("above_scale")
    page.get_by_label("班次").fill("早班 | 08:00 | 20:00\n晚班 | 20:00 | 08:00")
    page.get_by_label("车间").fill("W1 | 染色车间")
    page.get_by_role("button", name="登记企业").click()
    expect(page.get_by_text("的校验位")).to_be_visible()
    checked(page, "enterprise_fault")
    page.get_by_label("统一社会信用代码").fill(code.lower())
    page.get_by_role("button", name="登记企业").click()
    expect(page.get_by_text("“登记企业”已记录")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("东方印染有限公司")
    expect(page.locator("#colour .plate").first).to_contain_text("绿牌")
    page.get_by_role("link", name="更正登记").click()
    expect(page.locator("textarea[name=shifts]")).to_have_value("早班 | 08:00 | 20:00\n晚班 | 20:00 | 08:00")
    page.locator("textarea[name=workshops]").fill("")
    page.get_by_label("用工人数").fill("420")
    page.get_by_role("button", name="更正登记").click()
    expect(page.get_by_text("“更正登记”已记录")).to_be_visible()
    expect(page.locator("dl.details").first).to_contain_text("420")
    expect(page.get_by_text("染色车间")).to_have_count(0)
    expect(page.get_by_role("cell", name="早班")).to_be_visible()


def test_the_colour_is_told_in_words_and_opens_its_cases(open_page: OpenPage, site: Site) -> None:
    code = credit_code(2)
    site.run(site.harness.enterprise(code, name="红牌印染有限公司"))
    no = site.report(category="0201", severity="major", enterprise=code)
    page = open_page("supervisor", f"/park/enterprises/{code}", expect=("422",))
    for _ in range(40):
        if page.locator("#colour .plate-red").count():
            break
        page.wait_for_timeout(250)
        page.reload()
    expect(page.locator("#colour")).to_contain_text("特别严重的事件未办结")
    expect(page.locator("#colour .plate-red").first).to_contain_text("红牌")
    expect(page.locator("#cases tbody tr")).to_have_count(1)
    checked(page, "enterprise_red")
    page.locator("#colour").get_by_role("link", name=no).click()
    expect(page.locator("#case-facts")).to_contain_text("红牌印染有限公司")
    page.go_back()
    page.get_by_label("看哪一天").fill("2020-01-01")
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_text("该日尚未登记")).to_be_visible()
    page.goto(page.url.partition("?")[0] + "?form=override_colour#action")
    page.get_by_label("颜色").select_option("green")
    page.get_by_label("至").fill("2020-01-01")
    page.get_by_label("理由").fill("已约谈")
    page.get_by_role("button", name="人工定色").click()
    expect(page.locator(".fault").first).to_be_visible()


def test_the_list_opens_each_colour_and_a_file_is_loaded(open_page: OpenPage, site: Site, tmp_path: Path) -> None:
    site.run(site.harness.enterprise(credit_code(3), name="清单印染有限公司"))
    page = open_page("duty", "/park/enterprises")
    checked(page, "enterprises")
    page.locator(".plates a", has_text="绿牌").click()
    expect(page.locator("tbody .plate-green").first).to_be_visible()
    assert page.locator("tbody .plate-red").count() == 0
    page.get_by_role("link", name="从表格登记").click()
    file = tmp_path / "名册.csv"
    file.write_text(f"统一社会信用代码,企业名称,网格\n{credit_code(4)},文件印染有限公司,{GRID}\n123,错码公司,{GRID}\n")
    page.get_by_label("文件").set_input_files(file)
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_text("须为 18 位,实有 3 位")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="已登记")).to_contain_text("1")
    checked(page, "enterprises_loaded")


def test_the_desk_links_a_case(open_page: OpenPage, site: Site) -> None:
    code = credit_code(5)
    site.run(site.harness.enterprise(code, name="鑫宏精密模具有限公司"))
    no = site.report(category="0201", title="鑫宏精密拖欠工资")
    page = open_page("duty", f"/cases/{no}?act=link_enterprise")
    field = page.locator("#form-link_enterprise input[name=enterprise]")
    field.focus()
    expect(page.locator("#act-enterprises option").first).to_have_attribute("value", code)
    field.fill(code)
    page.locator("#form-link_enterprise button.primary").click()
    expect(page.locator("#case-facts")).to_contain_text("鑫宏精密模具有限公司")
    page.goto(page.url.partition("/cases")[0] + f"/cases?enterprise={code}")
    expect(page.get_by_role("link", name="鑫宏精密拖欠工资").first).to_be_visible()
    expect(page.locator(".chip", has_text="企业").first).to_contain_text("鑫宏精密模具有限公司")


def test_points_lead_to_their_facts(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling(category="0201")
    site.do("labour_handler", no, "complete", result="已处理")
    page = open_page("supervisor", "/park/points")
    checked(page, "points")
    page.locator("tbody").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="按期办结")).to_be_visible()
    expect(page.get_by_role("link", name=no)).to_be_visible()
    checked(page, "points_of")


def test_a_report_from_the_phone_names_a_suggested_enterprise(open_page: OpenPage, site: Site) -> None:
    code = credit_code(6)
    place = {"lat": HERE["latitude"], "lon": HERE["longitude"]}
    site.run(site.harness.enterprise(code, name="近旁印染有限公司", grid=MICRO, location=place))
    page = open_phone(open_page, path="/m/#/report")
    said = unique_text()
    fill_report(page, said)
    page.locator("#enterprise summary").click()
    page.get_by_role("button", name="近旁印染有限公司").click()
    expect(page.locator("#enterprise summary")).to_contain_text("近旁印染有限公司")
    checked(page, "field_report_enterprise")
    page.get_by_role("button", name="提交").click()
    number = expect_one_case(page, site, said)
    case = site.run(site.harness.get("admin", f"/cases/{number}"))
    assert case["enterprise"] == {"code": code, "name": "近旁印染有限公司"}
