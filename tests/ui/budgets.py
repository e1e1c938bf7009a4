"""How a page feels on a slow machine behind a slow line, as the browser itself tells it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

from doors.session import COOKIE
from tests.ui.conftest import DESK, PHONE
from tests.ui.site import Site
from tests.ui.weights import Weights

#: The processor is made so many times slower: a cheap phone, an old desk.
SLOWER = 4
#: The best of so many looks counts, and it may take so much longer than the budget: the machine has other work too.
LOOKS, SLACK = 3, 1.5
#: Milliseconds that `_PACE` takes in a slowed page while the machine does nothing else.
AT_REST = 50.0
#: A fixed piece of work: how much longer it takes than at rest is how much longer everything takes just now.
_PACE = """() => {
  const found = [];
  for (let round = 0; round < 5; round++) {
    const begun = performance.now();
    let sum = 0;
    for (let i = 0; i < 500_000; i++) sum = (sum + i * i) % 1_000_003;
    found.push(performance.now() - begun + (sum < 0 ? 1 : 0));
  }
  return found.sort((a, b) => a - b)[2];
}"""

#: Runs before anything of the page's own. `ready`: what must be visible before somebody can begin.
_WATCH = """(() => {
  const felt = { lcp: 0, fcp: 0, ready: 0, long: [], shifted: 0 };
  window.felt = felt;
  const hear = (type, take) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  hear('largest-contentful-paint', (entry) => { felt.lcp = entry.startTime; });
  hear('paint', (entry) => { if (entry.name === 'first-contentful-paint') felt.fcp = entry.startTime; });
  hear('longtask', (entry) => { felt.long.push([entry.startTime, entry.startTime + entry.duration]); });
  hear('layout-shift', (entry) => { if (!entry.hadRecentInput) felt.shifted += entry.value; });
  const look = () => {
    const found = document.querySelector(READY);
    if (found && found.checkVisibility()) felt.ready = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()"""
#: Waits until the page is ready, its largest piece is painted, and it has nothing left to do.
_FELT = """() => new Promise((done) => {
  const look = () => {
    if (!felt.ready || !felt.lcp) return requestAnimationFrame(look);
    // Blocked is who sees something already and gets no answer.
    const late = () => felt.long.map(([begun, ended]) => Math.max(0, ended - Math.max(begun, felt.fcp) - 50));
    requestIdleCallback(() => done({ ...felt, blocked: late().reduce((sum, one) => sum + one, 0) }));
  };
  look();
})"""


@dataclass(frozen=True)
class Line:
    """A network: kilobits a second, milliseconds until an answer begins."""

    kilobits: int
    delay: int


FOUR_G, SLOW_FOUR_G = Line(9_000, 85), Line(1_600, 150)


@dataclass(frozen=True)
class Budget:
    """The most that a page may take. Milliseconds until its largest piece is painted (`lcp`), until it can be used
    (`ready`), in which it was blocked (`tbt`); how far things moved (`cls`); bytes over the wire, and of scripts."""

    lcp: float
    total: float = float("inf")
    scripts: float = float("inf")
    ready: float = float("inf")
    tbt: float = float("inf")
    cls: float = float("inf")


@dataclass(frozen=True)
class Felt:
    """What one look took, in the units of `Budget`; `fcp`: until the first piece was painted."""

    lcp: float
    fcp: float
    ready: float
    tbt: float
    cls: float
    total: int
    scripts: int

    def over(self, budget: Budget, allowed: float) -> dict[str, tuple[float, float]]:
        """What is over the budget, times being `allowed` so much more: found and most, by name."""
        most = {field.name: getattr(budget, field.name) for field in fields(budget)}
        most |= {name: most[name] * allowed for name in ("lcp", "ready", "tbt")}
        return {name: (getattr(self, name), limit) for name, limit in most.items() if getattr(self, name) > limit}

    def better(self, other: "Felt") -> "Felt":
        """The lesser of the two in each."""
        return Felt(
            **{field.name: min(getattr(self, field.name), getattr(other, field.name)) for field in fields(Felt)}
        )


@dataclass(frozen=True)
class Visit:
    """Who opens which page, over which line; `ready` selects what must be visible before they can begin."""

    username: str
    path: str
    line: Line
    ready: str
    phone: bool = False


@contextmanager
def slow_page(browser: Browser, site: Site, username: str, *, phone: bool = False, **options: Any) -> Iterator[Page]:
    """A page on a slow processor, with nothing kept from before. Nothing stands between it and the server."""
    known: dict[str, Any] = {
        "base_url": site.url,
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
        "viewport": PHONE if phone else DESK,
        "is_mobile": phone,
        "has_touch": phone,
        "service_workers": "block",
        "reduced_motion": "reduce",
        **options,
    }
    context: BrowserContext = browser.new_context(**known)
    try:
        context.set_default_timeout(20_000)
        if username:
            context.add_cookies([{"name": COOKIE, "value": site.token(username), "url": site.url}])
        page = context.new_page()
        slow_down(page)
        yield page
    finally:
        context.close()


def slow_down(page: Page, line: Line | None = None) -> CDPSession:
    """A processor `SLOWER` times slower, and the line where one is given."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    if line is not None:
        speed = line.kilobits * 1000 / 8
        told = {"offline": False, "latency": line.delay, "downloadThroughput": speed, "uploadThroughput": speed}
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", told)
    return session


def look(browser: Browser, site: Site, visit: Visit) -> tuple[Felt, float]:
    """Opens the page once, cold: what it took, and the allowance of that moment."""
    with slow_page(browser, site, visit.username, phone=visit.phone) as page:
        weights = Weights(page)
        slow_down(page, visit.line)
        page.add_init_script(_WATCH.replace("READY", repr(visit.ready)))
        page.goto(visit.path)
        felt = page.evaluate(_FELT)
        found = Felt(
            lcp=felt["lcp"], fcp=felt["fcp"], ready=felt["ready"], tbt=felt["blocked"], cls=felt["shifted"],
            total=weights.total, scripts=weights.scripts,
        )  # fmt: skip
        return found, allowance(page)


def allowance(page: Page) -> float:
    """How much longer than its budget anything may take on this machine just now."""
    return SLACK * max(1.0, float(page.evaluate(_PACE)) / AT_REST)


def best_of(page: Page, measure: Callable[[], float], most: float) -> tuple[float, float]:
    """The least of up to `LOOKS` measures, and the most that is allowed; one that is within will do."""
    found, allowed = float("inf"), most
    for _ in range(LOOKS):
        found = min(found, measure())
        allowed = max(allowed, most * allowance(page))
        if found <= allowed:
            break
    return found, allowed


def best_look(
    browser: Browser, site: Site, visit: Visit, budget: Budget
) -> tuple[Felt, dict[str, tuple[float, float]]]:
    """The best of up to `LOOKS` cold looks in each figure, and what of it is over the budget."""
    best, allowed = None, SLACK
    over: dict[str, tuple[float, float]] = {}
    for _ in range(LOOKS):
        felt, pace = look(browser, site, visit)
        best = felt if best is None else best.better(felt)
        allowed = max(allowed, pace)
        if not (over := best.over(budget, allowed)):
            break
    assert best is not None
    return best, over
