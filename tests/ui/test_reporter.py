"""The keeper's look at a reporter, and the auditor's record of it, in the browser."""

from playwright.sync_api import expect

from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import OpenPage
from tests.ui.site import Site

NAME, PHONE = "欧阳秘而不宣", "13987654321"


def test_the_keeper_gives_a_reason_looks_and_is_counted(site: Site, open_page: OpenPage) -> None:
    no = site.report(reporter={"name": NAME, "phone": PHONE}, title="有人代为反映", description="工头 13800138000")
    page = open_page("keeper", f"/cases/{no}", expect=("403",))
    assert PHONE not in page.content()
    assert "13800138000" not in page.content()
    page.get_by_role("link", name="查看上报人").click()
    expect(page.get_by_role("link", name="说明理由并揭示")).to_be_visible()
    check_screen(page)
    page.get_by_role("link", name="说明理由并揭示").click()
    page.get_by_label("用途").select_option("safety")
    page.get_by_label("原因").fill("需核实人身安全情况")
    with page.expect_response(lambda answer: "/commands/unmask" in answer.url) as answered:
        page.get_by_role("button", name="揭示上报人").click()
    assert answered.value.ok, answered.value.text()
    page.goto(f"{site.url}/cases/{no}/reporter")
    expect(page.get_by_text("还可查看 15 分钟")).to_be_visible()
    expect(page.get_by_text(NAME)).to_be_visible()
    expect(page.get_by_text(PHONE)).to_be_visible()
    expect(page.get_by_text("工头 13800138000")).to_be_visible()
    check_screen(page)
    screenshot(page, "reporter-unmasked")
    record = open_page("auditor", "/unmaskings")
    expect(record.get_by_text("涉及人身安全").first).to_be_visible()
    check_screen(record)
    screenshot(record, "unmaskings")
