"""The map: units filled by a measure, a list beside it, the same by keyboard, no requests to other hosts."""

import io
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image, ImageColor
from playwright.sync_api import Page, expect

from services.runtime.resources import Resources
from tests.builders import COMMUNITY, MICRO
from tests.ui.checks import check_layout, check_screen, screenshot
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.site import Site
from tests.ui.weights import Weights


@pytest.fixture(scope="module")
def placed(site: Site) -> str:
    """A case with a location."""
    return site.report(title="地图上的案件", location={"lat": 38.005, "lon": 117.005}, grid=MICRO)


def wait_until_drawn(page: Page) -> None:
    """Wait until the map is drawn."""
    expect(page.locator("#map[data-ready=yes]")).to_be_visible()


def test_a_unit_clicked_on_the_map_lists_its_cases(open_page: OpenPage, placed: str) -> None:
    page = open_page("supervisor", f"/map?grid={COMMUNITY}&level=4")
    wait_until_drawn(page)
    expect(page.locator(".area-label").get_by_text("第一微网格")).to_be_visible()
    expect(page.locator(".north-mark")).to_have_text("北")
    expect(page.locator(".leaflet-control-scale-line")).to_have_text(re.compile(r"\d+ (k?m)"))
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.42, box["y"] + box["height"] * 0.3)
    side = page.locator("#side")
    expect(side.get_by_role("heading")).to_have_text("第一微网格")
    expect(side).to_contain_text("未结案")
    # The list has taken space from the map, whose centre must not move.
    expect(page).to_have_url(re.compile(r"#[0-9.]+/38\.00\d+/117\.0(0999|1000)"))
    screenshot(page, "map")


def test_the_table_is_the_way_for_the_keyboard_and_a_name_typed_finds_its_unit(
    open_page: OpenPage, placed: str
) -> None:
    page = open_page("supervisor", "/map?level=4")
    wait_until_drawn(page)
    rows = page.locator("#map-table [data-row]")
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("#side").get_by_role("heading")).to_have_text("第一微网格")
    page.get_by_label("找网格").fill("第二微")
    expect(page.locator("#map-table tbody tr:visible")).to_have_count(1)
    page.get_by_label("找网格").press("Enter")
    expect(page.locator("#side").get_by_role("heading")).to_have_text("第二微网格")


def test_a_box_lists_the_cases_in_it_and_the_view_is_in_the_address(open_page: OpenPage, placed: str) -> None:
    page = open_page("supervisor", f"/map?grid={COMMUNITY}&level=4")
    wait_until_drawn(page)
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
    wait_until_drawn(page)
    with page.expect_response("**/map/counts.json*") as answer:
        page.clock.run_for(31_000)
    assert {"code", "open", "overdue"} <= set(answer.value.json()["units"][0])


def test_the_map_is_accessible_in_both_languages_large_and_on_a_phone(open_page: OpenPage, site: Site) -> None:
    page = open_page("supervisor")
    for lang, large in (("en", True), ("zh", False)):
        value = f"lang={lang}&large={int(large)}&keys=1"
        page.context.add_cookies([{"name": "gridloop_prefs", "value": value, "url": site.url}])
        page.goto("/map?measure=density&level=4")
        wait_until_drawn(page)
        check_screen(page, least=60 if large else 36)
    page.set_viewport_size(PHONE)
    page.goto("/map")
    wait_until_drawn(page)
    check_layout(page)


def test_the_map_is_small_and_without_tiles_its_policy_names_no_other_host(open_page: OpenPage) -> None:
    page = open_page("supervisor")
    weights = Weights(page)
    answer = page.goto("/map?level=4")
    assert answer is not None
    assert "http" not in answer.headers["content-security-policy"]
    wait_until_drawn(page)
    assert weights.total <= 300_000
    assert weights.scripts <= 75_000


def test_without_scripts_the_table_and_its_lists_are_there(open_page: OpenPage, placed: str) -> None:
    page = open_page("supervisor", "/map?level=4", java_script_enabled=False)
    page.locator("#map-table").get_by_role("link", name="第一微网格").click()
    expect(page.locator("body")).to_contain_text("第一微网格")


