"""The unit and roles in the header, and acting in one of several roles."""

import pytest
from playwright.sync_api import expect

from models.enums import Role
from tests.builders import COMMUNITY, LABOUR, OTHER_PARK, PARK, UNITS, Holder, add_people
from tests.ui.checks import check_layout, check_screen, screenshot
from tests.ui.conftest import DESK, PHONE, OpenPage
from tests.ui.site import Site

#: Two roles in one hand: sits at the community's desk, and handles for the labour bureau.
BOTH = "both_hands"
NAMES = {unit.code: unit.name for unit in UNITS}


@pytest.fixture(scope="module")
def both(site: Site) -> str:
    """A person with two roles."""

    async def insert() -> None:
        async with site.harness.engine.begin() as connection:
            await add_people(
                connection,
                Holder(BOTH, "两岗", Role.DUTY_OFFICER, grid=COMMUNITY),
                Holder(BOTH, "两岗", Role.HANDLER, department=LABOUR),
            )

    site.run(insert())
    return BOTH


def test_the_header_names_what_the_reader_acts_for(open_page: OpenPage) -> None:
    for username, lang, told in (
        ("duty", "zh", NAMES[PARK]),
        ("labour_handler", "en", "Labour bureau"),
        ("admin", "zh", f"{NAMES[PARK]}、{NAMES[OTHER_PARK]}"),
    ):
        page = open_page(username, f"/cases?lang={lang}")
        expect(page.locator(".top .region")).to_have_text(told)
        expect(page.locator(".acting")).to_have_count(0)


def test_somebody_with_several_roles_acts_as_one_of_them(open_page: OpenPage, both: str) -> None:
    page = open_page(both, "/notices?lang=en")
    switch, menu = page.locator(".acting"), page.locator("#menu")
    expect(switch.locator("summary")).to_contain_text("All roles")
    switch.locator("summary").click()
    for role in ("handler", "duty officer", "All roles"):
        expect(switch.get_by_role("button", name=role)).to_be_visible()
    check_screen(page)
    screenshot(page, "region-en")
    page.goto("/cases?lang=zh")
    expect(switch.locator("summary")).to_contain_text("全部角色")
    switch.locator("summary").click()
    check_screen(page)
    screenshot(page, "region-zh")
    switch.get_by_role("button", name="处置人员").click()
    expect(switch.locator("summary")).to_contain_text("处置人员")
    expect(menu.locator('a[href="/intake"]')).to_have_count(0)
    expect(page.locator(".tabs")).not_to_contain_text("待受理")
    page.set_viewport_size(PHONE)
    switch.locator("summary").click()
    check_layout(page)
    screenshot(page, "region-phone")
    switch.get_by_role("button", name="值班员").click()
    expect(menu.locator('a[href="/intake"]')).to_have_count(1)
    page.set_viewport_size(DESK)
    page.goto("/notices?large=1")
    switch.locator("summary").click()
    check_layout(page, least=60)
    screenshot(page, "region-large")
    switch.get_by_role("button", name="全部角色").click()
    expect(switch.locator("summary")).to_contain_text("全部角色")


def test_a_role_that_one_does_not_hold_changes_nothing(open_page: OpenPage, site: Site) -> None:
    page = open_page("labour_handler", "/queue")
    for role, status in (("admin", 403), ("king", 422)):
        answer = page.request.post("/preferences", form={"role": role, "back": "/admin"}, headers={"Origin": site.url})
        assert answer.status == status
    page.goto("/queue")
    expect(page.locator('#menu a[href="/admin"]')).to_have_count(0)
    expect(page.locator(".region")).to_be_visible()
