"""The map: filled by a measure, a list beside it, the same by keyboard, nothing from elsewhere."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.builders import COMMUNITY, MICRO
from tests.ui.checks import check_screen, shoot
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.site import Site
from tests.ui.weights import Weights


@pytest.fixture(scope="module")
def placed(site: Site) -> str:
    """A case that says where it is."""
    return site.report(title="地图上的案件", location={"lat": 38.005, "lon": 117.005}, grid=MICRO)


def ready(page: Page) -> None:
    """Waits until the map is drawn."""
    expect(page.locator("#map[data-ready=yes]")).to_be_visible()


def test_a_unit_clicked_on_the_map_lists_its_cases(open_page: OpenPage, placed: str) -> None:
    page = open_page("supervisor", f"/map?grid={COMMUNITY}&level=4")
    ready(page)
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.42, box["y"] + box["height"] * 0.3)
    side = page.locator("#side")
    expect(side.get_by_role("heading")).to_have_text("第一微网格")
    expect(side).to_contain_text("未结案")
    shoot(page, "map")


def test_the_table_is_the_way_for_the_keyboard(open_page: OpenPage, placed: str) -> None:
    page = open_page("supervisor", "/map?level=4")
    ready(page)
    rows = page.locator("#map-table [data-row]")
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("#side").get_by_role("heading")).to_have_text("第一微网格")


def test_a_box_lists_the_cases_in_it_and_the_view_is_in_the_address(open_page: OpenPage, placed: str) -> None:
    page = open_page("supervisor", f"/map?grid={COMMUNITY}&level=4")
    ready(page)
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 70, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + box["height"] - 5, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    expect(page.locator("#side")).to_contain_text(placed)
    page.locator(".leaflet-control-zoom-in").click()
    expect(page).to_have_url(re.compile(r"#[0-9.]+/[0-9.-]+/[0-9.-]+$"))


def test_counts_are_fetched_again_by_themselves(open_page: OpenPage) -> None:
    page = open_page("supervisor")
    page.clock.install()
    page.goto("/map?level=4")
    ready(page)
    with page.expect_response("**/map/counts.json*") as answer:
        page.clock.run_for(31_000)
    assert {"code", "open", "overdue"} <= set(answer.value.json()["units"][0])


@pytest.mark.parametrize(("lang", "large"), [("zh", False), ("en", True)])
def test_the_map_is_accessible(open_page: OpenPage, site: Site, lang: str, large: bool) -> None:
    page = open_page("supervisor")
    value = f"lang={lang}&large={int(large)}&keys=1"
    page.context.add_cookies([{"name": "gridloop_prefs", "value": value, "url": site.url}])
    page.goto("/map?measure=density&level=4")
    ready(page)
    check_screen(page, least=60 if large else 36)


def test_the_map_fits_a_phone(open_page: OpenPage) -> None:
    page = open_page("supervisor", "/map", viewport=PHONE)
    ready(page)
    check_screen(page)


def test_the_map_is_small(open_page: OpenPage) -> None:
    page = open_page("supervisor")
    weights = Weights(page)
    page.goto("/map?level=4")
    ready(page)
    assert weights.total <= 300_000
    assert weights.scripts <= 75_000


def test_without_scripts_the_table_and_its_lists_are_there(open_page: OpenPage, placed: str) -> None:
    page = open_page("supervisor", "/map?level=4", java_script_enabled=False)
    page.locator("#map-table").get_by_role("link", name="第一微网格").click()
    expect(page.locator("body")).to_contain_text("第一微网格")
