"""A cold start of the field app: its early requests, and whose tasks it shows."""

from collections import Counter

from playwright.sync_api import Page, Request, expect

from doors.session import COOKIE
from tests.ui.conftest import OpenPage
from tests.ui.phone import open_phone
from tests.ui.site import Site

EARLY = ("/api/v1/me", "/api/v1/inbox", "/api/v1/notices")


def count_requests(page: Page) -> Counter[str]:
    """Count from now on how often each early request is sent."""
    found: Counter[str] = Counter()

    def heard(request: Request) -> None:
        path = "/" + request.url.split("/", 3)[3].partition("?")[0]
        if path in EARLY:
            found[path] += 1

    page.on("request", heard)
    return found


def test_it_asks_before_its_app_is_there(open_page: OpenPage) -> None:
    page = open_phone(open_page, path="", expect=("ERR_FAILED",))
    asked = count_requests(page)
    page.route("**/m/main-*.js", lambda route: route.abort())
    with page.expect_response("**/api/v1/inbox") as answer:
        page.goto("/m/")
    assert answer.value.ok
    assert set(asked) == set(EARLY)
    expect(page.get_by_text("正在打开…")).to_be_visible()


def test_each_question_is_asked_once_and_again_when_it_is_time(open_page: OpenPage) -> None:
    page = open_phone(open_page, path="")
    asked = count_requests(page)
    page.goto("/m/")
    expect(page.get_by_role("heading", name="我的任务")).to_be_visible(timeout=30_000)
    assert asked == dict.fromkeys(EARLY, 1)
    with page.expect_response("**/api/v1/inbox"):
        page.evaluate("window.dispatchEvent(new Event('online'))")
    assert asked["/api/v1/inbox"] == 2, "an early answer serves once"


def test_who_is_not_signed_in_asks_for_no_tasks(open_page: OpenPage) -> None:
    page = open_phone(open_page, "", path="", expect=("401",))
    asked = count_requests(page)
    page.goto("/m/")
    expect(page.get_by_label("密码")).to_be_visible(timeout=30_000)
    assert asked == {"/api/v1/me": 1}


def test_nobody_is_shown_what_lies_here_of_somebody_else(open_page: OpenPage, site: Site) -> None:
    title = "只给本部门看的任务"
    site.at_handling(title=title)
    page = open_phone(open_page, "labour_handler")
    expect(page.get_by_text(title).first).to_be_visible()
    page.context.add_cookies([{"name": COOKIE, "value": site.token("worker"), "url": site.url}])
    page.route("**/api/v1/inbox", lambda route: None)  # without an answer only cached data could be shown
    # Until the server answers, the phone still belongs to the first person; after that none of their data may be shown.
    page.context.add_init_script(
        """sessionStorage.shown = '';
           new MutationObserver(() => {
             const text = document.body?.textContent ?? '';
             if (text.includes('拍照上报')) sessionStorage.shown += text;
           }).observe(document, { childList: true, subtree: true, characterData: true });"""
    )
    page.reload()
    expect(page.get_by_role("link", name="拍照上报")).to_be_visible()
    kept = """async () => new Promise((done, failed) => {
      const asked = indexedDB.open('gridloop');
      asked.onerror = () => failed(asked.error);
      asked.onsuccess = () => {
        const found = asked.result.transaction('kept').objectStore('kept').get('me');
        found.onsuccess = () => done(found.result?.me.username);
      };
    })"""
    deadline = page.evaluate("performance.now()") + 10_000
    while page.evaluate(kept) != "worker":
        assert page.evaluate("performance.now()") < deadline, "the phone never became the other's"
    expect(page.get_by_text("正在读取任务…")).to_be_visible()
    assert title not in page.evaluate("sessionStorage.shown")
