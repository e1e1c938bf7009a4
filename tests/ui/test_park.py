"""The work of the park by forms: undertake, add places, submit and audit a topic, claim, meet; and the public page."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.builders import GRID, PARK
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import PHONE, OpenPage


def checked(page: Page, name: str) -> None:
    """The screen is accessible and fits, in Chinese and in English; kept as a picture."""
    check_screen(page)
    screenshot(page, name)
    here = page.url
    page.goto(f"{here}{'&' if '?' in here else '?'}lang=en")
    check_screen(page)
    page.goto(f"{here}{'&' if '?' in here else '?'}lang=zh")


def fill(page: Page, **typed: str) -> None:
    """Fill in the open form by the names of its fields."""
    for name, text in typed.items():
        field = page.locator(f".matter-form [name='{name}']")
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(text)
        else:
            field.fill(text)


def give(page: Page, command: str, **typed: str) -> None:
    """Give a command by its form on the page of a matter."""
    page.get_by_role("link", name=command, exact=True).click()
    fill(page, **typed)
    page.locator(".matter-form button.primary").click()
    expect(page.get_by_role("status").filter(has_text=command)).to_be_visible()


def test_an_undertaking_is_made_and_shown_to_everybody(open_page: OpenPage) -> None:
    page = open_page("supervisor", "/park", expect=("422",))
    expect(page.get_by_role("heading", name="园区工作")).to_be_visible()
    checked(page, "park")
    page.get_by_role("link", name="承诺事项").click()
    page.get_by_role("link", name="作出承诺").click()
    checked(page, "park-new")
    fill(
        page,
        name="增设路灯",
        grid=GRID,
        type="yearly_item",
        statement="装灯 20 盏",
        owner_name="市政科",
        due_on="2020-01-01",
    )
    page.locator(".matter-form button.primary").click()
    expect(page.locator(".fault")).to_contain_text("不能早于今天")
    fill(page, due_on="2099-12-31", milestones="m1 | 立项 | 2099-03-01")
    page.locator(".matter-form button.primary").click()
    expect(page.get_by_role("heading", name="增设路灯")).to_be_visible()
    give(page, "完成节点", milestone="m1", note="已立项")
    give(page, "填报进展", note="完成 8 盏", percent="40")
    checked(page, "park-matter")
    expect(page.get_by_text("进展:完成 8 盏")).to_be_visible()

    public = open_page("", "/p/undertakings", viewport=PHONE)
    expect(public.get_by_role("heading", name="增设路灯")).to_be_visible()
    expect(public.get_by_text("40%")).to_be_visible()
    check_screen(public)
    screenshot(public, "public-undertakings")


def test_a_topic_is_submitted_audited_claimed_and_decided(open_page: OpenPage) -> None:
    worker = open_page("worker", "/park/topics/new")
    fill(worker, name="印染污泥处置难", grid=GRID, text="三家企业堆存超量", source="visit")
    worker.locator(".matter-form button.primary").click()
    expect(worker.get_by_text("待审核")).to_be_visible()
    topic = worker.url.split("?")[0]
    assert worker.get_by_role("link", name="审核", exact=True).count() == 0

    duty = open_page("duty", topic.removeprefix(re.match(r"https?://[^/]+", topic)[0]))  # type: ignore[index]
    give(duty, "审核", decision="agenda", note="提请联席会议")
    soon = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    duty.goto("/park/meetings/new")
    fill(duty, name="四季度联席会议", grid=PARK, type="quarterly", meet_at=soon, place="三楼")
    duty.locator(".matter-form button.primary").click()
    expect(duty.get_by_role("cell", name="印染污泥处置难")).to_be_visible()
    give(duty, "议定", item="1", decision="列入揭榜", outcome="claim", due_on="2099-06-30")
    checked(duty, "park-meeting")

    head = open_page("fire_head", "/park/claims")
    expect(head.get_by_role("link", name="印染污泥处置难")).to_be_visible(timeout=15_000)
    head.get_by_role("link", name="印染污泥处置难").click()
    give(head, "揭榜", department="fire", plan="大队牵头")
    expect(head.get_by_text("消防大队 揭榜:大队牵头").or_(head.get_by_text("揭榜:大队牵头"))).to_be_visible()
    checked(head, "park-claim")


def test_what_is_not_there_is_told(open_page: OpenPage) -> None:
    page = open_page("supervisor", expect=("404",))
    for path in ("/park/nothing", "/park/undertakings/U0", "/park/undertakings/U0?form=end"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 404, path
