"""Budgets of each page on a slow machine with a slow network, with the data of a whole park.

Times are for an idle machine; here the best of three loads may take half as much again.
"""

import io
import time
from collections.abc import Iterator

import httpx
import openpyxl
import pytest
from playwright.sync_api import Browser, Page, expect

from doors.session import COOKIE
from tests.servers import Servers
from tests.ui.budgets import FOUR_G, SLOW_FOUR_G, Budget, Visit, best_cold_load, best_of, slow_down, slow_page
from tests.ui.crowd import CASES, GRIDS, crowd
from tests.ui.phone import HERE, a_large_photo, take_photo
from tests.ui.site import Site, running_site

#: What is timed has the machine for itself.
pytestmark = pytest.mark.alone

SHELL = Visit("worker", "/m/", SLOW_FOUR_G, "a.primary.big", phone=True)
PAGES = {
    # Its bytes are checked in `test_field`: it prefetches the rest of the app in the background.
    "phone": (SHELL, Budget(lcp=1_200, ready=1_500, tbt=150)),
    "public": (Visit("", "/p", SLOW_FOUR_G, "[name=code]", phone=True), Budget(lcp=800, total=20_000, scripts=0)),
    "queue": (
        Visit("labour_handler", "/queue", FOUR_G, "#rows tr[data-case]"),
        Budget(lcp=1_000, total=60_000, scripts=25_000),
    ),
    "case": (
        Visit("labour_handler", "/cases/{long}", FOUR_G, ".timeline-legend"),
        Budget(lcp=1_000, total=60_000, scripts=25_000),
    ),
    "board": (
        Visit("supervisor", "/board", FOUR_G, ".tile"),
        Budget(lcp=1_000, tbt=100, cls=0.02, total=80_000, scripts=25_000),
    ),
    # As heavy as a board gets: 602 units under one parent. How long that takes has no budget yet.
    "board of many units": (
        Visit("supervisor", "/board?grid={grid}", FOUR_G, ".tile"),
        Budget(lcp=float("inf"), cls=0.02, total=80_000, scripts=25_000),
    ),
    "map": (
        Visit("supervisor", "/map?level=4", FOUR_G, "#map[data-ready=yes]"),
        Budget(lcp=1_500, ready=2_500, total=300_000, scripts=75_000),
    ),
    "analysis": (
        Visit("supervisor", "/analysis", FOUR_G, "[data-chart][data-drawn=yes]"),
        Budget(lcp=1_500, cls=0.02, total=350_000, scripts=260_000),
    ),
}
#: Milliseconds: from a key to the focus; a frame while the map is dragged; a photo of twelve megapixels until it is
#: stored. Bytes of a stored photo.
FOCUSED, FRAME, STORED, PHOTO = 60, 50, 1_500, 300_000
#: From the click on a filter to its painted list.
FILTERED = 300
#: Until a workbook of 5,000 rows is there.
WORKBOOK = 1_500
#: Nodes of a queue of fifty rows.
NODES = 2_500


@pytest.fixture(scope="module")
def busy(
    servers: Servers, built: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, dict[str, str]]]:
    """A separate site with 600 grids and 5,000 cases, and the addresses of its contents."""
    with running_site(servers, tmp_path_factory.mktemp("busy")) as site:
        yield site, crowd(site)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_keeps_within_its_budget(browser: Browser, busy: tuple[Site, dict[str, str]], name: str) -> None:
    site, places = busy
    visit, budget = PAGES[name]
    where = Visit(visit.username, visit.path.format(**places), visit.line, visit.ready, visit.phone)
    felt, over = best_cold_load(browser, site, where, budget)
    print(name, felt)
    assert not over
    if name == "analysis":
        assert felt.ready > felt.fcp, "the tables are there before the charts"


def test_the_phone_opens_again_without_the_network(browser: Browser, busy: tuple[Site, dict[str, str]]) -> None:
    site, _ = busy
    before_paint = """() => {
      const painted = performance.getEntriesByName('first-contentful-paint')[0].startTime;
      const asked = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
      return asked.filter((entry) => entry.startTime < painted).reduce((sum, entry) => sum + entry.transferSize, 0);
    }"""
    with slow_page(browser, site, "worker", phone=True, service_workers="allow") as first:
        first.goto("/m/")
        expect(first.locator("h1")).to_be_visible()
        assert first.evaluate(before_paint) > 0
        first.evaluate("navigator.serviceWorker.ready.then(() => null)")
        again = first.context.new_page()
        slow_down(again, SLOW_FOUR_G)
        again.goto("/m/")
        expect(again.locator("h1")).to_be_visible()
        assert again.evaluate(before_paint) == 0


def test_a_large_photo_is_soon_small(browser: Browser, busy: tuple[Site, dict[str, str]]) -> None:
    site, _ = busy
    # From the moment at which the camera returns the picture.
    watch = """() => {
      window.photos = 0;
      document.addEventListener('change', (event) => {
        if (event.target.type === 'file') window.taken = performance.now();
      }, true);
      new MutationObserver(() => {
        const count = document.querySelectorAll('#photos .photo').length;
        if (count > window.photos) window.stored = performance.now();
        window.photos = count;
      }).observe(document.body, { childList: true, subtree: true });
    }"""
    sizes = """() => new Promise((done, failed) => {
      const asked = indexedDB.open('gridloop');
      asked.onerror = () => failed(asked.error);
      asked.onsuccess = () => {
        const all = asked.result.transaction('photos').objectStore('photos').getAll();
        all.onsuccess = () => done(all.result.map((photo) => photo.data.byteLength));
      };
    })"""
    photo = a_large_photo()

    options = {"permissions": ["geolocation"], "geolocation": HERE}
    with slow_page(browser, site, "worker", phone=True, **options) as page:
        page.goto("/m/#/report")
        expect(page.get_by_role("heading", name="事件上报")).to_be_visible()
        page.evaluate(watch)

        def measure() -> float:
            before = page.locator("#photos .photo").count()
            take_photo(page, "拍远景" if before else "拍近景", photo)
            expect(page.locator("#photos .photo")).to_have_count(before + 1)
            assert all(10_000 < size <= PHOTO for size in page.evaluate(sizes))
            return float(page.evaluate("window.stored - window.taken"))

        taken, allowed = best_of(page, measure, STORED)
    assert taken <= allowed


