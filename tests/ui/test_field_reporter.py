"""The reporter's block on the phone: how they want to be told, checked before a report waits to be sent."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from infra.database import transaction
from infra.keys.sealing import Contact
from infra.store.reporters import read_contact
from models.reporter_messages import TellBy
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import OpenPage
from tests.ui.phone import AWAY, expect_one_case, fill_report, open_phone, unique_text
from tests.ui.site import Site

_CHANNELS = text("""
    INSERT INTO channels (id, kind, name, config, sealed, wrapped_key, key_id, enabled, created_at, updated_at)
    VALUES ('told-sms', 'sms', '短信', '{}', NULL, NULL, NULL, true, now(), now()),
           ('told-mail', 'mail', '邮件', '{}', NULL, NULL, NULL, true, now(), now())
""")
_OFF = text("UPDATE channels SET enabled = false WHERE id LIKE 'told-%'")
_GONE = text("DELETE FROM channels WHERE id LIKE 'told-%'")


def run(site: Site, statement: Any) -> None:
    async def change() -> None:
        async with transaction(site.harness.engine) as connection:
            await connection.execute(statement)

    site.run(change())


@pytest.fixture
def told(site: Site) -> Iterator[None]:
    """The pages have an address, and reporters may be told by SMS and by mail."""
    state = site.harness.app.state
    services = state.services
    named = services.settings.model_copy(update={"public_url": site.url})
    state.services = replace(services, resources=replace(services.resources, settings=named))
    run(site, _CHANNELS)
    yield
    run(site, _GONE)
    state.services = services


def contact_of(site: Site, case_no: str) -> Contact | None:
    """What is stored of the reporter of a case."""

    async def read() -> Contact | None:
        async with site.harness.engine.connect() as connection:
            found = text("SELECT state->>'reporter_ref' FROM cases WHERE case_no = :no")
            reference = await connection.scalar(found, {"no": case_no})
            return await read_contact(connection, UUID(str(reference)))

    return site.run(read())


def block(page: Page) -> Any:
    return page.locator("#reporter")


def submit(page: Page) -> None:
    page.get_by_role("button", name="提交", exact=True).click()


def test_nothing_is_offered_without_a_channel(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page, path="/m/#/report")
    block(page).locator("summary").click()
    expect(block(page).get_by_label("电话")).to_be_visible()
    expect(block(page).get_by_role("radio")).to_have_count(0)


def test_sms_takes_a_mobile_number(open_page: OpenPage, site: Site, told: None) -> None:
    page = open_phone(open_page, path="/m/#/report")
    said = unique_text()
    fill_report(page, said)
    block(page).locator("summary").click()
    block(page).get_by_label("姓名").fill("欧阳某")
    block(page).get_by_label("发短信到手机").check()
    block(page).locator("summary").click()
    submit(page)
    expect(block(page).locator(".fault")).to_have_text("请填写能收短信的手机号")
    block(page).get_by_label("电话").fill("010-65529988")
    expect(block(page).locator(".fault")).to_have_text("请填写能收短信的手机号")
    check_screen(page, least=44)
    screenshot(page, "field-reporter")
    block(page).get_by_label("电话").fill("+86 139 1234 0000")
    submit(page)
    found = contact_of(site, expect_one_case(page, site, said))
    assert found == Contact("欧阳某", "+8613912340000", None, TellBy.SMS)


def test_mail_is_checked_without_a_network_and_sent_later(open_page: OpenPage, site: Site, told: None) -> None:
    page = open_phone(open_page, path="/m/#/report", expect=AWAY)
    said = unique_text()
    fill_report(page, said)
    page.context.set_offline(True)
    block(page).locator("summary").click()
    expect(block(page).get_by_label("电子邮箱")).to_have_count(0)
    block(page).get_by_label("发电子邮件").check()
    block(page).get_by_label("电子邮箱").fill("li@sample")
    submit(page)
    expect(block(page).locator(".fault")).to_have_text("请填写正确的电子邮箱")
    block(page).get_by_label("电子邮箱").fill("li@sample.example")
    submit(page)
    expect(page.locator(".result-line")).to_have_text("已保存,待上传")
    # Meanwhile the channel goes out of use: the report is taken all the same.
    run(site, _OFF)
    page.context.set_offline(False)
    found = contact_of(site, expect_one_case(page, site, said))
    assert found == Contact(None, None, "li@sample.example", TellBy.MAIL)


def test_a_way_that_went_out_of_use_is_chosen_anew(open_page: OpenPage, site: Site, told: None) -> None:
    page = open_phone(open_page, path="/m/#/report")
    said = unique_text()
    fill_report(page, said)
    block(page).locator("summary").click()
    block(page).get_by_label("电话").fill("13912340000")
    block(page).get_by_label("发短信到手机").check()
    expect(page.locator(".chip.sync")).to_have_text("草稿已存")
    run(site, _OFF)
    with page.expect_response("**/api/v1/categories"):
        page.reload()
    submit(page)
    expect(block(page).locator(".fault")).to_have_text("所选的告知方式已停用,请重新选择")
    block(page).get_by_label("不用").check()
    submit(page)
    found = contact_of(site, expect_one_case(page, site, said))
    assert found == Contact(None, "13912340000", None, None)


def test_what_the_server_refuses_of_a_reporter_is_corrected(open_page: OpenPage, site: Site, told: None) -> None:
    page = open_phone(open_page, path="/m/#/report", expect=("422",))
    said = unique_text()
    fill_report(page, said)
    block(page).locator("summary").click()
    block(page).get_by_label("姓名").fill("甲")
    block(page).get_by_label("电话").fill("13912340000")
    fault = {"pointer": "/reporter/phone", "message": "不能使用"}

    def refuse(route: Any) -> None:
        route.fulfill(status=422, json={"code": "bad_request_body", "detail": "电话", "errors": [fault]})

    page.route("**/api/v1/cases", refuse)
    submit(page)
    expect(page.get_by_text("电话 不能使用")).to_be_visible()
    page.unroute("**/api/v1/cases")
    page.goto("/m/#/outbox")
    page.locator(".item-rejected").get_by_role("button", name="修改").click()
    block(page).locator("summary").click()
    expect(block(page).get_by_label("姓名")).to_have_value("甲")
    block(page).get_by_label("电话").fill("13912340001")
    page.get_by_role("button", name="重新提交").click()
    found = contact_of(site, expect_one_case(page, site, said))
    assert found == Contact("甲", "13912340001", None, None)