def test_a_line_drawn_around_cases_lists_those_within(open_page: OpenPage, placed: str, site: Site) -> None:
    apart = site.report(title="圈外案件", location={"lat": 38.0005, "lon": 117.0005}, grid=MICRO)
    page = open_page("supervisor", f"/map?grid={COMMUNITY}&level=4")
    wait_until_drawn(page)
    dot = page.evaluate(
        """async ([lat, lon]) => {
          const box = document.getElementById('map').getBoundingClientRect();
          return [box.left, box.top, box.width, box.height, lat, lon];
        }""",
        [38.005, 117.005],
    )
    left, top, width, height = dot[:4]
    page.get_by_role("button", name="圈选").click()
    expect(page.get_by_role("button", name="圈选")).to_have_attribute("aria-pressed", "true")
    points = [(0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98)]
    page.mouse.move(left + width * points[0][0], top + height * points[0][1])
    page.mouse.down()
    for x, y in points[1:]:
        page.mouse.move(left + width * x, top + height * y, steps=4)
    page.mouse.up()
    side = page.locator("#side")
    expect(side).to_contain_text(placed)
    expect(side).to_contain_text(apart)
    expect(page.get_by_role("button", name="圈选")).to_have_attribute("aria-pressed", "false")
    screenshot(page, "map-lasso")
    # A small line in a corner contains none of them.
    page.get_by_role("button", name="圈选").click()
    page.mouse.move(left + 60, top + height - 8)
    page.mouse.down()
    page.mouse.move(left + 90, top + height - 8, steps=3)
    page.mouse.move(left + 75, top + height - 30, steps=3)
    page.mouse.up()
    expect(page.locator("#map-said")).to_have_text("此范围没有带位置的未结案件")
    expect(side).not_to_contain_text(placed)


def test_the_view_is_saved_as_a_picture_with_its_legend(open_page: OpenPage, placed: str) -> None:
    page = open_page("supervisor", "/map?level=4&measure=open")
    wait_until_drawn(page)
    with page.expect_download() as told:
        page.get_by_role("button", name="PNG").click()
    assert re.fullmatch(r"gridloop-map-\d{4}-\d\d-\d\d\.png", told.value.suggested_filename)
    picture = Image.open(io.BytesIO(told.value.path().read_bytes())).convert("RGB")
    box = page.locator("#map").bounding_box()
    assert box is not None
    assert picture.width == round(box["width"])
    assert picture.height > box["height"] + 40
    colours = {colour for _, colour in picture.getcolors(1 << 24) or []}
    fills = page.locator("#legend rect").evaluate_all("rects => rects.map(rect => rect.getAttribute('fill'))")
    assert len(fills) == len(set(page.locator("#legend > span").all_inner_texts())) > 1
    shades = {ImageColor.getrgb(fill) for fill in fills}
    assert shades <= colours, "every shade of the legend is there"
    below = picture.crop((0, round(box["height"]) + 2, picture.width, picture.height))
    assert len(below.getcolors(1 << 24) or []) > len(shades), "and what it says"


def test_on_paper_the_view_is_a_picture(open_page: OpenPage, placed: str) -> None:
    page = open_page("supervisor", "/map?level=4")
    wait_until_drawn(page)
    page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(page.locator("#map-print")).to_be_visible()
    expect(page.locator("#map-print")).to_have_js_property("complete", True)
    expect(page.locator("#map")).to_be_hidden()
    screenshot(page, "map-print")
    page.emulate_media(media="screen")
    page.evaluate(
        """() => {
          const picture = document.getElementById('map-print');
          picture.removeAttribute('src');
          window.printed = [];
          window.print = () => window.printed.push(Boolean(picture.src && picture.complete));
        }"""
    )
    page.get_by_role("button", name="打印").click()
    page.wait_for_function("window.printed.length > 0")
    assert page.evaluate("window.printed") == [True], "once, when the picture is there"


