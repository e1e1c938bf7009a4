"""The outbox offline: a stored item is sent exactly once, whatever happens in between, and nothing is lost."""

from playwright.sync_api import Page, Route, expect

from tests.builders import PASSWORD
from tests.ui.conftest import OpenPage
from tests.ui.phone import (
    AWAY,
    expect_one_case,
    fill_report,
    find_cases,
    open_phone,
    open_with_a_clock,
    report_offline,
    unique_text,
    wait_until_cached,
)
from tests.ui.site import Site


def wait_for_worker(page: Page) -> None:
    """Wait until the service worker has cached the shell and controls this page."""
    page.evaluate(
        """async () => {
          await navigator.serviceWorker.ready;
          if (!navigator.serviceWorker.controller)
            await new Promise(done => navigator.serviceWorker.addEventListener('controllerchange', done));
        }"""
    )


def test_a_report_without_a_network_survives_a_reload_and_is_sent(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page, service_workers="allow", expect=AWAY)
    wait_for_worker(page)
    wait_until_cached(page)
    said = unique_text()
    report_offline(page, said)
    page.reload()
    expect(page.locator(".result-line")).to_have_text("已保存,待上传")
    page.context.set_offline(False)
    expect_one_case(page, site, said)


def test_it_is_sent_where_there_is_no_service_worker(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page, expect=AWAY)
    wait_until_cached(page)
    said = unique_text()
    report_offline(page, said)
    page.goto("/m/#/outbox")
    expect(page.locator(".item")).to_contain_text("等待")
    expect(page.get_by_text("1 件待上传")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("全部已上传 ✓")).to_be_visible()
    assert len(find_cases(site, said)) == 1


def test_a_lost_reply_makes_one_case(open_page: OpenPage, site: Site) -> None:
    page = open_with_a_clock(open_page, expect=AWAY)
    lost: list[int] = []

    def lose(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.fallback()

    page.route("**/api/v1/cases", lose)
    said = unique_text()
    fill_report(page, said)
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".result-line")).to_have_text("已保存,待上传")
    expect(page.get_by_text("等待重试")).to_be_visible()
    assert lost == [201]
    assert len(find_cases(site, said)) == 1
    page.clock.fast_forward(6_000)
    expect_one_case(page, site, said)


def test_a_server_that_fails_gets_it_again(open_page: OpenPage, site: Site) -> None:
    page = open_with_a_clock(open_page, expect=("503",))
    failures: list[int] = []

    def fail(route: Route) -> None:
        if route.request.method == "POST" and len(failures) < 1:
            failures.append(1)
            route.fulfill(status=503, headers={"Retry-After": "1"}, body="away")
        else:
            route.fallback()

    page.route("**/api/v1/attachments", fail)
    said = unique_text()
    fill_report(page, said)
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("等待重试")).to_be_visible()
    page.clock.fast_forward(6_000)
    expect_one_case(page, site, said)


def test_a_session_that_ended_costs_nothing(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page, expect=(*AWAY, "401"))
    wait_until_cached(page)
    said = unique_text()
    report_offline(page, said)
    page.context.clear_cookies()
    page.context.set_offline(False)
    page.goto("/m/#/outbox")
    expect(page.locator(".item")).to_contain_text("需登录")
    assert find_cases(site, said) == []
    page.get_by_role("button", name="登录后上传").click()
    page.get_by_label("密码").fill(PASSWORD)
    page.locator("form").get_by_role("button", name="登录").click()
    page.goto("/m/#/outbox")
    expect(page.get_by_text("全部已上传 ✓")).to_be_visible()
    assert len(find_cases(site, said)) == 1


def test_nothing_is_sent_in_the_name_of_another(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page, expect=(*AWAY, "401"))
    wait_until_cached(page)
    said = unique_text()
    report_offline(page, said)
    page.context.clear_cookies()
    page.context.set_offline(False)
    page.goto("/m/#/sign-in")
    page.get_by_label("用户名").fill("volunteer")
    page.get_by_label("密码").fill(PASSWORD)
    page.locator("form").get_by_role("button", name="登录").click()
    page.goto("/m/#/outbox")
    expect(page.get_by_text("另有 1 件属于 网格员,由本人登录后上传")).to_be_visible()
    assert find_cases(site, said) == []


def test_a_refused_report_is_kept_and_put_right_or_goes_after_a_second_question(
    open_page: OpenPage, site: Site
) -> None:
    nowhere = {"latitude": 38.3, "longitude": 117.3, "accuracy": 8}
    page = open_phone(open_page, path="/m/#/report", geolocation=nowhere, expect=("422",))
    said = unique_text()
    expect(page.locator("#place")).to_contain_text("不在您负责的网格内")
    fill_report(page, said)
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".result-line")).to_have_text("被拒")
    page.goto("/m/#/outbox")
    expect(page.locator(".item-rejected")).to_contain_text("该位置不在任何微网格内")
    page.get_by_role("button", name="修改").click()
    expect(page.get_by_label("描述")).to_have_value(said)
    expect(page.locator("#photos .photo")).to_have_count(1)
    page.get_by_label("事发网格").select_option(label="第二微网格")
    page.get_by_role("button", name="重新提交").click()
    number = expect_one_case(page, site, said)
    assert site.run(site.harness.get("admin", f"/cases/{number}"))["grid"]["name"] == "第二微网格"
    page.goto("/m/#/report")
    fill_report(page, unique_text())
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".result-line")).to_have_text("被拒")
    page.goto("/m/#/outbox")
    refused = page.locator(".item-rejected")
    refused.get_by_role("button", name="删除…").click()
    refused.get_by_role("button", name="取消").click()
    expect(refused).to_have_count(1)
    refused.get_by_role("button", name="删除…").click()
    refused.get_by_role("button", name="确定删除").click()
    expect(refused).to_have_count(0)


def test_two_tabs_send_it_once(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page, expect=AWAY)
    wait_until_cached(page)
    said = unique_text()
    report_offline(page, said)
    sent: list[str] = []
    page.context.on(
        "request", lambda r: sent.append(r.url) if r.method == "POST" and r.url.endswith("/cases") else None
    )
    page.context.set_offline(False)
    other = page.context.new_page()
    other.goto("/m/#/outbox")
    expect(other.get_by_text("全部已上传 ✓")).to_be_visible()
    expect_one_case(page, site, said)
    assert len(sent) == 1


def test_a_double_tap_makes_one_case(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page, path="/m/#/report")
    said = unique_text()
    fill_report(page, said)
    page.get_by_role("button", name="提交").dblclick()
    expect_one_case(page, site, said)
