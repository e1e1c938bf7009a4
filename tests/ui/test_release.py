"""A reviewer, on the phone or at the desk, chooses the result photos that the reporter may see; by default none."""

import re

from playwright.sync_api import Page, expect

from tests.api.harness import PDF
from tests.ui.checks import check_layout, check_screen, screenshot
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.phone import AWAY, a_photo, open_phone, set_look
from tests.ui.site import Site
from tests.ui.test_field_tasks import fire_case, stage_of, until_kept, wait_until_sent

SHOWN, HIDDEN = "#4a6", "#46a"
WHICH = "向反映人公开的成果照片"


def at_review(site: Site, *also: bytes) -> tuple[str, list[str]]:
    """A case whose result has two photos and the given files: its number and the hashes of its evidence."""
    case_no = fire_case(site)
    evidence = [
        site.run(site.harness.upload("fire_handler", file)) for file in (a_photo(HIDDEN), a_photo(SHOWN), *also)
    ]
    site.do("fire_handler", case_no, "complete", result="已清空通道", evidence=evidence)
    return case_no, evidence


def released(site: Site, case_no: str) -> list[str]:
    """The photos released by the passed review of the case."""
    facts = site.run(site.harness.get("admin", f"/cases/{case_no}/facts"))
    (passed,) = [fact["body"] for fact in facts if fact["kind"] == "review_passed"]
    return list(passed["released_photos"])


def open_progress_page(open_page: OpenPage, site: Site, case_no: str) -> Page:
    """The public page of the case, by its progress code."""
    code = site.run(site.harness.send("worker", f"/cases/{case_no}/progress-code")).json()["code"]
    page = open_page("", java_script_enabled=False, viewport=PHONE)
    page.goto("/p")
    page.get_by_label("查询码").fill(code)
    page.get_by_role("button", name="查询", exact=True).click()
    expect(page.locator("[aria-current=step]")).to_contain_text("结案")
    return page


def test_a_photo_chosen_without_a_network_is_shown_and_the_other_is_not(open_page: OpenPage, site: Site) -> None:
    case_no, (hidden, shown) = at_review(site)
    before = site.run(site.harness.get("admin", f"/cases/{case_no}"))["attachments"][0]
    page = open_phone(open_page, "reviewer", f"/m/#/task/{case_no}", expect=AWAY)
    expect(page.get_by_text("任务已可离线打开 ✓").or_(page.get_by_role("link", name="核查合格")).first).to_be_visible()
    page.get_by_role("link", name="核查合格").click()
    choice = page.get_by_role("group", name=WHICH)
    expect(choice.locator("img")).to_have_count(2)  # the photos are cached on the phone now
    page.context.set_offline(True)
    page.goto("/m/#/")
    page.goto(f"/m/#/task/{case_no}/pass_review")
    expect(choice.get_by_role("checkbox", checked=False)).to_have_count(2)
    choice.get_by_label("公开照片 2").check()
    expect(choice.get_by_role("checkbox", checked=True)).to_have_count(1)
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("button", name="提交")).to_have_count(0)
    assert stage_of(site, case_no) == "review"
    page.context.set_offline(False)
    wait_until_sent(page)
    assert stage_of(site, case_no) == "closed"
    public = open_progress_page(open_page, site, case_no)
    expect(public.get_by_alt_text("办理结果照片")).to_have_count(1)
    assert f"/p/photo/{shown}." in public.content()
    assert not [sha256 for sha256 in (hidden, before) if sha256 in public.content()]
    screenshot(public, "public-released")


def test_a_paper_is_not_offered_a_choice_is_a_draft_and_nothing_is_shown_unless_chosen(
    open_page: OpenPage, site: Site
) -> None:
    case_no, evidence = at_review(site, PDF)
    _, shown, paper = evidence
    page = open_phone(open_page, "reviewer", f"/m/#/task/{case_no}/pass_review")
    choice = page.get_by_role("group", name=WHICH)
    expect(choice.get_by_role("checkbox")).to_have_count(2)
    choice.get_by_label("公开照片 2").check()
    page.get_by_label("说明").fill("现场属实")
    until_kept(page, "现场属实", photos=0)
    page.reload()
    expect(page.get_by_label("说明")).to_have_value("现场属实")
    expect(choice.get_by_label("公开照片 2")).to_be_checked()
    assert site.run(
        site.harness.refused("reviewer", case_no, "pass_review", release_photos=[shown, paper]),
    ) == (422, "not_of_the_result")
    choice.get_by_label("公开照片 2").uncheck()
    page.get_by_role("button", name="提交").click()
    wait_until_sent(page)
    assert released(site, case_no) == []
    public = open_progress_page(open_page, site, case_no)
    assert not [sha256 for sha256 in evidence if sha256 in public.content()]


