"""Channels in a browser: set up, tested against a far side, found in the log and sent again; pushes on the phone."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network

import pytest
from playwright.sync_api import expect

from infra.outgoing import outgoing_of
from tests.builders import COMMUNITY
from tests.fakes.far_side import FarSide, Reply, running_far_side, script
from tests.ui.checks import check_screen, screenshot, set_large_english
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.site import Site


@contextmanager
def far_side(site: Site) -> Iterator[FarSide]:
    """A far side in the loop of the site: it refuses once, and then takes everything."""
    opened: list[FarSide] = []
    ready, over = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with running_far_side(script([Reply(403, b"who are you?")])) as side:
            opened.append(side)
            ready.set()
            await over.wait()

    running = asyncio.run_coroutine_threadsafe(serve(), site._loop)
    assert ready.wait(20)
    yield opened[0]
    site._loop.call_soon_threadsafe(over.set)
    running.result(20)


def test_a_web_hook_is_set_up_tested_and_told(open_page: OpenPage, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    # The worker of the site shares this guard; its settings allow nothing inside.
    monkeypatch.setattr(outgoing_of(site.harness.settings), "_networks", (ip_network("127.0.0.0/8"),))
    with far_side(site) as side:
        page = open_page("admin", "/admin/channels", expect=("422",))
        check_screen(page)
        page.get_by_label("新增渠道").select_option("webhook")
        page.get_by_role("button", name="填写").click()
        expect(page.get_by_label("渠道编号")).to_be_visible()
        check_screen(page)
        page.get_by_label("渠道编号").fill("hook")
        page.get_by_label("名称").fill("区平台")
        page.get_by_label("地址", exact=True).fill(side.url("/in"))
        page.get_by_label("密钥").fill("short")
        page.get_by_role("button", name="保存").click()
        expect(page.locator("p.alert")).to_contain_text("至少 16 个字符")
        expect(page.get_by_label("名称")).to_have_value("区平台")
        page.get_by_label("密钥").fill("a-secret-that-signs")
        page.get_by_role("button", name="保存").click()
        expect(page.locator("main p[role=status]")).to_contain_text("已保存")
        assert "a-secret-that-signs" not in page.content()
        page.get_by_role("button", name="发送测试消息").click()
        expect(page.get_by_role("row").filter(has_text="who are you?")).to_contain_text("拒绝,不再试 HTTP 403")
        check_screen(page)
        screenshot(page, "channel")
        page.get_by_role("button", name="发送测试消息").click()
        expect(page.locator("main p[role=status]")).to_contain_text("已送达")
        page.goto(f"{site.url}/admin/channels")
        page.get_by_label("网格编码").fill(COMMUNITY)
        page.get_by_label("已受理", exact=True).check()
        page.get_by_role("button", name="订阅", exact=True).click()
        expect(page.get_by_role("row").filter(has=page.get_by_role("button", name="取消订阅"))).to_contain_text(
            "区平台"
        )
        screenshot(page, "channels")
        page.goto(f"{site.url}/admin/deliveries")
        check_screen(page)
        screenshot(page, "deliveries")
        failed = page.get_by_role("row").filter(has_text="未送达")
        expect(failed).to_contain_text("区平台")
        failed.get_by_role("link").click()
        expect(page.get_by_role("button", name="重新发送")).to_be_visible()
        expect(page.get_by_role("region", name="逐次发送")).to_contain_text("区平台")
        check_screen(page)
        screenshot(page, "delivery")
        page.get_by_role("button", name="重新发送").click()
        expect(page.locator("main p[role=status]")).to_contain_text("已重新发送")
        english = open_page("admin", "/admin/deliveries?lang=en")
        expect(english.get_by_role("columnheader", name="About")).to_be_visible()
        expect(english.get_by_role("columnheader", name="Attempts")).to_be_visible()
        page.goto(f"{site.url}/admin/receivers")
        page.get_by_label("发送渠道").select_option(label="区平台")
        expect(page.get_by_label("发送渠道")).to_have_value("hook")
        ids = [json.loads(received.body)["id"] for received in side.received]
        assert len(set(ids)) == 2


def test_they_are_in_english_and_fit_a_phone(open_page: OpenPage, site: Site) -> None:
    page = open_page("admin", viewport=PHONE)
    set_large_english(page, site.url)
    for path in ("/admin/channels", "/admin/channels/new?kind=sms", "/admin/deliveries"):
        page.goto(path)
        check_screen(page, least=60)


def test_the_phone_offers_pushes_once_they_are_set_up(open_page: OpenPage, site: Site) -> None:
    page = open_page("worker", "/m/#/me", viewport=PHONE, service_workers="allow")
    expect(page.get_by_role("heading", name="免打扰")).to_be_visible(timeout=30_000)
    expect(page.locator("#push")).to_have_count(0)
    body = {"id": "push", "name": "推送", "config": {"kind": "push", "contact": "mailto:a@b.example"}}
    put = site.harness.http.put("/admin/channels/push", json=body, headers=site.harness.signed_in("admin"))
    assert site.run(put).status_code == 200
    page.reload()
    section = page.locator("#push")
    expect(section.get_by_role("heading", name="推送通知")).to_be_visible(timeout=30_000)
    check_screen(page)
    screenshot(page, "phone-push")
    # Headless, this browser forbids notifications, and says so.
    expect(
        section.get_by_text("浏览器已禁止").or_(section.get_by_role("button", name="在此手机上开启推送"))
    ).to_be_visible()


def test_a_push_is_shown_whatever_it_holds(open_page: OpenPage, site: Site) -> None:
    page = open_page("worker", "/m/", viewport=PHONE, service_workers="allow", expect=("404",))
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    (worker,) = page.context.service_workers
    # A headless browser shows no notifications: what it is asked to show is noted.
    worker.evaluate(
        "() => { self.asked = []; self.registration.showNotification = async (title, { body, tag, data }) =>"
        " { self.asked.push([title, body, tag, data]); }; }"
    )
    whole = json.dumps({"title": "超期", "body": "案件 A1", "link": "/m/#/notices", "tag": "t"})
    for data in (whole, "no JSON", ""):
        worker.evaluate("(data) => { self.dispatchEvent(new PushEvent('push', { data })); }", data)
    assert worker.evaluate("self.asked") == [
        ["超期", "案件 A1", "t", "/m/#/notices"], ["Gridloop", "", "", ""], ["Gridloop", "", "", ""],
    ]  # fmt: skip
