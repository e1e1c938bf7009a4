"""在看: who else has a case open, and who is not named."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
from playwright.sync_api import expect

from doors.session import COOKIE
from services.desk.viewers import VIEW_LASTS, Presence
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import OpenPage
from tests.ui.site import Site

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def report_open(site: Site, username: str, case_no: str) -> httpx.Response:
    """The answer to the report of an open page of that person."""
    return httpx.post(
        f"{site.url}/cases/{case_no}/viewers", cookies={COOKIE: site.token(username)}, headers={"Origin": site.url}
    )


def test_who_looks_at_the_same_case_is_named(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    first = open_page("labour_handler", f"/cases/{no}")
    expect(first.locator("#case-title")).to_be_visible()
    second = open_page("labour_head", f"/cases/{no}")
    expect(second.locator("#viewers")).to_have_text("在看: 人社处置员")
    # The first page shows it after its next report.
    first.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(first.locator("#viewers")).to_have_text("在看: 人社负责人")
    check_screen(second)
    screenshot(second, "case-viewers")
    elsewhere = open_page("labour_head", f"/cases/{site.at_handling()}")
    expect(elsewhere.locator("#viewers")).to_be_empty()


def test_a_reporter_neither_appears_nor_is_told(site: Site) -> None:
    no = site.report("reporter")
    assert report_open(site, "duty", no).status_code == 200
    assert report_open(site, "reporter", no).text.strip() == ""
    assert "报告人" not in report_open(site, "duty", no).text
    assert "园区受理员" in report_open(site, "reviewer", no).text


def test_who_may_not_see_the_case_is_told_nothing(site: Site) -> None:
    no = site.report()
    assert report_open(site, "duty", no).status_code == 200
    answer = report_open(site, "other_duty", no)
    assert (answer.status_code, "园区受理员" in answer.text) == (404, False)


def test_a_look_counts_for_a_moment_only() -> None:
    presence = Presence()
    one, other = uuid4(), uuid4()
    presence.hear(f"C-1 {one}", NOW)
    presence.hear(f"C-1 {other}", NOW + timedelta(seconds=30))
    assert presence.others("C-1", other, NOW + timedelta(seconds=31)) == (one,)
    assert presence.others("C-2", other, NOW) == ()
    assert presence.others("C-1", other, NOW + VIEW_LASTS + timedelta(seconds=1)) == ()
    assert presence.others("C-1", one, NOW + VIEW_LASTS + timedelta(seconds=1)) == (other,)
