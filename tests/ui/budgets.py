"""Load times and sizes of a page on a slow machine with a slow network, as measured by the browser."""

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
REPEATS, SLACK = 3, 1.5
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
class Network:
    """A network: kilobits per second, and milliseconds until a response begins."""

    kilobits: int
    delay: int


FOUR_G, SLOW_FOUR_G = Network(9_000, 85), Network(1_600, 150)


@dataclass(frozen=True)
class Budget:
    """The limits of a page. Milliseconds until its largest element is painted (`lcp`), until it can be used
    (`ready`), in which it was blocked (`tbt`); how far things moved (`cls`); bytes over the wire, and of scripts."""

    lcp: float
    total: float = float("inf")
    scripts: float = float("inf")
    ready: float = float("inf")
    tbt: float = float("inf")
    cls: float = float("inf")


@dataclass(frozen=True)
class Measures:
    """The measures of one page load, in the units of `Budget`; `fcp`: until the first element was painted."""

    lcp: float
    fcp: float
    ready: float
    tbt: float
    cls: float
    total: int
    scripts: int

    def over(self, budget: Budget, allowed: float) -> dict[str, tuple[float, float]]:
        """The measures over the budget, with times multiplied by `allowed`: measured and limit, by name."""
        most = {field.name: getattr(budget, field.name) for field in fields(budget)}
        most |= {name: most[name] * allowed for name in ("lcp", "ready", "tbt")}
        return {name: (getattr(self, name), limit) for name, limit in most.items() if getattr(self, name) > limit}

    def better(self, other: "Measures") -> "Measures":
        """The smaller value of each measure."""
        return Measures(
            **{field.name: min(getattr(self, field.name), getattr(other, field.name)) for field in fields(Measures)}
        )


@dataclass(frozen=True)
class Visit:
    """A user, a page and a network; `ready` selects the element that must be visible before the page can be used."""

    username: str
    path: str
    line: Network
    ready: str
    phone: bool = False


@contextmanager
def slow_page(browser: Browser, site: Site, username: str, *, phone: bool = False, **options: Any) -> Iterator[Page]:
    """A page on a slow processor with an empty cache, connected to the server directly."""
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


def slow_down(page: Page, line: Network | None = None) -> CDPSession:
    """Slow the processor by `SLOWER`, and the network if one is given."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    if line is not None:
        speed = line.kilobits * 1000 / 8
        told = {"offline": False, "latency": line.delay, "downloadThroughput": speed, "uploadThroughput": speed}
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", told)
    return session


def load_cold(browser: Browser, site: Site, visit: Visit) -> tuple[Measures, float]:
    """Open the page once with an empty cache. Return its measures, and the allowance of that moment."""
    with slow_page(browser, site, visit.username, phone=visit.phone) as page:
        weights = Weights(page)
        slow_down(page, visit.line)
        page.add_init_script(_WATCH.replace("READY", repr(visit.ready)))
        page.goto(visit.path)
        felt = page.evaluate(_FELT)
        found = Measures(
            lcp=felt["lcp"], fcp=felt["fcp"], ready=felt["ready"], tbt=felt["blocked"], cls=felt["shifted"],
            total=weights.total, scripts=weights.scripts,
        )  # fmt: skip
        return found, time_allowance(page)


def time_allowance(page: Page) -> float:
    """The factor by which times may exceed their budget on this machine at this moment."""
    return SLACK * max(1.0, float(page.evaluate(_PACE)) / AT_REST)


def best_of(page: Page, measure: Callable[[], float], most: float) -> tuple[float, float]:
    """The smallest of up to `LOOKS` measures, and the limit. The first one within the limit ends the series."""
    found, allowed = float("inf"), most
    for _ in range(REPEATS):
        found = min(found, measure())
        allowed = max(allowed, most * time_allowance(page))
        if found <= allowed:
            break
    return found, allowed


def best_cold_load(
    browser: Browser, site: Site, visit: Visit, budget: Budget
) -> tuple[Measures, dict[str, tuple[float, float]]]:
    """The best values of up to `LOOKS` cold loads, and those of them that are over the budget."""
    best, allowed = None, SLACK
    over: dict[str, tuple[float, float]] = {}
    for _ in range(REPEATS):
        felt, pace = load_cold(browser, site, visit)
        best = felt if best is None else best.better(felt)
        allowed = max(allowed, pace)
        if not (over := best.over(budget, allowed)):
            break
    assert best is not None
    return best, over
