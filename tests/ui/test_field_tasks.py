"""Tasks on the phone: opened offline, answered through the outbox; and answers that come too late."""

import time
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from tests.builders import MICRO
from tests.ui.checks import check_layout, check_screen
from tests.ui.conftest import OpenPage
from tests.ui.phone import AWAY, HERE, a_photo, open_phone, set_look, take_photo, unique_text
from tests.ui.site import Site

SPOT = {"lat": HERE["latitude"], "lon": HERE["longitude"]}


def stage_of(site: Site, case_no: str) -> str:
    return str(site.run(site.harness.get("admin", f"/cases/{case_no}"))["stage"])


def fire_case(site: Site, **fields: Any) -> str:
    """A case at the fire brigade, with a photo from before handling."""
    photo = site.run(site.harness.upload(fields.get("username", "worker"), a_photo("#a65")))
    known = {"category": "0103", "title": unique_text(), "location": SPOT, "attachments": [photo], "grid": MICRO}
    return site.at_handling(**{**known, **fields})


def wait_until_sent(page: Page) -> None:
    """Wait until the phone has sent all items."""
    expect(page.get_by_role("button", name="提交")).to_have_count(0)
    page.goto("/m/#/outbox")
    expect(page.get_by_text("全部已上传 ✓")).to_be_visible(timeout=15_000)


def test_a_task_is_kept_and_completed_without_a_network(open_page: OpenPage, site: Site) -> None:
    case_no = fire_case(site)
    title = site.run(site.harness.get("admin", f"/cases/{case_no}"))["title"]
    page = open_phone(open_page, "fire_handler", expect=AWAY)
    section = page.locator("section", has=page.get_by_role("heading", name="处置"))
    expect(section).to_contain_text(title)
    expect(page.get_by_role("link", name="拍照上报")).to_have_count(0)  # a handler does not report
    expect(page.get_by_text("任务已可离线打开 ✓")).to_be_visible(timeout=15_000)
    page.context.set_offline(True)
    section.get_by_role("link", name=title).click()
    expect(page.get_by_text("离线内容,更新于")).to_be_visible()
    expect(page.locator(".picture img")).to_be_visible()
    expect(page.get_by_text("距现场 0 米")).to_be_visible()
    page.get_by_role("link", name="办结").click()
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("alert")).to_contain_text("还缺: 至少一张照片; 填写处置结果")
    take_photo(page, "拍近景")
    page.get_by_label("处置结果").fill("已清空通道")
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("答复“办结”")).to_be_visible()
    page.context.set_offline(False)
    wait_until_sent(page)
    case = site.run(site.harness.get("admin", f"/cases/{case_no}"))
    assert (case["stage"], len(case["attachments"])) == ("review", 2)


def test_far_from_the_place_a_reason_is_asked_and_recorded(open_page: OpenPage, site: Site) -> None:
    case_no = fire_case(site, location={"lat": 38.009, "lon": 117.005})
    page = open_phone(open_page, "fire_handler", f"/m/#/task/{case_no}/complete")
    expect(page.get_by_text("超过 200 米,请说明原因")).to_be_visible()
    take_photo(page, "拍近景")
    page.get_by_label("处置结果").fill("已电话核实")
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("alert")).to_contain_text("在现场 200 米以内,或已说明原因")
    page.get_by_label("不在现场的原因").fill("厂区封闭")
    page.get_by_role("button", name="提交").click()
    wait_until_sent(page)
    facts = site.run(site.harness.get("admin", f"/cases/{case_no}/facts"))
    (result,) = [fact["body"]["result"] for fact in facts if fact["kind"] == "completed"]
    assert result == "已电话核实\n[距现场 556 米: 厂区封闭]"


def test_an_answer_that_comes_too_late_is_explained_and_kept_as_a_note(open_page: OpenPage, site: Site) -> None:
    case_no = fire_case(site)
    page = open_phone(open_page, "fire_handler", f"/m/#/task/{case_no}/complete", expect=(*AWAY, "409", "403"))
    take_photo(page, "拍近景")
    page.get_by_label("处置结果").fill("我方已清理")
    photo = site.run(site.harness.upload("fire_handler_2", a_photo("#4a6")))
    site.do("fire_handler_2", case_no, "complete", result="已清理", evidence=[photo])
    page.get_by_role("button", name="提交").click()
    page.goto("/m/#/outbox")
    expect(page.locator(".item-rejected")).to_contain_text("案件在此期间已有变化")
    expect(page.locator(".item-rejected")).to_contain_text("“办结”没有生效")
    check_screen(page, least=44)
    page.get_by_role("button", name="作为批注保留在案件上").click()
    expect(page.get_by_text("全部已上传 ✓")).to_be_visible()
    last = site.run(site.harness.get("admin", f"/cases/{case_no}/facts"))[-1]
    assert (last["kind"], last["body"]["note"], len(last["body"]["attachments"])) == ("attached", "办结: 我方已清理", 1)


