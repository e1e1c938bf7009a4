"""The links of messages to people with accounts: each opens the act that is due, or says why it does not."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from doors.session import COOKIE
from infra.database import transaction
from infra.store.cases import read_case, read_report_id
from infra.store.one_time_links import find_link
from models.ids import new_id
from rules.life_cycle import HUMAN_COMMANDS
from rules.mailbox.acts import ACTS
from services.mailboxes.act_links import make_person_link
from tests.builders import person_id
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.phone import open_phone
from tests.ui.site import Site
from web.routes.desk.acts import PHONE_ACTS

ANDROID = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36"


def link_to(site: Site, case_no: str, act: str, username: str = "labour_handler", message: str = "mail:one") -> str:
    """The path of the link to an act that a message to somebody carries."""

    async def made() -> str:
        async with transaction(site.harness.engine) as connection:
            report_id = await read_report_id(connection, case_no)
            assert report_id is not None
            case = await read_case(connection, report_id)
            assert case is not None
            who, now = person_id(username), datetime.now(UTC)
            return await make_person_link(connection, site.harness.settings, case, act, who, now, message=message)

    return f"/l/{site.run(made())}"


def id_of(site: Site, path: str) -> UUID:
    async def found() -> UUID:
        async with site.harness.engine.connect() as connection:
            link = await find_link(connection, path.removeprefix("/l/"))
            assert link is not None
            return link.id

    return site.run(found())


def expire(site: Site, path: str) -> None:
    id_ = id_of(site, path)

    async def change() -> None:
        async with transaction(site.harness.engine) as connection:
            statement = text("UPDATE one_time_links SET expires_at = :at WHERE id = :id")
            await connection.execute(statement, {"at": datetime.now(UTC) - timedelta(seconds=1), "id": id_})

    site.run(change())


@pytest.fixture
def client(site: Site) -> Iterator[Callable[..., httpx.Response]]:
    """Opens a path for somebody, following redirects where asked; "" is nobody."""
    site.clear_limits()
    with httpx.Client(base_url=site.url, timeout=30) as http:

        def get(username: str, path: str, **headers: str) -> httpx.Response:
            http.cookies.clear()
            if username:
                http.cookies.set(COOKIE, site.token(username))
            return http.get(path, headers={"accept": "text/html", **headers}, follow_redirects=bool(username))

        yield get


def test_the_acts_are_commands_and_the_phone_has_forms_for_those_that_it_is_said_to_have() -> None:
    known = re.findall(r'command: "(\w+)"', Path("web/ui/field/words/answers.ts").read_text())
    acts = {name for names in ACTS.values() for name in names}
    assert acts <= set(HUMAN_COMMANDS)
    assert {names[0] for names in ACTS.values()} & set(known) | {"complete"} == PHONE_ACTS


def test_it_opens_the_act_on_the_phone(site: Site, open_page: OpenPage) -> None:
    case_no = site.at_handling(title="链接认领")
    path = link_to(site, case_no, "claim")
    page = open_page(
        "labour_handler", path, viewport=PHONE, user_agent=ANDROID, is_mobile=True, service_workers="allow"
    )
    expect(page).to_have_url(f"{site.url}/m/#/task/{case_no}/claim")
    expect(page.get_by_role("heading", name="认领")).to_be_visible()
    expect(page.get_by_role("button", name="提交")).to_be_enabled()
    expect(page.get_by_role("list", name="提交前核对")).to_have_count(0)
    screenshot(page, "act-link-phone")


def test_an_order_is_answered_in_view_of_it_and_the_phone_then_shows_the_case(site: Site, open_page: OpenPage) -> None:
    """Nothing was open before the link, so there is nothing to go back to but the case."""
    case_no = site.at_handling(title="链接答复督办")
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    site.do("supervisor", case_no, "urge", urge_kind="listed", note="今天内清运完毕", reply_by=soon)
    path = link_to(site, case_no, "answer_urge")
    page = open_phone(open_page, "labour_handler", path, user_agent=ANDROID)
    order = page.locator("section", has=page.get_by_role("heading", name="督办 #1 · 挂牌督办"))
    expect(order).to_contain_text("今天内清运完毕")
    expect(order).to_contain_text("答复期限")
    expect(page.get_by_role("link", name="链接答复督办")).to_have_attribute("href", f"#/task/{case_no}")
    check_screen(page)
    screenshot(page, "act-link-urge")
    page.get_by_label("说明").fill("已派车")
    page.get_by_role("button", name="提交").click()
    expect(page).to_have_url(f"{site.url}/m/#/task/{case_no}")
    expect(page.get_by_role("heading", name="链接答复督办")).to_be_visible()


def test_what_the_phone_has_no_form_for_opens_the_case_at_its_top(site: Site, open_page: OpenPage) -> None:
    case_no = site.report(title="链接派遣")
    site.do("duty", case_no, "accept")
    path = link_to(site, case_no, "dispatch", "duty")
    page = open_page("duty", path, viewport=PHONE, user_agent=ANDROID, is_mobile=True)
    expect(page).to_have_url(f"{site.url}/cases/{case_no}?act=dispatch")
    expect(page.get_by_role("heading", name="链接派遣")).to_be_in_viewport()
    expect(page.locator("#form-dispatch").get_by_label("主办部门")).to_be_in_viewport()
    check_screen(page)


def test_at_a_desk_it_opens_the_form_of_the_case(site: Site, open_page: OpenPage) -> None:
    case_no = site.at_handling(title="链接批准延期")
    until = (datetime.now(UTC) + timedelta(days=20)).isoformat()
    site.do("labour_handler", case_no, "request_extension", reason="等待材料", until=until)
    page = open_page("duty", link_to(site, case_no, "grant_extension", "duty"))
    expect(page).to_have_url(f"{site.url}/cases/{case_no}?act=grant_extension#action")
    expect(page.locator("#action").get_by_role("button", name="同意延期").first).to_be_visible()
    screenshot(page, "act-link-desk")


def test_nobody_is_told_of_the_case_before_they_sign_in(site: Site, client: Callable[..., httpx.Response]) -> None:
    case_no = site.at_handling(title="先登录")
    path = link_to(site, case_no, "claim")
    led = client("", path)
    assert (led.status_code, led.headers["location"]) == (303, f"/acts/{id_of(site, path)}")
    assert (led.headers["referrer-policy"], led.headers["cache-control"]) == ("no-referrer", "no-store")
    asked = client("", led.headers["location"])
    assert "/sign-in" in asked.headers["location"]
    assert path.removeprefix("/l/") not in asked.headers["location"]
    assert case_no not in str(asked.headers) + asked.text
    assert httpx.post(f"{site.url}{path}", data={"text": "x"}).status_code == 404
    assert client("labour_handler", f"/acts/{new_id()}").status_code == 404
    facts = site.run(site.harness.get("supervisor", f"/cases/{case_no}/facts"))
    assert "claimed" not in [fact["kind"] for fact in facts], "opening a link does nothing"


#: What happened after the message, the status, and the words in Chinese and English.
_ENDED = {
    "used": (200, "这件事您已办过", "You have done this already"),
    "taken": (410, "这件事已不需要办理", "This is not wanted of you any more"),
    "redispatched": (410, "这件事已不需要办理", "This is not wanted of you any more"),
    "expired": (410, "链接已过期", "The link has expired"),
    "lost": (404, "您现在不能查看该案件", "You may not see this case any more"),
    "forwarded": (403, "链接不属于您", "This link is not yours"),
}


def test_a_link_that_leads_nowhere_says_why(
    site: Site, open_page: OpenPage, client: Callable[..., httpx.Response]
) -> None:
    for way, (status, *words) in _ENDED.items():
        case_no, reader = site.at_handling(title="链接失效"), "labour_handler"
        path = link_to(site, case_no, "claim")
        match way:
            case "used":
                site.do("labour_handler", case_no, "claim")
            case "taken":
                site.do("labour_head", case_no, "claim")
            case "redispatched":
                site.do("duty", case_no, "redispatch", host="fire", reason="属消防职责")
            case "expired":
                expire(site, path)
            case "lost":
                site.do("duty", case_no, "recuse", person="labour_handler", reason="是当事人的亲属")
            case _:
                reader = "fire_handler"
        for language, word in zip(("zh-CN", "en"), words, strict=True):
            shown = client(reader, path, **{"accept-language": language})
            assert (shown.status_code, word in shown.text) == (status, True), (way, shown.text[-2000:])
            assert (case_no in shown.text) is (way not in ("lost", "forwarded")), way
        if way in ("used", "expired", "forwarded"):  # one that was done, one that ended, one that is not theirs
            locale = "en-US" if way == "forwarded" else "zh-CN"
            page = open_page(reader, path, viewport=PHONE, locale=locale, expect=(f"status of {status}",))
            screenshot(page, f"act-link-{way}")
            check_screen(page)
            if way == "forwarded":
                page.locator("#main").get_by_role("button", name="Sign out").click()
                page.wait_for_url("**/sign-in**")


def test_each_message_has_a_link_of_its_own(site: Site) -> None:
    """A reminder days later is not the link of the first message, whose time may be up."""
    case_no = site.at_handling(title="再次提醒")
    first, again, later = (link_to(site, case_no, "claim", message=name) for name in ("a", "a", "b"))
    assert first == again
    assert first != later
