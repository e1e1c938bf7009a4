"""Limits of the phone: full storage, no storage, a new version, a day offline, a killed server."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from doors.session import COOKIE
from tests.servers import Servers
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.phone import (
    AWAY,
    HERE,
    a_busy_photo,
    a_photo,
    expect_one_case,
    fill_report,
    find_cases,
    open_phone,
    report_offline,
    take_photo,
    unique_text,
    wait_until_cached,
)
from tests.ui.relay import MortalServer, relay
from tests.ui.site import Site

#: Resolves when the service worker has the shell and answers for the page.
CONTROLLED = """async () => {
  await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller)
    await new Promise(done => navigator.serviceWorker.addEventListener('controllerchange', done));
}"""
SIZES = """() => new Promise((done, failed) => {
  const opening = indexedDB.open('gridloop');
  opening.onerror = failed;
  opening.onsuccess = () => {
    const all = opening.result.transaction('photos').objectStore('photos').getAll();
    all.onsuccess = () => done(all.result.map(photo => photo.data.byteLength));
  };
})"""


@pytest.fixture
def elsewhere(browser: Browser, site: Site) -> Iterator[Any]:
    """Opens the app at another address than the site's own, signed in as the grid worker."""
    contexts: list[BrowserContext] = []

    def opened(url: str) -> Page:
        settings: dict[str, Any] = {"viewport": PHONE, "permissions": ["geolocation"], "geolocation": HERE}
        context = browser.new_context(base_url=url, locale="zh-CN", timezone_id="Asia/Shanghai", **settings)
        context.set_default_timeout(15_000)
        context.add_cookies([{"name": COOKIE, "value": site.token("worker"), "url": url}])
        contexts.append(context)
        page = context.new_page()
        page.goto("/m/")
        return page

    yield opened
    for context in contexts:
        context.close()


def test_the_service_worker_sends_with_the_page_closed(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page, service_workers="allow", expect=AWAY)
    page.evaluate(CONTROLLED)
    wait_until_cached(page)
    said = unique_text()
    report_offline(page, said)
    other = page.context.new_page()
    session = page.context.new_cdp_session(other)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(known["registrationId"] for known in told["registrations"]),
    )
    page.close()
    page.context.set_offline(False)
    other.goto("/healthz")
    session.send("ServiceWorker.enable")
    expect(other.locator("body")).to_be_visible()
    assert found
    wanted = {"origin": site.url, "registrationId": found[-1], "tag": "outbox", "lastChance": True}
    with page.context.expect_event("response", lambda said: said.url.endswith("/cases") and said.status == 201):
        session.send("ServiceWorker.dispatchSyncEvent", wanted)
    assert len(find_cases(site, said)) == 1


def test_a_full_phone_is_told_before_anything_is_lost(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page, path="", expect=AWAY)
    session = page.context.new_cdp_session(page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": site.url, "quotaSize": 450_000})
    page.goto("/m/")
    wait_until_cached(page)
    said = unique_text()
    report_offline(page, said)
    page.goto("/m/#/report")
    take_photo(page, "拍近景", a_busy_photo())
    expect(page.locator("#photos .photo")).to_have_count(1)
    take_photo(page, "拍远景", a_busy_photo())
    expect(page.locator("#photos")).to_contain_text("手机存储已满,照片没有保存")
    expect(page.locator("#photos .photo")).to_have_count(1)
    page.goto("/m/#/outbox")
    expect(page.locator(".item")).to_have_count(1)
    page.context.set_offline(False)
    expect(page.get_by_text("全部已上传 ✓")).to_be_visible()
    assert len(find_cases(site, said)) == 1


def test_without_a_store_it_is_told_and_sends_while_online(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page, path="")
    page.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined })")
    page.goto("/m/")
    expect(page.get_by_text("此浏览器不能离线保存")).to_be_visible()
    said = unique_text()
    page.goto("/m/#/report")
    fill_report(page, said)
    page.get_by_role("button", name="提交").click()
    expect_one_case(page, site, said)