def test_a_reviewer_compares_sends_it_back_and_passes(open_page: OpenPage, site: Site) -> None:
    case_no = fire_case(site)
    after = site.run(site.harness.upload("fire_handler", a_photo("#4a6")))
    site.do("fire_handler", case_no, "complete", result="已清空通道", evidence=[after])
    page = open_phone(open_page, "reviewer")
    section = page.locator("section", has=page.get_by_role("heading", name="核查"))
    expect(section).to_be_visible()
    page.goto(f"/m/#/task/{case_no}")
    expect(page.locator(".compare img")).to_have_count(2)
    slider = page.get_by_label("处置后照片占比")
    slider.fill("80")
    clip = "inset(0px 0px 0px 20%)"
    expect(page.locator(".compare-after")).to_have_css("clip-path", clip)
    check_screen(page, least=44)
    page.get_by_role("link", name="不合格,返工").click()
    page.get_by_role("button", name="问题仍然存在").click()
    page.get_by_role("button", name="提交").click()
    wait_until_sent(page)
    assert stage_of(site, case_no) == "handle"
    site.do("fire_handler", case_no, "complete", result="再次清空", evidence=[after])
    page.goto(f"/m/#/task/{case_no}")
    page.get_by_role("link", name="核查合格").click()
    expect(page.locator(".compare")).to_be_visible()
    page.get_by_role("button", name="提交").click()
    wait_until_sent(page)
    assert stage_of(site, case_no) == "closed"


def test_a_handler_answers(open_page: OpenPage, site: Site) -> None:
    case_no = fire_case(site)
    page = open_phone(open_page, "fire_handler")
    for title, kind in (("反馈进展", "progress_reported"), ("退单", "return_requested")):
        page.goto(f"/m/#/task/{case_no}")
        page.get_by_role("link", name=title).click()
        page.locator("textarea").fill("现场另有归属")
        page.get_by_role("button", name="提交").click()
        wait_until_sent(page)
        assert site.run(site.harness.kinds(case_no))[-1] == kind


def test_a_handler_claims_and_asks_for_an_extension(open_page: OpenPage, site: Site) -> None:
    case_no = fire_case(site)
    page = open_phone(open_page, "fire_handler", f"/m/#/task/{case_no}")
    page.get_by_role("link", name="认领").click()
    page.get_by_role("button", name="提交").click()
    expect(page.locator("dl.facts")).to_contain_text("消防处置员")
    due = datetime.fromisoformat(site.run(site.harness.get("admin", f"/cases/{case_no}"))["due_at"])
    page.goto(f"/m/#/task/{case_no}/request_extension")
    page.get_by_role("button", name="天气原因").click()
    until = (due + timedelta(days=2)).astimezone(ZoneInfo("Asia/Shanghai"))
    page.get_by_label("延期至").fill(f"{until:%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="提交").click()
    wait_until_sent(page)
    asked = site.run(site.harness.get("admin", f"/cases/{case_no}"))["requests"]
    assert [request["kind"] for request in asked] == ["extension"]


def test_a_duty_officer_accepts_on_the_phone(open_page: OpenPage, site: Site) -> None:
    case_no = site.report()
    page = open_phone(open_page, "duty", f"/m/#/task/{case_no}")
    page.get_by_role("link", name="属实,受理").click()
    page.get_by_role("button", name="提交").click()
    wait_until_sent(page)
    assert stage_of(site, case_no) == "dispatch"


def until_kept(page: Page, text: str, *, photos: int) -> None:
    """Wait until the phone has stored a draft with this text and number of photos: a change is stored right after it is
    shown."""
    look = """([text, photos]) => new Promise((done, failed) => {
      const asked = indexedDB.open('gridloop');
      asked.onerror = () => failed(asked.error);
      asked.onsuccess = () => {
        const all = asked.result.transaction('kept').objectStore('kept').getAll();
        all.onsuccess = () => {
          const drafts = all.result.filter((kept) => kept.id.startsWith('draft:'));
          done(drafts.some((kept) => kept.value.text === text && kept.photos.length === photos));
        };
      };
    })"""
    deadline = time.monotonic() + 10
    while not page.evaluate(look, [text, photos]):
        assert time.monotonic() < deadline, "the draft is not stored"


def test_an_answer_is_a_draft_until_it_is_sent(open_page: OpenPage, site: Site) -> None:
    case_no = fire_case(site)
    page = open_phone(open_page, "fire_handler", f"/m/#/task/{case_no}/report_progress")
    take_photo(page, "拍近景")
    page.locator("textarea").fill("写了一半")
    expect(page.locator("#photos .photo")).to_have_count(1)
    until_kept(page, "写了一半", photos=1)
    page.reload()
    expect(page.locator("textarea")).to_have_value("写了一半")
    expect(page.locator("#photos .photo")).to_have_count(1)


def test_a_case_that_is_not_mine_says_so(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page, "environment_handler", f"/m/#/task/{fire_case(site)}", expect=("404",))
    expect(page.locator(".alert")).to_contain_text("没有案件")


def test_task_screens_are_accessible(open_page: OpenPage, site: Site) -> None:
    """By axe in each language and each size; in English of ordinary size by their layout."""
    case_no = fire_case(site, description="两辆货车长期占用通道")
    page = open_phone(open_page, "fire_handler")
    for path, large, check in (
        ("/m/", False, check_screen), ("/m/en.html", True, check_screen), ("/m/en.html", False, check_layout),
    ):  # fmt: skip
        set_look(page, english="en" in path, large=large)
        for screen in ("", f"task/{case_no}", f"task/{case_no}/complete", f"task/{case_no}/request_extension"):
            page.goto(f"{path}#/{screen}")
            expect(page.locator("html")).to_have_class("large" if large else "")
            expect(page.locator("main .cells, main .card").first).to_be_visible()
            check(page, least=60 if large else 44)
