"""Wording in place: menu entries on one line, tab names in sentence case, unit names in the right number."""

import re

from playwright.sync_api import Page, expect

from tests.ui.checks import check_layout, check_screen, screenshot
from tests.ui.conftest import OpenPage
from tests.ui.site import Site

#: Where there are tabs, and for whom.
TABS = (
    ("labour_handler", "/queue"), ("duty", "/queue"), ("reviewer", "/queue"), ("fire_head", "/queue"),
    ("supervisor", "/queue"), ("duty", "/intake"), ("duty", "/notices"), ("supervisor", "/ranking"),
    ("supervisor", "/ladder"), ("supervisor", "/urges"), ("supervisor", "/bulletins"), ("admin", "/admin/grids"),
)  # fmt: skip


def in_english(page: Page, site: Site, *, large: bool = False) -> Page:
    told = f"lang=en&large={int(large)}&keys=1"
    page.context.add_cookies([{"name": "gridloop_prefs", "value": told, "url": site.url}])
    return page


def test_tabs_are_named_in_sentence_case(open_page: OpenPage, site: Site) -> None:
    pages: dict[str, Page] = {}
    for username, path in TABS:
        page = pages[username] = pages.get(username) or in_english(open_page(username), site)
        page.goto(path)
        names = page.locator("nav.tabs a").evaluate_all("tabs => tabs.map(tab => tab.firstChild.textContent.trim())")
        assert names, path
        assert [name for name in names if not re.fullmatch(r"[A-Z][^A-Z]*", name)] == [], path


def test_each_entry_of_the_menu_is_one_line(open_page: OpenPage, site: Site) -> None:
    for username in ("supervisor", "duty", "fire_head"):
        page = open_page(username)
        for large in (False, True):
            in_english(page, site, large=large).goto("/notices")
            expect(page.locator(".menu")).to_contain_text("Urge orders")
            lines = page.locator(".menu a").evaluate_all("""entries => entries.map(entry => {
              const text = document.createRange();
              text.selectNodeContents(entry);
              const tops = [...text.getClientRects()].filter(box => box.width).map(box => box.top + box.height / 2);
              const menu = entry.closest('.menu').getBoundingClientRect();
              const wide = [...text.getClientRects()].some(box => box.right > menu.right - 8);
              return [Math.max(...tops) - Math.min(...tops) < 8, wide];
            })""")
            assert lines == [[True, False]] * len(lines), (username, large)
            check_layout(page, least=60 if large else 36)
            screenshot(page, f"menu-en-{username}{'-large' if large else ''}")
    check_screen(page, least=60)


def test_an_ordinary_case_is_not_told_of_urgent_hours(open_page: OpenPage, site: Site) -> None:
    no = site.report()
    assert site.run(site.harness.get("duty", f"/cases/{no}"))["severity"] == "ordinary"
    page, categories = open_page("duty"), open_page("admin")
    for lang, told, line in (
        ("zh", "2 小时(全天计时)", "全天计时"), ("en", "2 hours round the clock", "round the clock"),
    ):  # fmt: skip
        page.goto(f"/cases/{no}?lang={lang}")
        due = page.locator("#case-facts details.due").first
        due.locator("summary").click()
        expect(due.locator(".hint")).to_contain_text(told)
        expect(due.locator(".arithmetic li").first).to_contain_text(line)
        expect(page.locator("#case")).not_to_contain_text(re.compile("紧急工作时|urgent hours"))
        categories.goto(f"/admin/categories?lang={lang}")
        expect(categories.locator("main")).to_contain_text(told.partition(" ")[2])
        screenshot(categories, f"categories-{lang}")
