"""Fixtures for browser tests: one site and one Chromium per test process, and guarded pages for signed-in users."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, ViewportSize, expect, sync_playwright

from doors.session import COOKIE
from tests.servers import Servers
from tests.ui import chromium
from tests.ui.site import Site, running_site
from tests.ui.taught import taught_park
from web.build import bring_up_to_date
from web.reader import COOKIE as PREFERENCES

#: Opens a page for somebody by user name; "" for a visitor without an account. Options go to the browser context.
OpenPage = Callable[..., Page]
#: The ways of a case through phone, desk and public pages, with and without a network, by hand and by keys: for whoever
#: has changed a page and will not wait for all of them (`pytest -m smoke`).
SMOKE = tuple(
    Path(__file__).with_name(f"test_{name}.py")
    for name in (
        "evidence", "exports", "field_drafts", "guard", "intake", "keyboard", "live", "offline", "phone_start",
        "presence", "public",
    )
)  # fmt: skip
#: How long a page may take to show what is expected, and until an action is possible, in milliseconds: a busy machine
#: is no fault. What must happen soon has a time of its own in its test.
PATIENCE = 15_000
expect.set_options(timeout=PATIENCE)
DESK: ViewportSize = {"width": 1366, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests here as browser tests, and keep those of one file in one process, since they share a site."""
    here = Path(__file__).parent
    assert all(path.exists() for path in SMOKE), "a file of SMOKE has another name now"
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.ui)
        if item.path in SMOKE:
            item.add_marker(pytest.mark.smoke)


@pytest.fixture(scope="session")
def built() -> None:
    """Build the scripts and styles of the pages, if they are out of date."""
    bring_up_to_date()


@pytest.fixture(scope="session")
def site(servers: Servers, built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The running site of this test process."""
    with running_site(servers, tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def taught(site: Site) -> Iterator[None]:
    """The park has a model of suggestions."""
    with taught_park(site):
        yield


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A headless Chromium. It is closed before a test of another folder, because its event loop occupies the thread."""
    path = chromium.find()
    assert path is not None, chromium.MISSING.format(why="none was found")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=list(chromium.ARGUMENTS))
        yield launched
        launched.close()


class Guard:
    """Checks that a page never requests another host, violates the content policy, throws, or logs console errors."""

    def __init__(self, context: BrowserContext, url: str, *also: str) -> None:
        self.complaints: list[str] = []
        self.expected: list[str] = []
        self._reach = (url, *also, "data:", "blob:")
        # Requests are only observed: intercepting each costs a third more time, and no other host is reachable anyway.
        context.on("request", self._only_ours)
        context.on("weberror", lambda error: self.complaints.append(f"thrown: {error.error}"))
        context.on("console", self._listen)

    def _only_ours(self, request: Request) -> None:
        if not request.url.startswith(self._reach):
            self.complaints.append(f"asked another host: {request.url}")

    def _listen(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            where = message.location.get("url", "")
            self.complaints.append(f"console {message.type}: {message.text} ({where})")

    def expect(self, text: str) -> None:
        """Allow a console message that the test causes on purpose."""
        self.expected.append(text)

    def check(self) -> None:
        """Raises AssertionError with the unexpected violations."""
        wrong = [said for said in self.complaints if not any(text in said for text in self.expected)]
        assert not wrong, "\n".join(wrong)


@pytest.fixture
def open_page(site: Site, browser: Browser) -> Iterator[OpenPage]:
    """Opens pages; at the end of the test the guard of each is checked.

    `expect`: complaints that the test brings about on purpose; `also`: what else it may ask, by the URL's beginning.
    `undo`: for how many seconds commands are held back; questions are answered with yes.
    """
    contexts: list[tuple[BrowserContext, Guard]] = []

    def opened(
        username: str = "",
        path: str = "",
        *,
        expect: tuple[str, ...] = (),
        also: tuple[str, ...] = (),
        undo: int = 0,
        **options: Any,
    ) -> Page:
        settings: dict[str, Any] = {
            "base_url": site.url,
            "locale": "zh-CN",
            "timezone_id": "Asia/Shanghai",
            "viewport": DESK,
            "reduced_motion": "reduce",
            "service_workers": "block",
            **options,
        }
        context = browser.new_context(**settings)
        context.set_default_timeout(PATIENCE)
        guard = Guard(context, site.url, *also)
        for text in expect:
            guard.expect(text)
        contexts.append((context, guard))
        if username:
            context.add_cookies([{"name": COOKIE, "value": site.token(username), "url": site.url}])
            context.add_cookies([{"name": PREFERENCES, "value": f"undo={undo}", "url": site.url}])
        page = context.new_page()
        page.on("dialog", lambda dialog: dialog.accept())
        if path:
            page.goto(path)
        return page

    yield opened
    for context, _ in contexts:
        context.close()
    for _, guard in contexts:
        guard.check()
