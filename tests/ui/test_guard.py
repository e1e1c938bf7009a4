"""The guard of the browser tests: it reports requests to other hosts, and none reaches its target."""

import pytest
from playwright.sync_api import Browser, Error

from tests.ui.conftest import Guard
from tests.ui.site import Site


@pytest.mark.parametrize(
    "elsewhere", ["http://elsewhere.example/", "https://192.0.2.1/", "http://localhost.example/x.js"]
)
def test_another_host_is_told_and_never_reached(browser: Browser, site: Site, elsewhere: str) -> None:
    context = browser.new_context()
    try:
        guard = Guard(context, site.url)
        page = context.new_page()
        page.goto(f"{site.url}/p")
        guard.check()
        with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
            page.goto(elsewhere)
        with pytest.raises(AssertionError, match="asked another host"):
            guard.check()
    finally:
        context.close()