def test_the_queue_answers_at_once(browser: Browser, busy: tuple[Site, dict[str, str]]) -> None:
    site, _ = busy
    # From the click until the frame that shows another list.
    watch = """() => {
      document.addEventListener('click', (event) => { window.clicked = event.timeStamp; window.painted = 0; }, true);
      new MutationObserver(() => requestAnimationFrame(() => setTimeout(() => { window.painted = performance.now(); })))
        .observe(document.querySelector('.with-preview'), { childList: true });
    }"""
    taken_in_all = """() => new Promise((done) => {
      const look = () => window.painted ? done(window.painted - window.clicked) : requestAnimationFrame(look);
      look();
    })"""
    hear_keys = """() => {
      window.waits = [];
      let pressed = 0;
      window.addEventListener('keydown', (event) => { pressed = event.timeStamp; }, true);
      document.addEventListener('focusin', () => { window.waits.push(performance.now() - pressed); }, true);
    }"""
    with slow_page(browser, site, "labour_handler") as page:
        page.goto("/queue")
        expect(page.locator("#rows tr[data-case]")).to_have_count(50)
        assert page.evaluate("document.querySelectorAll('*').length") <= NODES
        page.evaluate(watch)

        def filter_by(words: str) -> float:
            page.get_by_role("searchbox").fill(words)
            page.keyboard.press("Enter")
            # Not checked earlier: Playwright slowly reads the whole page while an expectation is not met.
            taken = float(page.evaluate(taken_in_all))
            expect(page.locator("#list .chip").first).to_contain_text(words)
            expect(page.locator("#rows tr[data-case]")).to_have_count(50)  # including the rows below the first screen
            return taken

        def filter_five_times() -> float:
            return max(filter_by(f"拥挤 {number}") for number in range(10, 15))

        taken, allowed = best_of(page, filter_five_times, FILTERED)
        print("filtered", round(taken), round(allowed))
        assert taken <= allowed
        page.evaluate(hear_keys)

        def press_ten_times() -> float:
            page.evaluate("window.waits = []")
            for count in range(1, 11):
                page.keyboard.press("j" if count % 2 else "k")
            waits = page.evaluate("window.waits")
            assert len(waits) >= 9, "each key moves the focus"
            return float(max(waits))

        taken, allowed = best_of(page, press_ten_times, FOCUSED)
        assert taken <= allowed


def test_the_map_follows_the_hand(browser: Browser, busy: tuple[Site, dict[str, str]]) -> None:
    site, _ = busy
    record = """() => {
      window.frames = [];
      let last = performance.now();
      const next = (now) => {
        window.frames.push(now - last);
        last = now;
        window.recording = requestAnimationFrame(next);
      };
      window.recording = requestAnimationFrame(next);
    }"""
    with slow_page(browser, site, "supervisor") as page:
        page.goto("/map?level=4")
        expect(page.locator("#map[data-ready=yes]")).to_be_visible(timeout=60_000)
        assert page.locator("#map-table [data-row]").count() >= GRIDS
        taken, allowed = best_of(page, lambda: _dragged(page, record), FRAME)
    assert taken <= allowed


def _dragged(page: Page, record: str) -> float:
    """The 95th percentile of frame times in milliseconds while the map is dragged."""
    box = page.locator("#map").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.evaluate(record)
    before = page.evaluate("document.querySelector('.leaflet-map-pane').style.transform")
    for step in range(1, 31):
        page.mouse.move(middle[0] - 4 * step, middle[1] - 2 * step)
    frames = sorted(page.evaluate("cancelAnimationFrame(window.recording), window.frames"))
    assert page.evaluate("document.querySelector('.leaflet-map-pane').style.transform") != before, "the map has moved"
    page.mouse.up()
    return float(frames[int(len(frames) * 0.95) - 1])


def test_a_workbook_of_five_thousand_rows_is_written_while_one_waits(
    browser: Browser, busy: tuple[Site, dict[str, str]]
) -> None:
    site, _ = busy
    books: list[bytes] = []

    def measure() -> float:
        begun = time.perf_counter()
        answer = httpx.get(
            f"{site.url}/cases/export.xlsx?q=拥挤", cookies={COOKIE: site.token("supervisor")}, timeout=60
        )
        assert answer.status_code == 200
        books.append(answer.content)
        return (time.perf_counter() - begun) * 1000

    with slow_page(browser, site, "") as page:  # to know how busy the machine is
        taken, allowed = best_of(page, measure, WORKBOOK)
    print("workbook", round(taken), round(allowed))
    assert taken <= allowed
    sheet = openpyxl.load_workbook(io.BytesIO(books[-1]), read_only=True).worksheets[0]
    assert sum(1 for _ in sheet.iter_rows()) == CASES + 1
