"""The page where one chooses how one is told, and the notices with what became of telling them."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import ViewportSize, expect
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.database import transaction
from infra.store.mail.addresses import insert_address
from models.enums import Role
from models.ids import derived_id
from tests.builders import Holder, add_people, person_id
from tests.ui.checks import check_layout, check_screen, screenshot
from tests.ui.conftest import DESK, PHONE, OpenPage
from tests.ui.site import Site
from tests.workflows.letters import add_channel

WHERE = "/settings/notifications"
_CHANNEL = text("""
    INSERT INTO channels (id, kind, name, config, sealed, wrapped_key, key_id, enabled, created_at, updated_at)
    VALUES (:id, :kind, :name, '{}', NULL, NULL, NULL, true, now(), now())
""")
_ADDRESSES = (("post", "li@example.com", "l***@example.com", False), ("group", "", "", True), ("hook", "", "", True))
HANDLER = "labour_handler"
#: Somebody new: who has had a task of every test before is in a storm by now, and told by a summary.
NEWCOMER = "told_by_hook"


@pytest.fixture(scope="module", autouse=True)
def told_case(site: Site) -> Iterator[str]:
    """A mail server, a robot, and a web hook at an address that is refused: what goes there fails, and says so. And a
    case of which `NEWCOMER` is told meanwhile, some seconds after it has come."""
    configs = (("post", "mail", "邮件"), ("group", "wecom", "值班群"))

    async def store() -> None:
        await add_channel(site.harness.engine, "hook", "http://127.0.0.1:9/")
        async with transaction(site.harness.engine) as connection:
            for id_, kind, name in configs:
                await connection.execute(_CHANNEL, {"id": id_, "kind": kind, "name": name})
            await give_addresses(connection, HANDLER)
            await add_people(connection, Holder(NEWCOMER, "新处置员", Role.HANDLER, department="labour"))
            await give_addresses(connection, NEWCOMER)

    async def remove() -> None:
        async with transaction(site.harness.engine) as connection:
            await connection.execute(text("DELETE FROM mail_addresses"))
            await connection.execute(text("UPDATE channels SET enabled = false"))

    site.run(store())
    yield site.at_handling(title="通知去向")
    site.run(remove())


async def give_addresses(connection: AsyncConnection, username: str) -> None:
    """An address in each channel, that of the robot turned off."""
    for channel, address, hint, verified in _ADDRESSES:
        own, who = derived_id(channel, username), person_id(username)
        await insert_address(connection, own, who, channel, address, hint, now=datetime.now(UTC), verified=verified)
    await connection.execute(text("UPDATE mail_addresses SET off = true WHERE channel = 'group'"))


def test_one_chooses_how_one_is_told(site: Site, open_page: OpenPage) -> None:
    """Chinese on a phone, English at a desk."""
    case_no = site.at_handling(title="不想再听")
    for language, size, viewport in (("zh", "phone", PHONE), ("en", "desk", DESK)):
        choose(open_page, case_no, language, size, viewport)


def choose(open_page: OpenPage, case_no: str, language: str, size: str, viewport: ViewportSize) -> None:
    page = open_page(HANDLER, f"{WHERE}?lang={language}", viewport=viewport, expect=("422", "404"))
    expect(page.get_by_role("heading", level=1)).to_have_text("通知方式" if language == "zh" else "Notifications")
    expect(page.locator("tbody tr")).to_have_count(3)
    check_screen(page)
    form = page.locator("form.settings")
    form.locator("[name=language]").select_option("en")
    form.locator("[name=quiet]").check()
    form.locator("[name=quiet_since]").fill("22:00")
    form.locator("[name=quiet_until]").fill("22:00")
    form.get_by_role("button").last.click()
    expect(page.locator("main p[role=alert]")).to_contain_text("相同" if language == "zh" else "same time")
    expect(form.locator("[name=language]")).to_have_value("en")  # what was chosen beside the fault stays
    form.locator("[name=mute_number]").fill("130172100202699990000015")
    form.locator("[name=digest]").select_option("30")
    form.get_by_role("button").last.click()
    expect(page.locator("main p[role=alert]")).to_contain_text("130172100202699990000015")
    expect(form.locator("[name=digest]")).to_have_value("30")
    expect(form.locator("[name=muted]")).to_have_count(0)
    check_screen(page)
    form.locator("[name=quiet]").check()
    form.locator("[name=quiet_since]").fill("21:30")
    form.locator("[name=quiet_until]").fill("06:45")
    form.locator("[name=language]").select_option("en")
    form.locator("[name=mute_number]").fill(case_no)
    form.get_by_role("button").last.click()
    expect(page.locator("main p.notice.good")).to_contain_text("填入后才启用" if language == "zh" else "enter the code")
    expect(form.locator("[name=language]")).to_have_value("en")
    expect(form.locator("[name=quiet_since]")).to_have_value("21:30")
    expect(form.locator("[name=muted]")).to_have_count(1)
    check_screen(page)
    screenshot(page, f"notifications-{size}-{language}")
    page.locator("[name=address]").fill("no address")
    page.locator("[name=channel]").select_option("post")
    page.locator("button[value=add]").click()
    expect(page.locator("main p[role=alert]")).to_be_visible()
    check_screen(page)
    form.locator("[name=muted]").uncheck()
    form.locator("[name=quiet]").uncheck()
    form.get_by_role("button").last.click()
    expect(form.locator("[name=muted]")).to_have_count(0)


def test_the_notices_say_what_became_of_telling_them(site: Site, open_page: OpenPage, told_case: str) -> None:
    ended = time.monotonic() + 60
    while True:
        notices = site.run(site.harness.get(NEWCOMER, "/notices"))
        told = next((one for one in notices["tasks"] if one["number"] == told_case), None)
        if told and told["fate"]["receipts"] and told["fate"]["receipts"][0]["status"] != "waiting":
            break
        assert time.monotonic() < ended, "the task is told within a minute"
        time.sleep(0.2)
    page = open_page(NEWCOMER)
    for language, words in (("zh", "未能送达"), ("en", "not delivered")):
        page.goto(f"/notices?lang={language}")
        for size, viewport in (("phone", PHONE), ("desk", DESK)):
            page.set_viewport_size(viewport)
            line = page.locator("li").filter(has_text=told_case)
            expect(line.locator(".told")).to_contain_text(words)
            expect(line.get_by_role("link")).to_have_attribute("href", re.compile(f"/cases/{told_case}$"))
            (check_screen if size == "desk" else check_layout)(page)
            screenshot(page, f"notices-{size}-{language}")