def test_what_cannot_be_fetched_is_said(open_page: OpenPage, placed: str) -> None:
    page = open_page("supervisor", "/map?level=4", expect=("ERR_INTERNET_DISCONNECTED", "Failed to fetch"))
    wait_until_drawn(page)
    page.context.set_offline(True)
    page.locator("#map-table [data-row]").first.click()
    expect(page.locator("#map-said")).to_have_text("没有取到数据,请再试一次")
    page.context.set_offline(False)
    page.locator("#map-table [data-row]").first.click()
    expect(page.locator("#side").get_by_role("heading")).to_have_text("第一微网格")
    expect(page.locator("#map-said")).not_to_have_text("没有取到数据,请再试一次")


class TileServer:
    """A tile server on loopback: grey squares, or no tiles at all."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails = False
        outer = self
        made = io.BytesIO()
        Image.new("RGB", (256, 256), "#d9e2d0").save(made, "PNG")

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                self.send_response(500 if outer.fails else 200)
                self.send_header("Content-Type", "image/png")
                self.end_headers()
                if not outer.fails:
                    self.wfile.write(made.getvalue())

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def tiles(site: Site) -> Iterator[TileServer]:
    """The site with GCJ-02 map tiles. A test must request it before its page, so that it outlives the page."""
    server = TileServer()
    thread = threading.Thread(target=server.server.serve_forever, daemon=True)
    thread.start()
    known = site.harness.app.state.services
    changed = {
        "map_tiles_url": f"{server.url}/{{z}}/{{x}}/{{y}}.png",
        "map_tiles_crs": "gcj02",
        "map_tiles_credit": "©",
    }
    resources = known.resources
    site.harness.app.state.services = replace(
        known, resources=Resources(resources.settings.model_copy(update=changed), resources.engine, resources.temporal)
    )
    yield server
    site.harness.app.state.services = known
    server.server.shutdown()
    server.server.server_close()
    thread.join(5)


def with_tiles(open_page: OpenPage, server: TileServer, path: str) -> Page:
    """A page that may request the tile server but no other host."""
    page = open_page("supervisor", also=(server.url,))
    page.goto(path)
    wait_until_drawn(page)
    return page


def test_tiles_lie_beneath_where_the_house_has_set_them(tiles: TileServer, open_page: OpenPage, placed: str) -> None:
    page = with_tiles(open_page, tiles, "/map?level=4#17/38.00500/117.00500")
    expect(page.locator("#map[data-tiles=yes]")).to_be_visible()
    # In WGS-84 the middle lies in column 108132 of zoom 17; GCJ-02 draws it some 500 m further east.
    columns = {int(path.split("/")[2]) for path in tiles.asked if path.startswith("/17/")}
    middle = (117.005 + 180) / 360 * 2**17
    assert min(columns) <= middle + 1 <= max(columns) + 1
    assert (min(columns) + max(columns) + 1) / 2 > middle + 1, "the ground is that of the moved place"
    # The view in the address stays in WGS-84.
    page.locator(".leaflet-control-zoom-in").click()
    expect(page).to_have_url(
        re.compile(r"#17\.[0-9]+/38\.0050[0-9]/117\.0050[0-9]$|#18\.00/38\.0050[0-9]/117\.0050[0-9]$")
    )
    screenshot(page, "map-tiles")


def test_tiles_that_fail_leave_the_plain_map_and_one_message(
    tiles: TileServer, open_page: OpenPage, placed: str
) -> None:
    tiles.fails = True
    page = open_page("supervisor", expect=("500 (Internal Server Error)",), also=(tiles.url,))
    page.goto("/map?level=4")
    wait_until_drawn(page)
    expect(page.locator("#map-said")).to_have_text("底图暂不可用,只显示网格")
    expect(page.locator(".leaflet-tile")).to_have_count(0)
    page.locator("#map-table").get_by_role("link", name="第一微网格").click()
    expect(page.locator("#side").get_by_role("heading")).to_have_text("第一微网格")
