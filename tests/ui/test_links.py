"""Every link works: each role follows all links of its pages, in both languages, without a browser."""

import re
from collections import deque
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
import pytest

from doors.session import COOKIE
from tests.ui.site import Site

#: Pages visited per role: each pattern of address a few times is enough.
MOST, ALIKE = 70, 2
_NUMBER = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4,}")
#: Taken by its own button only.
_LEFT_OUT = ("/m/", "/static/", "/live")
ROLES = ("worker", "duty", "fire_handler", "fire_head", "reviewer", "supervisor", "auditor", "admin", "reporter")


class _Links(HTMLParser):
    """The links of a page, and the Chinese texts that are left in the frame of an English page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        for name in ("href", "hx-get"):
            if (tag == "a" or name == "hx-get") and (place := known.get(name)):
                self.found.append(place)


def _links(page: str, text: str) -> list[str]:
    parser = _Links()
    parser.feed(text)
    return [urldefrag(urljoin(page, place))[0] for place in parser.found]


def _shape(url: str) -> str:
    parts = urlsplit(url)
    names = sorted(pair.partition("=")[0] for pair in parts.query.split("&"))
    return f"{_NUMBER.sub('*', parts.path)}?{'&'.join(names)}"


@pytest.fixture(scope="module")
def busy(site: Site) -> None:
    """Cases in every stage."""
    site.report(title="刚上报")
    handled = site.at_handling(title="处置中")
    site.do("labour_handler", handled, "claim")
    in_a_day = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    site.do("supervisor", handled, "urge", reply_by=in_a_day, note="请尽快")
    finished = site.at_handling(title="待核查")
    site.do("labour_handler", finished, "claim")
    site.do("labour_handler", finished, "complete", result="已发放")


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("role", ROLES)
def test_every_link_leads_somewhere(site: Site, role: str, lang: str) -> None:
    shapes: dict[str, int] = {}
    todo, seen, wrong = deque([f"{site.url}/"]), set[str](), list[str]()
    with httpx.Client(cookies={COOKIE: site.token(role)}, headers={"Accept-Language": lang}, timeout=30) as http:
        while todo and len(seen) < MOST:
            url = todo.popleft()
            shape = _shape(url)
            if url in seen or shapes.get(shape, 0) >= ALIKE or not url.startswith(f"{site.url}/"):
                continue
            if urlsplit(url).path.startswith(_LEFT_OUT):
                continue
            seen.add(url)
            shapes[shape] = shapes.get(shape, 0) + 1
            answer = http.get(url, follow_redirects=True)
            if answer.status_code >= 400:
                wrong.append(f"{answer.status_code} {url}")
            if answer.headers.get("content-type", "").startswith("text/html"):
                todo += _links(str(answer.url), answer.text)
    assert wrong == []
    assert len(seen) >= 1