def test_a_choice_among_photos_of_an_older_result_is_refused_and_said(open_page: OpenPage, site: Site) -> None:
    case_no, _ = at_review(site)
    page = open_phone(open_page, "reviewer", f"/m/#/task/{case_no}/pass_review", expect=(*AWAY, "422"))
    choice = page.get_by_role("group", name=WHICH)
    expect(choice.locator("img")).to_have_count(2)
    page.context.set_offline(True)
    choice.get_by_label("公开照片 1").check()
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("button", name="提交")).to_have_count(0)
    site.do("reviewer", case_no, "fail_review", reason="处置不彻底")
    again = site.run(site.harness.upload("fire_handler", a_photo("#aa4")))
    site.do("fire_handler", case_no, "complete", result="再次清空", evidence=[again])
    page.context.set_offline(False)
    page.goto("/m/#/outbox")
    expect(page.locator(".item-rejected")).to_contain_text("不是本次处置结果的照片", timeout=15_000)
    assert stage_of(site, case_no) == "review"
    page.get_by_role("button", name="修改").click()
    expect(choice.get_by_role("checkbox")).to_have_count(1)  # the new result's
    expect(choice.get_by_role("checkbox", checked=False)).to_have_count(1)
    choice.get_by_label("公开照片 1").check()
    page.get_by_label("说明").fill("看过新照片")
    until_kept(page, "看过新照片", photos=0)
    page.goto("/m/#/outbox")
    page.get_by_role("button", name="继续填写").click()  # the corrected answer, not a report
    expect(page.get_by_label("说明")).to_have_value("看过新照片")
    expect(choice.get_by_label("公开照片 1")).to_be_checked()
    page.get_by_role("button", name="提交").click()
    wait_until_sent(page)
    assert released(site, case_no) == [again]


def test_the_choice_is_accessible_in_both_languages_and_sizes(open_page: OpenPage, site: Site) -> None:
    case_no, _ = at_review(site)
    page = open_phone(open_page, "reviewer")
    for english, large in ((False, False), (True, True), (True, False), (False, True)):
        set_look(page, english=english, large=large)
        page.goto(f"{'/m/en.html' if english else '/m/'}#/task/{case_no}/pass_review")
        labels = page.locator("#release label")
        expect(page.locator("#release img")).to_have_count(2)
        least = 60 if large else 44
        heights = [box["height"] for box in (label.bounding_box() for label in labels.all()) if box]
        assert [height >= least for height in heights] == [True, True], (english, large)
        (check_screen if english == large else check_layout)(page, least=least)
        screenshot(page, f"field-release{'-en' if english else ''}{'-large' if large else ''}")


def test_at_the_desk_too_a_reviewer_chooses_which_photos_the_reporter_may_see(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    evidence = [site.run(site.harness.upload("labour_handler", a_photo(colour))) for colour in ("#46a", "#4a6")]
    site.do("labour_handler", no, "complete", result="已付清", evidence=evidence)
    page = open_page("reviewer", f"/cases/{no}?act=pass_review")
    choice = page.get_by_role("group", name="向反映人公开的成果照片")
    expect(choice.get_by_role("checkbox", checked=False)).to_have_count(2)
    choice.get_by_label("公开照片 2").check()
    check_screen(page)
    screenshot(page, "case-release")
    page.locator("#form-pass_review [data-send]").click()
    expect(page.locator("[data-receipt]")).to_be_visible()
    expect(page.locator("#e5")).to_contain_text(re.compile(r"公开的成果照片\s*1 张"))
    assert released(site, no) == [evidence[1]]
