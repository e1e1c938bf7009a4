"""Pages of monitoring stations, emergency runs and referral desks, and the public advice hours."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from infra.database import transaction
from models.policy.emergency import EmergencyPlan, EmergencyPolicy, PlanStep
from tests.api.harness import policy_with_a_rush
from tests.builders import FIRE, MICRO, publish
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.phone import open_phone
from tests.ui.site import Site

VOC = {
    "code": "voc", "name": "挥发性有机物", "unit": "mg/m³", "above": 2.0, "hysteresis": 0.2, "minutes": 5,
    "category": "0201",
}  # fmt: skip


def send(site: Site, path: str, body: Any = None, by: str = "duty") -> Any:
    """Send a request that must succeed, and return its JSON."""
    answer = site.run(site.harness.send(by, path, body))
    assert answer.is_success, answer.text
    return answer.json()


def checked(page: Page, name: str) -> None:
    """The screen is accessible and well laid out; its picture is kept."""
    screenshot(page, name)
    check_screen(page)


def post_readings(site: Site, key: str, values: list[float]) -> None:
    """Readings of the last minutes, one a minute."""
    began = datetime.now(UTC) - timedelta(minutes=len(values))
    readings = [
        {"metric": "voc", "at": (began + timedelta(minutes=n)).isoformat(), "value": value}
        for n, value in enumerate(values)
    ]
    headers = {"Authorization": f"Bearer {key}"}
    body = {"readings": readings}
    answer = site.run(site.harness.http.post("/stations/ST-01/readings", json=body, headers=headers))
    assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def station(site: Site) -> str:
    """A station in breach; its key."""
    fields = {"code": "ST-01", "name": "东门空气站", "grid": MICRO, "medium": "air", "metrics": [VOC]}
    send(site, "/stations", fields)
    key: str = send(site, "/stations/ST-01/key")["key"]
    post_readings(site, key, [0.4] * 20 + [2.3] * 8)
    return key


def test_a_station_with_its_curve_and_a_new_key(site: Site, station: str, open_page: OpenPage) -> None:
    page = open_page("duty", "/park/stations")
    expect(page.get_by_role("cell", name="挥发性有机物 2.3")).to_be_visible()
    checked(page, "stations")
    page.get_by_role("link", name="东门空气站").click()
    expect(page.locator("svg.curve .curve-limit")).to_have_count(1)
    expect(page.get_by_text("超标", exact=False).first).to_be_visible()
    checked(page, "station")
    page.locator("details > summary", has_text="列表").click()
    expect(page.get_by_role("table").first).to_be_visible()
    page.get_by_role("link", name="30 天").click()
    expect(page.locator("svg.curve")).to_have_count(1)
    page.get_by_role("link", name="更换密钥").click()
    page.get_by_role("button", name="更换密钥").click()
    shown = page.locator(".key").inner_text()
    assert shown.startswith("glst_")
    assert shown != station
    checked(page, "station-key")
    reading = {"metric": "voc", "at": datetime.now(UTC).isoformat(), "value": 0.4}
    for key, status in ((station, 401), (shown, 200)):
        sent = site.harness.http.post(
            "/stations/ST-01/readings", json={"readings": [reading]}, headers={"X-Station-Key": key}
        )
        assert site.run(sent).status_code == status, "a new key replaces the old one at once"
    narrow = open_page("worker", "/park/stations/ST-01", viewport=PHONE)
    expect(narrow.get_by_role("link", name="更换密钥")).to_have_count(0)
    checked(narrow, "station-phone")


def test_the_case_of_a_breach_names_the_station_as_its_origin(site: Site, station: str, open_page: OpenPage) -> None:
    async def number() -> str:
        async with asyncio.timeout(20):
            while True:
                (voc,) = (await site.harness.get("duty", "/stations/ST-01/now"))["metrics"]
                if voc["case_no"]:
                    return str(voc["case_no"])
                await asyncio.sleep(0.05)

    case_no = site.run(number())
    page = open_page("duty", f"/cases/{case_no}")
    origin = page.locator("dl.facts").first
    expect(origin.get_by_role("link", name="东门空气站")).to_be_visible()
    expect(origin.get_by_text("代号")).to_have_count(0)
    printed = open_page("duty", f"/cases/{case_no}/print")
    expect(printed.get_by_text("东门空气站 ST-01", exact=True)).to_be_visible()


def test_a_station_is_registered_by_its_form(open_page: OpenPage, site: Site) -> None:
    page = open_page("duty", "/park/stations/new")
    page.get_by_label("编码", exact=False).first.fill("ST-09")
    page.get_by_label("名称", exact=False).first.fill("南门水质站")
    page.locator("input[name=grid]").fill(MICRO)
    page.locator("select[name=medium]").select_option("water")
    page.locator("textarea[name=metrics]").fill("ph | pH | - | 9 | 6 | 0.2 | 10 | 0 | 14 | 0201")
    page.locator("form.matter-form button.primary").click()
    expect(page).to_have_url(f"{site.url}/park/stations/ST-09?did=register")
    expect(page.get_by_text("尚无数据")).to_be_visible()


@pytest.fixture(scope="module")
def plan(site: Site) -> None:
    """A policy with a plan that is only begun by hand."""
    steps = (
        PlanStep(code="fire", name_zh="通知消防", name_en="call the fire service", department=FIRE, minutes=30),
        PlanStep(code="up", name_zh="上报", name_en="report", role="duty_officer", minutes=60, report=True),
    )
    by_hand = EmergencyPlan(code="by-hand", name_zh="泄漏处置", name_en="spill", steps=steps)
    usual = policy_with_a_rush()
    park = usual.park.model_copy(update={"emergencies": EmergencyPolicy(plans=(by_hand,))})

    async def publish_plan() -> None:
        async with transaction(site.harness.engine) as connection:
            await publish(connection, usual.model_copy(update={"park": park}), 77)

    site.run(publish_plan())


def test_a_step_is_confirmed_on_the_phone_in_two_taps(site: Site, plan: None, open_page: OpenPage) -> None:
    case_no = site.report(category="0201")
    code = send(site, f"/cases/{case_no}/emergencies", {"plan": "by-hand"})["code"]
    phone = open_phone(open_page, "fire_handler")
    cell = phone.get_by_role("region", name="应急步骤").get_by_role("link", name="通知消防")
    expect(cell).to_be_visible()
    screenshot(phone, "emergency-phone-home")
    cell.first.click()
    expect(phone.get_by_role("button", name="确认已完成")).to_be_visible()
    screenshot(phone, "emergency-phone-step")
    check_screen(phone, least=44)
    phone.get_by_role("button", name="确认已完成").click()
    expect(phone.get_by_role("heading", name="网格事件")).to_be_visible()
    expect(phone.get_by_role("region", name="应急步骤")).to_have_count(0)
    steps = site.run(site.harness.get("duty", f"/emergencies/{code}"))["details"]["steps"]
    assert [step["state"] for step in steps] == ["confirmed", "open"]
    desk = open_phone(open_page, "duty", f"/m/#/emergency/{code}/up", expect=("status of 409",))
    expect(desk.get_by_role("button", name="确认已完成")).to_be_disabled()
    desk.get_by_role("button", name="不适用…").click()
    desk.get_by_label("不适用的理由").fill("演练,无需上报")
    desk.get_by_role("button", name="这一步不适用").click()
    expect(desk.get_by_role("heading", name="网格事件")).to_be_visible()
    send(site, f"/emergencies/{code}/commands/close", {"summary": "演练"})


def test_an_emergency_from_its_beginning_to_its_record(site: Site, plan: None, open_page: OpenPage) -> None:
    case_no = site.report(category="0201")
    page = open_page("duty", f"/park/emergencies/new?case={case_no}", expect=("status of 422",))
    checked(page, "emergency-new")
    page.locator("select[name=plan]").select_option("by-hand")
    page.get_by_role("button", name="启动").click()
    expect(page.get_by_role("heading", name="谁在何时被告知")).to_be_visible()
    checked(page, "emergency")
    address = page.url.partition("?")[0]
    mine = open_page("fire_handler", address.removeprefix(site.url))
    mine.get_by_role("button", name="确认", exact=True).first.click()
    expect(mine.locator("#step-fire")).to_contain_text("已确认")
    page.goto(f"{address}?form=leave_out")
    expect(page.locator("select[name=step] option")).to_have_text(["请选择", "up 上报"])
    page.goto(address)
    page.get_by_role("link", name="结束并归档").click()
    page.locator("textarea[name=summary]").fill("无人受伤")
    page.locator("form.matter-form button.primary").click()
    expect(page.get_by_role("alert").filter(has_text="上报")).to_be_visible()
    page.locator("#step-up input[name=note]").fill("区值班室 张工")
    page.locator("#step-up").get_by_role("button", name="确认").click()
    page.goto(f"{address}?form=close")
    page.locator("textarea[name=summary]").fill("无人受伤")
    page.locator("form.matter-form button.primary").click()
    expect(page.get_by_text("已归档").first).to_be_visible()
    case = open_page("duty", f"/cases/{case_no}")
    expect(case.get_by_text("应急预案“泄漏处置”已启动")).to_be_visible()
    expect(case.locator("#linked").get_by_role("link", name="泄漏处置")).to_have_attribute(
        "href", address.removeprefix(site.url)
    )
    screenshot(case, "case-with-emergency")


def test_a_slot_is_booked_and_shown_in_public_without_a_name(site: Site, open_page: OpenPage) -> None:
    sittings = [{"weekday": n, "start": "09:00", "end": "10:00"} for n in range(1, 8)]
    fields = {
        "code": "LAW", "name": "法律顾问坐诊", "grid": MICRO, "desk_kind": "lawyer", "place": "党群服务中心 2 楼",
        "persons": [{"name": "律师甲", "organisation": "律师事务所"}], "sittings": sittings,
    }  # fmt: skip
    send(site, "/referral-desks", fields)
    case_no = site.report(category="0201")
    page = open_page("duty", f"/park/referral-desks/LAW?case={case_no}", expect=("status of 409",))
    checked(page, "referral-desk")
    free = page.locator(".slot form[action$='/book']")
    free.first.get_by_role("button", name="预约").click()
    expect(page.locator(".slot").filter(has_text=case_no)).to_have_count(1)
    page.locator(".slot form[action$='/book']").first.get_by_label("案件编号").fill(case_no)
    page.locator(".slot form[action$='/book']").first.get_by_role("button", name="预约").click()
    expect(page.get_by_role("alert").filter(has_text="已有预约")).to_be_visible()
    page.goto("/park/referral-desks/LAW?form=cancel")
    page.locator("select[name=number]").select_option("1")
    page.locator("textarea[name=reason]").fill("改日")
    page.locator("form.matter-form button.primary").click()
    expect(page.locator(".slot").filter(has_text=case_no)).to_have_count(0)
    public = open_page("", viewport=PHONE)
    for language, word in (("zh", "坐诊时间"), ("en", "Advice hours")):
        public.goto(f"/p/desks?lang={language}")
        expect(public.get_by_role("heading", name=word)).to_be_visible()
        expect(public.get_by_text(case_no)).to_have_count(0)
        screenshot(public, f"public-desks-{language}")
        check_screen(public, least=44)


def test_the_lists_in_both_languages(station: str, open_page: OpenPage) -> None:
    """The stations in Chinese are looked at elsewhere."""
    page = open_page("duty")
    for language, paths in (
        ("en", ("/park", "/park/stations", "/park/stations/ST-01", "/park/emergencies", "/park/referral-desks")),
        ("zh", ("/park", "/park/emergencies", "/park/referral-desks")),
    ):
        for path in paths:
            page.goto(f"{path}?lang={language}")
            expect(page.get_by_role("heading").first).to_be_visible()
            check_screen(page)
