"""Reports outside the person's own grid: the neighbouring grid is found and named, and gets the report.

Nothing more of it is visible.
"""

import pytest
from playwright.sync_api import Page, expect

from models.enums import Role
from tests.builders import MICRO, MICRO_2, Holder, add_people
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import OpenPage
from tests.ui.phone import AWAY, HERE, expect_one_case, fill_report, open_phone, unique_text, wait_until_cached
from tests.ui.site import Site

#: Within the second micro-grid of the tiny park, and beyond every grid.
BESIDE = {**HERE, "longitude": 117.015}
BEYOND = {**HERE, "longitude": 117.05}
WHO = "next_door"


@pytest.fixture(scope="module", autouse=True)
def _somebody_in_one_micro_grid(site: Site) -> None:
    async def add() -> None:
        async with site.harness.engine.begin() as connection:
            await add_people(connection, Holder(WHO, "隔壁网格员", Role.GRID_WORKER, grid=MICRO))

    site.run(add())


def at(open_page: OpenPage, place: dict[str, float], path: str = "/m/#/report", **options: object) -> Page:
    return open_phone(open_page, WHO, path, geolocation=place, **options)


def test_the_neighbour_s_grid_is_named_and_gets_it(open_page: OpenPage, site: Site) -> None:
    page = at(open_page, BESIDE)
    expect(page.locator("#place")).to_contain_text("不在您负责的网格内:可以上报,由第二微网格受理")
    expect(page.get_by_label("我已现场处置(自处置)")).to_have_count(0)
    said = unique_text()
    fill_report(page, said)
    check_screen(page, least=44)
    screenshot(page, "field-neighbour")
    page.get_by_role("button", name="提交").click()
    number = expect_one_case(page, site, said)
    assert site.run(site.harness.get("admin", f"/cases/{number}"))["grid"]["code"] == MICRO_2
    page.get_by_role("link", name="查看案件").click()
    expect(page.locator("dl.facts")).to_contain_text("第二微网格")


def test_without_a_network_the_neighbour_s_grid_is_known_too(open_page: OpenPage, site: Site) -> None:
    page = at(open_page, HERE, "/m/", expect=AWAY)
    wait_until_cached(page)
    page.context.set_offline(True)
    page.context.set_geolocation({"latitude": HERE["latitude"], "longitude": BESIDE["longitude"], "accuracy": 9})
    page.goto("/m/#/report")
    page.get_by_role("button", name="重新定位").click()
    expect(page.locator("#place")).to_contain_text("由第二微网格受理")
    said = unique_text()
    fill_report(page, said)
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".result-line")).to_have_text("已保存,待上传")
    page.context.set_offline(False)
    expect_one_case(page, site, said)


def test_where_the_place_lies_decides_what_is_said_of_it(open_page: OpenPage) -> None:
    """In one's own grid nothing; what was marked as settled is not once it lies elsewhere; beyond what the phone knows
    the place decides."""
    page = at(open_page, HERE)
    notice = page.locator("#place .notice")
    expect(page.locator("#place")).to_contain_text("第一微网格 ✓")
    expect(notice).to_have_count(0)
    page.get_by_label("我已现场处置(自处置)").check()
    page.get_by_label("处置结果").fill("当场清理")
    for place, told in ((BESIDE, "由第二微网格受理"), (BEYOND, "上传后按位置确定由哪个网格受理")):
        page.context.set_geolocation({"latitude": 38.004, "longitude": place["longitude"], "accuracy": 9})
        page.get_by_role("button", name="重新定位").click()
        expect(page.locator("#place")).to_contain_text(told)
    expect(page.locator("#self")).to_have_count(0)
    page.get_by_label("事发网格").select_option(MICRO)
    expect(notice).to_have_count(0)
    page.get_by_role("button", name="重新定位").click()
    expect(page.locator("#place")).to_contain_text("上传后按位置确定由哪个网格受理")
    page.context.set_geolocation({"latitude": 38.004, "longitude": HERE["longitude"], "accuracy": 9})
    page.get_by_role("button", name="重新定位").click()
    expect(page.get_by_label("我已现场处置(自处置)")).not_to_be_checked()


def test_the_map_tells_own_and_neighbouring_grids_apart(open_page: OpenPage) -> None:
    page = at(open_page, BESIDE)
    expect(page.locator("#place")).to_contain_text("由第二微网格受理")
    page.get_by_role("button", name="地图选点").click()
    expect(page.locator(".map-here strong")).to_have_text("第二微网格")
    expect(page.locator(".map-here .tag")).to_have_text("相邻网格")
    expect(page.locator("path.unit.level-4.other")).to_have_count(1)
    check_screen(page, least=44)
    screenshot(page, "field-neighbour-map")
