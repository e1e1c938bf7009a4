"""Signing in and out, and the pages for people who are not signed in."""

import re

import httpx
from playwright.sync_api import expect

from doors.session import COOKIE
from tests.builders import PASSWORD
from tests.ui.checks import check_layout, check_screen
from tests.ui.conftest import OpenPage
from tests.ui.site import Site


def test_somebody_signs_in_and_comes_to_where_they_wanted(open_page: OpenPage) -> None:
    page = open_page("", "/settings?tab=keys")
    expect(page).to_have_url(re.compile(r"/sign-in\?next="))
    page.get_by_label("用户名").fill("fire_handler")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page).to_have_url(re.compile(r"/settings\?tab=keys$"))
    page.locator("details.who summary").click()
    page.get_by_role("button", name="退出").click()
    expect(page).to_have_url(re.compile(r"/sign-in$"))


def test_everybody_comes_to_the_page_they_work_with(site: Site) -> None:
    browser = {"Accept": "text/html,*/*"}
    stranger = httpx.get(f"{site.url}/", headers=browser)
    assert (stranger.status_code, stranger.headers["location"]) == (303, "/sign-in?next=/")
    program = httpx.get(f"{site.url}/", headers={"Accept": "application/json"})
    assert program.json()["links"]["openapi"] == "/openapi.json"
    for username, place in (
        ("fire_handler", "/queue"), ("duty", "/intake"), ("supervisor", "/board"), ("admin", "/board"),
        ("worker", "/m/"), ("volunteer", "/m/"),
    ):  # fmt: skip
        with httpx.Client(base_url=site.url, headers=browser, cookies={COOKIE: site.token(username)}) as http:
            answer = http.get("/")
            assert (answer.status_code, answer.headers["location"]) == (303, place), username
            assert "lang=en" in http.get("/?lang=en").headers["set-cookie"], username


#: A request of somebody whose session has ended, and where they come back to.
_ENDED: tuple[tuple[str, str, dict[str, str], str], ...] = (
    ("GET", "/queue?tab=doing", {}, "/queue%3Ftab%3Ddoing"),
    ("GET", "/queue/head", {"HX-Request": "true", "HX-Current-URL": "{url}/queue?tab=done"}, "/queue%3Ftab%3Ddone"),
    ("POST", "/overdue/1/urge", {"Referer": "{url}/overdue?sample=3", "Origin": "{url}"}, "/overdue%3Fsample%3D3"),
    ("POST", "/queue/bulk", {"Referer": "https://evil.example//evil.example/", "Origin": "{url}"}, "/"),
    ("POST", "/queue/bulk", {"Origin": "{url}"}, "/"),
)


def test_who_was_signed_out_comes_back_to_a_page_that_opens(site: Site) -> None:
    """A posted form or a part of a page cannot be opened, so the sign-in returns to the page that sent it."""
    for method, path, headers, back in _ENDED:
        sent = {name: value.format(url=site.url) for name, value in headers.items()}
        answer = httpx.request(method, f"{site.url}{path}", headers=sent)
        led = answer.headers.get("location") or answer.headers["hx-redirect"]
        assert led == f"/sign-in?next={back}" + ("" if method == "GET" and not sent else "&ended=1"), (path, sent)


def test_a_wrong_password_is_told_and_nobody_is_sent_elsewhere_by_a_prepared_link(open_page: OpenPage) -> None:
    page = open_page("", "/sign-in?next=//evil.example/x", expect=("401",))
    expect(page.locator("input[name=next]")).to_have_value("/")
    page.get_by_label("用户名").fill("fire_handler")
    page.get_by_label("密码").fill("nonsense")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_have_text("用户名或密码不正确。")
    expect(page.get_by_label("用户名")).to_have_value("fire_handler")


def test_sign_in_and_a_page_that_is_not_there_are_accessible(open_page: OpenPage) -> None:
    """The latter offers a search."""
    page, lost = open_page(""), open_page("fire_handler", expect=("404",))
    for lang, larger in (("zh", "长辈版"), ("en", "Large type")):
        page.context.clear_cookies()
        page.goto(f"/sign-in?lang={lang}")
        check_screen(page)
        page.get_by_role("button", name=larger).click()
        expect(page.locator("html")).to_have_class("large")
        check_layout(page, least=60)
        lost.goto(f"/nowhere?lang={lang}")
        expect(lost.get_by_role("searchbox").or_(lost.locator("input[name=q]"))).to_be_visible()
        check_screen(lost)


def test_a_change_asked_for_by_another_site_is_refused(site: Site) -> None:
    cookie = {"gridloop_session": site.token("worker")}
    for headers, status in (
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "X-Gridloop": "1"}, 403),
        (
            {"Sec-Fetch-Site": "same-origin"},
            403,
        ),  # a script would send the header, too
        ({"Sec-Fetch-Site": "same-origin", "X-Gridloop": "1"}, 422),  # accepted, and then validated
    ):
        answer = httpx.post(f"{site.url}/api/v1/cases", json={}, cookies=cookie, headers=headers)
        assert answer.status_code == status, headers
