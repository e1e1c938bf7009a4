"""Checks for every screen: accessible by axe, no horizontal overflow, targets large enough."""

import os
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from web.build import UI

#: Where screenshots are kept to be looked at, if the variable SHOTS says so.
SHOTS = Path(__file__).parents[2] / ".gridloop" / "shots"
#: Seconds until a screen has its layout: charts are drawn anew in another size after the window has it.
SETTLED_WITHIN = 5.0
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
_OVERFLOW = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide <= 1) return [];
  const found = [];
  for (const e of document.querySelectorAll('body *')) {
    const box = e.getBoundingClientRect();
    if (box.right > document.documentElement.clientWidth + 1 && !e.closest('.scroll')) {
      found.push(e.tagName + '.' + e.className + ' ' + Math.round(box.right));
    }
  }
  return found.slice(0, 5).concat(['page is wider by ' + wide]);
}"""
_CLIPPED = """() => [...document.querySelectorAll('button, .button, .tabs a, .menu a, th, .light, h1, h2')]
  .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 2 && getComputedStyle(e).overflow !== 'visible')
  .map(e => e.tagName + ' ' + e.textContent.trim().slice(0, 40))"""
_SMALL = """(least) => [...document.querySelectorAll('button, a.button, .tabs a, .menu a, summary, select, input')]
  .filter(e => e.offsetParent && !e.closest('p, td, li, dd') && !['checkbox', 'radio', 'hidden'].includes(e.type)
    && !e.classList.contains('link'))
  .filter(e => { const b = e.getBoundingClientRect(); return b.height && b.height < least - 0.5; })
  .map(e => e.tagName + ' ' + (e.textContent || e.name).trim().slice(0, 30) + ' ' +
    Math.round(e.getBoundingClientRect().height))"""


@lru_cache(maxsize=1)
def _axe() -> str:
    return (UI / "node_modules" / "axe-core" / "axe.min.js").read_text()


def violations(page: Page) -> list[str]:
    """The violations of WCAG 2.1 A and AA that axe finds, one line each.

    After a click that opens a page, wait for something of that page first: until then this reads the old one.
    """
    page.wait_for_load_state()
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    found: dict[str, Any] = page.evaluate(
        "(tags) => axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] })", _TAGS
    )
    return [
        f"{violation['id']}: {node['target']} {node['html'][:160]}"
        for violation in found["violations"]
        for node in violation["nodes"][:4]
    ]


def check_layout(page: Page, *, least: int = 36) -> None:
    """Raises AssertionError unless the screen is well laid out. `least`: height of targets, pixels.

    Enough where `check_screen` has looked at the same screen in another size."""
    _report(page, least)


def check_screen(page: Page, *, least: int = 36) -> None:
    """Raises AssertionError unless the screen is accessible and well laid out. `least`: height of targets, pixels."""
    _report(page, least, {"not accessible": violations(page)})


def _report(page: Page, least: int, found: dict[str, list[str]] | None = None) -> None:
    page.wait_for_load_state()
    deadline = time.monotonic() + SETTLED_WITHIN
    while wrong := {name: places for name, places in {**(found or {}), **_layout(page, least)}.items() if places}:
        assert time.monotonic() < deadline, f"{page.url}: {wrong}"
        page.wait_for_timeout(100)


def _layout(page: Page, least: int) -> dict[str, list[str]]:
    return {
        "too wide": page.evaluate(_OVERFLOW),
        "clipped": page.evaluate(_CLIPPED),
        "too small": page.evaluate(_SMALL, least),
    }


def set_large_english(page: Page, url: str) -> None:
    """Show the pages of the desk at `url` in English and in large type from the next one on."""
    page.context.add_cookies([{"name": "gridloop_prefs", "value": "lang=en&large=1&keys=1", "url": url}])


def screenshot(page: Page, name: str) -> None:
    """Save a screenshot of the whole screen, if asked for: SHOTS=1 pytest tests/ui."""
    if not os.environ.get("SHOTS"):
        return
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
