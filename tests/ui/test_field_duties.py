"""Duties (勤务) on the phone: three taps when all is well, a failed item with its photo, without a network too."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, Route, expect

from tests.builders import COMMUNITY, MICRO, MICRO_2
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import OpenPage
from tests.ui.phone import AWAY, open_phone, set_look, take_photo
from tests.ui.site import Site

SHANGHAI = ZoneInfo("Asia/Shanghai")


def plan_duty(site: Site, place: str, **changed: Any) -> dict[str, Any]:
    """Make a plan of one day whose check begins now, and return its duty once it is given out."""
    begins = datetime.now(SHANGHAI) - timedelta(minutes=1)
    plan = {
        "name": f"班前检查 {uuid4().hex[:6]}",
        "grid": COMMUNITY,
        "work": "pre_shift",
        "places": [{"grid": MICRO_2, "name": place}],
        "workers": {"role": "grid_worker"},
        "rhythm": {"kind": "per_shift", "shifts": [{"name": "当班", "begins": f"{begins:%H:%M}"}], "minutes": 600},
        "plant_days": {"weekdays": [1, 2, 3, 4, 5, 6, 7], "on_holidays": True},
        "checklist": "pre-shift",
        "until": f"{begins:%Y-%m-%d}",
        **changed,
    }
    made = site.run(site.harness.send("supervisor", "/plans", plan))
    assert made.status_code == 201, made.text
    for _ in range(100):
        found = site.run(site.harness.get("supervisor", "/duties", plan=made.json()["code"], limit=1))["items"]
        if found:
            return dict(found[0])
        site.run(_pause())
    raise AssertionError("no duty was given out")


async def _pause() -> None:
    await asyncio.sleep(0.05)


def done_duty(site: Site, duty: dict[str, Any], *, cases: int = 0) -> dict[str, Any]:
    """The duty as the server has it, once it is done and has opened as many cases."""
    for _ in range(200):
        found = dict(site.run(site.harness.get("supervisor", f"/duties/{duty['id']}")))
        if found["done_at"] and len(found["cases"]) == cases:
            return found
        site.run(_pause())
    raise AssertionError(found)


def a_place() -> str:
    """The name of a workshop that no other test uses."""
    return f"车间{uuid4().hex[:6]}"


def open_duty(page: Page, place: str) -> None:
    """Open the duty from the list on the first screen, or from the whole list where there are many."""
    page.goto("/m/#/duties")
    page.get_by_role("link", name=re.compile(place)).click()
    expect(page.get_by_role("heading", name="班前检查", level=1)).to_be_visible()


def test_three_taps_when_all_is_well(open_page: OpenPage, site: Site) -> None:
    place = a_place()
    duty = plan_duty(site, place)
    page = open_phone(open_page)
    page.get_by_role("link", name=re.compile(place)).click()
    page.get_by_role("button", name="全部合格").click()
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("link", name="拍照上报")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile(place))).to_have_count(0)
    page.goto("/m/#/duties")
    expect(page.get_by_role("link", name=re.compile(place))).to_contain_text("按时完成")
    found = done_duty(site, duty)
    assert (found["status"], [item["outcome"] for item in found["items"]]) == ("done", ["ok", "ok"])
    assert found["location"] is not None


def test_without_a_network_a_failed_item_with_its_photo_is_kept_and_sent_once(open_page: OpenPage, site: Site) -> None:
    place = a_place()
    duty = plan_duty(site, place)
    page = open_phone(open_page, expect=AWAY)
    open_duty(page, place)
    page.goto("/m/#/")
    expect(page.get_by_role("heading", name="我的任务")).to_be_visible()
    page.context.set_offline(True)
    open_duty(page, place)
    page.locator("#item-exits").get_by_label("合格", exact=True).check()
    page.locator("#item-guards").get_by_label("不合格").check()
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("“防护完好”不合格,须附照片")).to_be_visible()
    page.get_by_label("问题说明").fill("3号机防护罩缺失")
    take_photo(page, "拍近景")
    expect(page.locator("#photos-guards .photo")).to_have_count(1)
    page.get_by_role("button", name="提交").click()
    page.goto("/m/#/outbox")
    expect(page.locator(".item")).to_contain_text("等待")
    page.goto("/m/#/duties")
    expect(page.get_by_role("link", name=re.compile(place))).to_contain_text("已填写,待上传")
    page.context.set_offline(False)
    expect(page.get_by_role("link", name=re.compile(place))).to_contain_text("按时完成", timeout=20_000)
    found = done_duty(site, duty, cases=1)
    case = site.run(site.harness.get("supervisor", f"/cases/{found['cases'][0]}"))
    assert (case["category"], case["grid"]["code"], len(case["attachments"])) == ("0103", MICRO_2, 1)
    assert place in case["title"] + case["description"]


def test_a_lost_reply_is_one_report(open_page: OpenPage, site: Site) -> None:
    place = a_place()
    duty = plan_duty(site, place)
    page = open_phone(open_page, expect=AWAY)
    lost: list[int] = []

    def lose(route: Route) -> None:
        if not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.fallback()

    page.route("**/api/v1/duties/*/report", lose)
    open_duty(page, place)
    page.get_by_role("button", name="全部合格").click()
    page.get_by_role("button", name="提交").click()
    page.goto("/m/#/outbox")
    page.get_by_role("button", name="全部上传").click()
    expect(page.get_by_text("全部已上传 ✓")).to_be_visible(timeout=20_000)
    assert lost == [200]
    facts = site.run(site.harness.get("supervisor", f"/plans/{duty['plan']}/facts"))
    assert [fact["kind"] for fact in facts].count("duty_done") == 1


def test_somebody_else_was_faster(open_page: OpenPage, site: Site) -> None:
    """The refusal says who did it and when, and what was filled in stays on the phone."""
    place = a_place()
    duty = plan_duty(site, place)
    page = open_phone(open_page, expect=(*AWAY, "409"))
    open_duty(page, place)
    page.get_by_role("button", name="全部合格").click()
    items = [{"item": code, "outcome": "ok"} for code in ("exits", "guards")]
    body = {"items": items, "note": "已查"}
    assert site.run(site.harness.send("supervisor", f"/duties/{duty['id']}/report", body)).status_code == 200
    page.get_by_role("button", name="提交").click()
    page.goto("/m/#/outbox")
    expect(page.locator(".item")).to_contain_text("该项勤务已由 园区督查员 于")


def test_a_volunteer_finds_their_tour_and_notes_a_need(open_page: OpenPage, site: Site) -> None:
    place = a_place()
    where = [{"grid": MICRO, "name": place}]
    duty = plan_duty(site, place, work="visit", workers={"role": "volunteer"}, places=where, checklist=None)
    page = open_phone(open_page, "volunteer")
    page.get_by_role("link", name=re.compile(place)).click()
    page.get_by_role("button", name="记一条诉求").click()
    page.get_by_label("诉求 1", exact=True).fill("独居老人想装扶手,电话 13912345678")
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("link", name=re.compile(place))).to_have_count(0)
    found = done_duty(site, duty)
    assert (found["done_by"], len(found["needs"])) == ("志愿者", 1)
    assert "13912345678" not in found["needs"][0]["text"]


def test_the_screens_fit_and_are_accessible_in_both_sizes(open_page: OpenPage, site: Site) -> None:
    place, visit = a_place(), a_place()
    plan_duty(site, place)
    plan_duty(site, visit, work="visit", places=[{"grid": MICRO_2, "name": visit}])
    page = open_phone(open_page, viewport={"width": 320, "height": 844})
    for large in (False, True):
        set_look(page, large=large)
        page.goto("/m/#/")
        expect(page.get_by_role("heading", name="今日勤务")).to_be_visible()
        least = 60 if large else 44
        check_screen(page, least=least)
        screenshot(page, f"duties_home_{large}")
        page.goto("/m/#/duties")
        expect(page.get_by_role("link", name=re.compile(visit))).to_be_visible()
        check_screen(page, least=least)
        for name in (place, visit):
            page.goto("/m/#/duties")
            page.get_by_role("link", name=re.compile(name)).click()
            page.locator("#item-guards").get_by_label("不合格").check()
            if name == visit:
                page.get_by_role("button", name="记一条诉求").click()
            page.get_by_role("button", name="提交").click()
            expect(page.locator(".fault").first).to_be_visible()
            check_screen(page, least=least)
            screenshot(page, f"duty_{name == visit}_{large}")
