"""The policy changed row by row in a browser: beside what is published, compared, and not lost between two people."""

import re

from playwright.sync_api import Page, expect

from tests.ui.checks import check_layout, check_screen, screenshot
from tests.ui.conftest import DESK, PHONE, OpenPage


def start(page: Page) -> str:
    """Make a draft of the policy in force and return its address."""
    page.locator("button", has_text=re.compile("逐行修改现行策略|row by row")).click()
    expect(page).to_have_url(re.compile(r"/admin/drafts/[0-9a-f-]+/limits$"))
    return page.url.removesuffix("/limits")


def test_a_limit_is_changed_in_its_row_and_compared(open_page: OpenPage) -> None:
    """Every section is looked at by axe in English and by its layout in Chinese, the rows on a phone too."""
    page = open_page("admin", "/admin/policies?lang=en", expect=("422",))
    draft = start(page)
    check_screen(page)
    page.locator("tbody a.button").first.click()
    amount = page.locator("input[name=amount]")
    expect(amount).to_be_visible()
    check_screen(page)
    screenshot(page, "admin-row-en")
    was = amount.input_value()
    amount.fill("soon")
    page.locator(".editing button").click()
    expect(page.locator(".editing [role=alert]")).to_be_visible()
    expect(amount).to_have_value("soon")
    amount.fill("7")
    page.locator(".editing button").click()
    expect(page.locator("p.notice.good")).to_contain_text("✓")
    row = page.locator("tr.differs")
    expect(row).to_have_count(1)
    expect(row.locator("td").nth(0)).to_contain_text(f"{was} ")
    expect(row.locator("td").nth(1)).to_contain_text("7 ")
    for lang in ("en", "zh"):
        for section in ("limits", "ladders", "routes", "categories", "calendars", "handovers", "notifications"):
            page.goto(f"{draft}/{section}?lang={lang}")
            if page.locator("tbody a.button").count():  # the table with an open row is the table, and more
                page.locator("tbody a.button").first.click()
                expect(page.locator(".editing")).to_be_visible()
            (check_screen if lang == "en" or section == "limits" else check_layout)(page)
            if section == "limits" and lang == "zh":
                page.set_viewport_size(PHONE)
                check_layout(page)
                page.set_viewport_size(DESK)
            screenshot(page, f"admin-rows-{section}-{lang}")
        page.goto(f"{draft}/changes")
        expect(page.locator("main tbody tr")).to_have_count(1)
        expect(page.locator("main tbody del")).to_contain_text(f"{was} ")
        expect(page.locator("main tbody strong")).to_contain_text("7 ")
        check_screen(page)
        screenshot(page, f"admin-changes-{lang}")
    page.set_viewport_size(PHONE)
    check_layout(page)
    page.set_viewport_size(DESK)
    page.locator("button[value=preview]").click()
    expect(page.locator("section[role=status]")).to_be_visible(timeout=30_000)
    check_screen(page)
    page.locator("button[value=drop]").click()
    expect(page).to_have_url(re.compile(r"/admin/policies$"))


def test_two_people_at_one_draft_lose_nothing(open_page: OpenPage) -> None:
    first = open_page("admin", "/admin/policies", expect=("409",))
    draft = start(first)
    first.locator("tbody a.button").nth(0).click()
    second = open_page("admin", first.url, expect=("409",))
    yaml = open_page("admin", draft, expect=("409",))
    first.locator("input[name=amount]").fill("7")
    first.locator(".editing button").click()
    expect(first.locator("p.notice.good")).to_be_visible()
    second.locator("input[name=amount]").fill("9")
    second.locator(".editing button").click()
    expect(second.locator(".editing [role=alert]")).to_contain_text("已被他人改动")
    expect(second.locator("input[name=amount]")).to_have_value("9")
    expect(second.locator("tr.differs td").nth(1)).to_contain_text("7 ")
    check_screen(second)
    screenshot(second, "admin-row-conflict")
    second.locator(".editing button").click()  # having seen the other's 7, they save again
    expect(second.locator("tr.differs td").nth(1)).to_contain_text("9 ")
    text = yaml.locator("textarea[name=content]")
    mine = text.input_value().replace("archive_days: 30", "archive_days: 31")
    text.fill(mine)
    yaml.get_by_role("button", name="保存并检查").click()
    expect(yaml.get_by_role("alert").filter(has_text="已被他人改动")).to_be_visible()
    expect(yaml.locator("textarea[name=content]")).to_have_value(mine)
    expect(yaml.locator("details pre")).to_contain_text("9")
    check_screen(yaml)
    yaml.goto(f"{draft}/changes")
    yaml.locator("button[value=drop]").click()