def test_what_waits_for_more_than_a_day_is_shown_in_red(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page, path="", expect=AWAY)
    page.clock.install()
    page.goto("/m/")
    wait_until_cached(page)
    report_offline(page, unique_text())
    late = page.get_by_role("link", name=re.compile("有 1 件超过 24 小时未上传"))
    page.clock.fast_forward("23:50:00")
    expect(late).to_have_count(0)
    page.clock.fast_forward("00:15:00")
    expect(late).to_be_visible()


def test_a_photo_of_twelve_megapixels_becomes_small(open_page: OpenPage) -> None:
    page = open_phone(open_page, path="/m/#/report")
    take_photo(page, "拍近景", a_photo("#8ab", 4000, 3000))
    expect(page.locator("#photos .photo")).to_have_count(1)
    (size,) = page.evaluate(SIZES)
    assert 10_000 < size <= 300_000


def test_a_file_that_is_no_photo_is_told(open_page: OpenPage) -> None:
    page = open_phone(open_page, path="/m/#/report")
    take_photo(page, "相册", b"no picture", "note.txt")
    expect(page.locator("#photos")).to_contain_text("有文件不是照片或视频")
    expect(page.locator("#photos .photo")).to_have_count(0)


def test_a_dark_and_a_small_photo_are_warned_of(open_page: OpenPage) -> None:
    page = open_phone(open_page, path="/m/#/report")
    take_photo(page, "拍近景", a_photo("#7a9", 300, 200))
    expect(page.locator("#photos")).to_contain_text("过小")
    page.get_by_role("button", name="移除照片 1").click()
    expect(page.locator("#photos .photo")).to_have_count(0)
    take_photo(page, "拍近景", a_photo("#000", 900, 40_0))
    expect(page.locator("#photos .photo")).to_have_count(1)


def test_a_new_version_waits_and_keeps_what_is_here(elsewhere: Any, site: Site, tmp_path: Path) -> None:
    with relay(site, tmp_path) as (url, shell):
        page = elsewhere(url)
        page.evaluate(CONTROLLED)
        wait_until_cached(page)
        said = unique_text()
        report_offline(page, said)
        page.goto("/m/#/report")
        fill_report(page, "写到一半的另一件")
        page.context.set_offline(False)
        page.route("**/api/v1/**", lambda route: route.abort())  # it must not be sent in the meantime
        worker = shell / "sw.js"
        worker.write_text(worker.read_text().replace("gridloop-", "gridloop-next-", 1))
        page.evaluate("async () => (await navigator.serviceWorker.getRegistration()).update()")
        expect(page.get_by_text("有新版本,未上传的内容会保留")).to_be_visible()
        expect(page.get_by_label("描述")).to_have_value("写到一半的另一件")
        with page.expect_navigation():
            page.get_by_role("button", name="更新").click()
        expect(page.get_by_label("描述")).to_have_value("写到一半的另一件")
        page.unroute("**/api/v1/**")
        page.goto("/m/#/outbox")
        page.reload()
        expect(page.get_by_text("全部已上传 ✓")).to_be_visible()
        assert len(find_cases(site, said)) == 1


def test_a_server_that_died_is_not_missed(elsewhere: Any, servers: Servers, site: Site, tmp_path: Path) -> None:
    server = MortalServer(servers, site)
    server.start()
    try:
        page = elsewhere(server.url)
        page.evaluate(CONTROLLED)
        wait_until_cached(page)
        server.kill()
        page.reload()
        expect(page.get_by_role("link", name="拍照上报")).to_be_visible()
        page.goto("/m/#/report")
        said = unique_text()
        fill_report(page, said)
        page.get_by_role("button", name="提交").click()
        expect(page.locator(".result-line")).to_have_text("已保存,待上传")
        other = page.context.new_page()
        other.goto("/m/#/outbox")
        expect(other.locator(".item")).to_have_count(1)
        with relay(site, tmp_path, server.port):  # another server of the same site answers there now
            other.get_by_role("button", name="全部上传").click()
            expect(other.get_by_text("全部已上传 ✓")).to_be_visible()
            assert len(find_cases(site, said)) == 1
    finally:
        server.kill()
