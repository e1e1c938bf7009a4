"""Cases that belong together lead to each other, on the page of the case and on the phone."""

from playwright.sync_api import expect

from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import OpenPage
from tests.ui.phone import open_phone
from tests.ui.site import Site


def test_a_merged_case_and_its_lead_lead_to_each_other_on_the_phone(open_page: OpenPage, site: Site) -> None:
    lead, member = site.report(title="先报的一件"), site.report(title="后报的一件")
    site.do("duty", member, "merge", into=lead, reason="同一件")
    site.run(site.harness.until_fact(lead, "absorbed"))
    page = open_phone(open_page, "worker", f"/m/#/task/{member}")
    page.get_by_role("link", name=lead).click()
    expect(page.get_by_role("heading", name="先报的一件")).to_be_visible()
    expect(page.locator("dl.facts").get_by_role("link", name=member)).to_have_attribute("href", f"#/task/{member}")
    check_screen(page)
    screenshot(page, "relatives-phone")


def test_a_part_and_the_case_it_was_split_off_from_lead_to_each_other(open_page: OpenPage, site: Site) -> None:
    case_no = site.report(title="两件事写在一起")
    parts = [{"title": "消防通道被堵", "category": "0301"}, {"title": "拖欠工资", "category": "0201"}]
    site.do("duty", case_no, "split", parts=parts, reason="两件事")
    site.run(site.harness.until_fact(case_no, "errand_settled", 2))
    page = open_page("duty", f"/cases/{case_no}")
    found = (
        page.locator("#case-facts dt", has_text="拆出的案件")
        .locator("xpath=following-sibling::dd[1]")
        .get_by_role("link")
    )
    expect(found).to_have_count(2)
    screenshot(page, "relatives-desk")
    found.first.click()
    expect(page.locator("#case-facts").get_by_role("link", name=case_no)).to_be_visible()
    check_screen(page)
    part = page.url.rpartition("/")[2]
    phone = open_phone(open_page, "duty", f"/m/#/task/{part}")
    expect(phone.locator("dl.facts").get_by_role("link", name=case_no)).to_be_visible()
