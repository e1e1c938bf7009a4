"""The bytes that a page transfers with an empty cache, as counted by the browser."""

from typing import Any

from playwright.sync_api import Page


class Weights:
    """Counts from now on. `total`: all bytes, `scripts`: those of JavaScript; compressed, with headers."""

    def __init__(self, page: Page) -> None:
        self.total = 0
        self.scripts = 0
        self._kinds: dict[str, str] = {}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        session.on("Network.responseReceived", self._received)
        session.on("Network.loadingFinished", self._finished)

    def _received(self, event: dict[str, Any]) -> None:
        self._kinds[event["requestId"]] = event["type"]

    def _finished(self, event: dict[str, Any]) -> None:
        size = int(event["encodedDataLength"])
        self.total += size
        if self._kinds.get(event["requestId"]) == "Script":
            self.scripts += size
