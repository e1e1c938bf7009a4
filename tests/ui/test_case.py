"""The page of one case: its content and its commands, with scripts and without."""

import io
import json
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Page, expect

from doors.session import COOKIE
from models.ids import new_id
from rules.life_cycle import HUMAN_COMMANDS
from tests.api.harness import RUSHED, a_picture
from tests.builders import FIRE, LABOUR, OTHER_MICRO, PASSWORD
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.site import Site

ZONE = ZoneInfo("Asia/Shanghai")
HTML = "<script>document.title='x'</script>"


def do(page: Page, command: str) -> None:
    """Open the form of a command."""
    page.locator(f'[data-act="{command}"]').click()
    expect(page.locator(f"#form-{command}")).to_be_visible()


def receipt(page: Page) -> None:
    """Wait for the receipt of the last command."""
    expect(page.locator("[data-receipt]")).to_be_visible()


def kinds(site: Site, case_no: str) -> list[str]:
    return site.run(site.harness.kinds(case_no))


def test_a_case_is_claimed_given_back_worked_on_and_completed(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling(title=f"欠薪 {HTML}", description=f"工地 {HTML}")
    page = open_page("labour_handler", f"/cases/{no}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("<script>")
    page.keyboard.press("c")
    expect(page.get_by_role("button", name=re.compile("撤销"))).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_role("button", name=re.compile("^认领"))).to_be_visible()
    assert kinds(site, no)[-2:] == ["claimed", "released"]
    page.goto(f"/cases/{no}")  # without the receipt of what was taken back
    page.get_by_role("button", name=re.compile("^认领")).click()
    expect(page.get_by_role("button", name=re.compile("撤销"))).to_be_visible()
    receipt(page)
    do(page, "report_progress")
    page.locator("#form-report_progress textarea").fill(f"已约谈 {HTML}")
    page.locator("#form-report_progress [data-send]").click()
    expect(page.locator("#case-time")).to_contain_text(f"已约谈 {HTML}")
    do(page, "complete")
    send = page.locator("#form-complete [data-send]")
    expect(send).to_contain_text("还缺: 处置结果")
    page.locator("#form-complete [name=result]").fill("已付清工资")
    expect(send).not_to_contain_text("还缺")
    send.click()
    expect(page.locator(".steps .now")).to_contain_text("核查")
    assert kinds(site, no)[-3:] == ["claimed", "progress_reported", "completed"]
    expect(page).not_to_have_title("x")


def test_what_is_missing_is_told_at_its_field_and_typed_text_stays(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling(category="0103")
    site.do("fire_handler", no, "claim")
    page = open_page("fire_handler", f"/cases/{no}?act=complete", expect=("422",))
    page.locator("#form-complete [name=result]").fill("已清理通道")
    page.locator("#form-complete [data-send]").click()
    expect(page.locator("#fault-evidence")).to_contain_text("证据")
    expect(page.locator("#form-complete [name=result]")).to_have_value("已清理通道")
    expect(page.locator('[data-upload="evidence"]')).to_be_focused()
    page.locator('[data-upload="evidence"]').set_input_files(
        {"name": "after.png", "mimeType": "image/png", "buffer": a_picture("green")}
    )
    expect(page.locator(".uploaded img")).to_be_visible()
    page.locator("#form-complete [data-send]").click()
    expect(page.locator(".steps .now")).to_contain_text("核查")
    expect(page.locator("#case-facts figcaption", has_text="处置后")).to_be_visible()


def test_several_faults_are_listed_and_lead_to_their_fields(open_page: OpenPage, site: Site) -> None:
    page = open_page("duty", f"/cases/{site.report()}?act=reject", expect=("422",))
    form = page.locator("#form-reject")
    form.evaluate("form => { form.noValidate = true }")
    form.locator("[data-send]").click()
    expect(form.locator(".faults li")).to_have_count(2)
    expect(form.locator(".faults")).to_be_focused()
    check_screen(page)
    form.locator(".faults a").last.click()
    expect(form.locator("[name=right_channel]")).to_be_focused()


def test_who_was_faster_is_told_and_the_text_is_kept(open_page: OpenPage, site: Site) -> None:
    """To somebody who may not see the case it is not there."""
    no = site.at_handling(category="0103")
    page = open_page("fire_handler_2", f"/cases/{no}?act=return", expect=("409", "412", "403"))
    page.locator("#form-return textarea").fill("不属于本部门职责")
    page.locator("body").evaluate("() => document.getElementById('live').remove()")
    site.do("fire_handler", no, "claim")
    page.locator("#form-return [data-send]").click()
    told = page.locator(".conflict")
    expect(told).to_contain_text("消防处置员")
    expect(told).to_contain_text("已认领")
    expect(page.locator("#form-return textarea")).to_have_value("不属于本部门职责")
    expect(page.locator("#case-time")).to_contain_text("已认领")
    hidden = open_page("labour_handler", f"/cases/{no}", expect=("404",))
    expect(hidden.locator("main")).to_contain_text("没有案件")


def test_a_note_is_no_conflict(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    site.do("labour_handler", no, "claim")
    page = open_page("labour_handler", f"/cases/{no}?act=complete")
    page.locator("#form-complete [name=result]").fill("已解决")
    page.locator("body").evaluate("() => document.getElementById('live').remove()")
    site.do("duty", no, "comment", note="请尽快")
    page.locator("#form-complete [data-send]").click()
    expect(page.locator(".steps .now")).to_contain_text("核查")


def test_a_file_that_is_none_is_refused_and_a_draft_survives_a_reload_until_its_receipt(
    open_page: OpenPage, site: Site
) -> None:
    no = site.at_handling()
    page = open_page("labour_handler", f"/cases/{no}?act=report_progress", expect=("415", "422", "400"))
    page.locator("[data-upload]").set_input_files({"name": "x.exe", "mimeType": "text/plain", "buffer": b"MZ nonsense"})
    expect(page.locator(".uploaded .fault")).to_contain_text("x.exe")
    page.locator(".uploaded [data-drop]").click()
    expect(page.locator(".uploaded li")).to_have_count(0)
    page.goto(f"/cases/{no}?act=comment")
    page.locator("#form-comment textarea").fill("写到一半")
    page.reload()
    expect(page.locator("#form-comment textarea")).to_have_value("写到一半")
    page.keyboard.press("Escape")
    page.locator("#form-comment textarea").press("Control+Enter")
    receipt(page)
    assert page.evaluate("() => Object.keys(localStorage).filter(k => k.startsWith('draft:')).length") == 0


def test_an_extension_is_refused_or_asked_for_and_the_timeline_narrowed(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    page = open_page("labour_handler", f"/cases/{no}?act=request_extension", expect=("422",))
    expect(page.locator("#action")).to_contain_text("延期最多批准 2 次,已批准 0 次")
    form = page.locator("#form-request_extension")
    form.locator("textarea").fill("等待鉴定")
    form.locator("input[type=datetime-local]").fill("2020-01-01T10:00")
    form.locator("[data-send]").click()
    expect(page.locator("#fault-until")).to_contain_text("须晚于")
    later = (datetime.now(ZONE) + timedelta(days=5)).strftime("%Y-%m-%dT%H:%M")
    form.locator("input[type=datetime-local]").fill(later)
    form.locator("[data-send]").click()
    receipt(page)
    asked = site.run(site.harness.until_fact(no, "extension_requested"))["body"]["until"]
    assert datetime.fromisoformat(asked).astimezone(ZONE).strftime("%Y-%m-%dT%H:%M") == later
    page.goto(f"/cases/{no}")
    lines = page.locator("#case-time [data-seq]")
    page.get_by_role("button", name="时限", exact=True).click()
    expect(page.locator("#case-time [data-seq]:visible")).to_have_count(1)
    page.get_by_role("button", name="全部", exact=True).click()
    first = lines.first.get_attribute("data-seq")
    page.get_by_role("button", name="新的在前").click()
    expect(lines.last).to_have_attribute("data-seq", str(first))
    page.goto(f"/cases/{no}#e2")
    expect(page.locator("#e2")).to_be_in_viewport()


def test_the_desk_dispatches_with_co_handlers(open_page: OpenPage, site: Site) -> None:
    no = site.report(category="0103")
    site.do("duty", no, "accept")
    page = open_page("duty", f"/cases/{no}")
    form = page.locator("#form-dispatch")
    expect(form).to_contain_text("安全类由消防主办")
    expect(form.locator("select[name=host]")).to_have_value(FIRE)
    form.get_by_role("checkbox", name="人社局").check()
    form.locator("[data-send]").click()
    expect(page.locator(".steps .now")).to_contain_text("处置")
    case = site.run(site.harness.get("duty", f"/cases/{no}"))
    assert [c["department"] for c in case["co_handlers"]] == [LABOUR]


def test_an_answer_lost_on_the_way_counts_once(site: Site) -> None:
    no = site.at_handling()
    cookie = {COOKIE: site.token("labour_handler")}
    same = {"command_id": str(new_id()), "note": "同一条批注"}
    for _ in range(2):
        answer = httpx.post(
            f"{site.url}/cases/{no}/commands/comment", data=same, cookies=cookie, headers={"Origin": site.url}
        )
        assert answer.status_code == 303
        assert answer.headers["location"].startswith(f"/cases/{no}?done=comment")
    assert kinds(site, no).count("commented") == 1


@pytest.fixture
def without_scripts(open_page: OpenPage) -> OpenPage:
    """Opens pages with scripts switched off."""

    def opened(username: str, path: str) -> Page:
        return open_page(username, path, java_script_enabled=False, expect=("422",))

    return opened


def test_everything_works_without_scripts(without_scripts: OpenPage, site: Site) -> None:
    no = site.at_handling(category="0103")
    page = without_scripts("fire_handler", f"/cases/{no}")
    page.get_by_role("button", name=re.compile("^认领")).click()
    expect(page.locator("[data-receipt]")).to_be_visible()
    page.get_by_role("link", name=re.compile("^办结")).click()
    page.locator("#form-complete [name=result]").fill("已清理")
    page.locator("#form-complete [data-send]").click()
    expect(page.locator("#fault-evidence")).to_be_visible()
    expect(page.locator("#form-complete [name=result]")).to_have_value("已清理")
    page.locator('input[type="file"]').set_input_files(
        {"name": "after.png", "mimeType": "image/png", "buffer": a_picture("blue")}
    )
    page.locator("#form-complete [data-send]").click()
    expect(page.locator(".steps .now")).to_contain_text("核查")
    assert site.run(site.harness.until_fact(no, "completed"))["body"]["evidence"]


def test_a_transfer_to_another_department_waits_for_its_word(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    site.do("labour_handler", no, "claim")
    page = open_page("labour_head", f"/cases/{no}?act=transfer")
    form = page.locator("#form-transfer")
    form.locator("select[name=to_department]").select_option(FIRE)
    form.locator("textarea").fill("涉及消防")
    form.locator("[data-send]").click()
    waiting = page.locator("#requests [data-request=transfer]")
    expect(waiting).to_contain_text("消防救援大队")
    expect(waiting).to_contain_text("涉及消防")
    expect(waiting).to_contain_text("前答复")
    expect(page.locator("#case-head")).to_contain_text("人社处置员")
    page.locator("#case-side .more-acts summary").click()
    expect(page.locator("[data-act=retract]")).to_be_visible()
    expect(page.locator("[data-act=grant_transfer]")).to_have_count(0)
    page = open_page("fire_head", f"/cases/{no}")
    expect(page.locator("#form-grant_transfer")).to_contain_text("涉及消防")
    check_screen(page)
    screenshot(page, "case-grant-transfer")
    page.locator("#form-grant_transfer [data-send]").click()
    # A department that took part in a case still sees it; the case shows its current owner.
    expect(page.locator("#case-head")).to_contain_text("消防救援大队")


def test_the_desk_gives_a_case_to_another_department_on_the_same_clock(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    before = site.run(site.harness.get("duty", f"/cases/{no}"))["due_at"]
    page = open_page("duty", f"/cases/{no}?act=redispatch", expect=("422",))
    form = page.locator("#form-redispatch")
    expect(form.locator("select[name=host] option", has_text="人社局")).to_have_count(0)
    form.locator("select[name=host]").select_option(FIRE)
    form.locator("textarea").fill("派错部门")
    check_screen(page)
    screenshot(page, "case-redispatch")
    form.locator("[data-send]").click()
    receipt(page)
    expect(page.locator("#case-time")).to_contain_text("改派给")
    assert site.run(site.harness.get("duty", f"/cases/{no}"))["due_at"] == before


def test_the_reviewer_rewrites_the_answer_that_the_reporter_reads(open_page: OpenPage, site: Site) -> None:
    no = site.report("reporter", source="resident")
    site.do("duty", no, "accept")
    site.do("duty", no, "dispatch", host=LABOUR)
    site.do("labour_handler", no, "comment", note="内部批注")
    site.do("labour_handler", no, "complete", result="约谈记录", answer="已发放,请查收。")
    page = open_page("reviewer", f"/cases/{no}")
    form = page.locator("#form-pass_review")
    expect(form).to_contain_text("约谈记录")
    expect(form.locator("[name=answer]")).to_have_value("已发放,请查收。")
    form.locator("[name=answer]").fill("工资已全部发放。")
    check_screen(page)
    screenshot(page, "case-review-answer")
    form.locator("[data-send]").click()
    expect(page.locator("#told")).to_contain_text("工资已全部发放。")
    page = open_page("reporter", f"/cases/{no}")
    expect(page.locator("#told")).to_contain_text("工资已全部发放。")
    for inner in ("约谈记录", "内部批注", "已发放,请查收。"):
        assert inner not in page.content(), inner
    check_screen(page)
    screenshot(page, "case-reporter")
    page.goto(f"/cases/{no}/print")
    expect(page.locator("main")).to_contain_text("工资已全部发放。")
    assert "约谈记录" not in page.content()


def test_a_second_person_confirms_or_declines_to_void(open_page: OpenPage, site: Site) -> None:
    no = site.report(title="疑似重复")
    site.do("duty", no, "void", reason="与另一件重复")
    page = open_page("duty", f"/cases/{no}")
    expect(page.locator("#requests [data-request=void]")).to_contain_text("作废")
    expect(page.locator("#requests [data-request=void]")).to_contain_text("与另一件重复")
    expect(page.locator("[data-act=void], [data-act=refuse_void]")).to_have_count(0)
    page = open_page("supervisor", f"/cases/{no}?act=refuse_void")
    form = page.locator("#form-refuse_void")
    expect(form).to_contain_text("与另一件重复")
    form.locator("textarea").fill("地点不同")
    check_screen(page)
    form.locator("[data-send]").click()
    receipt(page)
    expect(page.locator("#requests")).to_have_count(0)


def test_a_merged_case_and_its_lead_name_each_other(open_page: OpenPage, site: Site) -> None:
    lead, member = site.report(title="先报的"), site.report(title="后报的")
    site.do("duty", member, "merge", into=lead, reason="同一事项")
    site.run(site.harness.until_fact(lead, "absorbed"))
    page = open_page("duty", f"/cases/{lead}?act=unmerge")
    expect(page.locator("#case-facts").get_by_role("link", name=member)).to_be_visible()
    form = page.locator("#form-unmerge")
    expect(form.locator("select[name=case_no] option")).to_have_text([member])
    check_screen(page)
    screenshot(page, "case-unmerge")
    form.locator("textarea").fill("并非同一件")
    form.locator("[data-send]").click()
    site.run(site.harness.until_fact(member, "unmerged"))
    page.goto(f"/cases/{member}")
    expect(page.locator(".steps .now")).to_contain_text("受理")
    expect(page.locator("#case-time")).to_contain_text("从合并中拆出")


def test_a_case_that_is_out_of_sight_after_acting_is_told_on_the_queue(open_page: OpenPage, site: Site) -> None:
    no = site.report(title="边界上的案件")
    page = open_page("community_duty", f"/cases/{no}?act=relocate")
    form = page.locator("#form-relocate")
    form.locator("input[name=grid]").fill(OTHER_MICRO)
    form.locator("textarea").fill("在对面园区")
    form.locator("[data-send]").click()
    expect(page).to_have_url(re.compile(r"/queue\?left="))
    expect(page.locator("main .notice")).to_contain_text(f"案件 {no}:“变更位置”已记录")


def test_a_form_sent_after_the_session_ended_leads_back_to_it(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    page = open_page("labour_handler", f"/cases/{no}?act=comment")
    page.locator("#form-comment textarea").fill("写了很久")
    page.context.clear_cookies()
    page.locator("#form-comment [data-send]").click()
    expect(page).to_have_url(re.compile("/sign-in"))
    expect(page.get_by_role("status")).to_contain_text("登录已过期")
    check_screen(page)
    page.get_by_label("用户名").fill("labour_handler")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.locator("#form-comment textarea")).to_have_value("写了很久")


def test_an_overdue_case_says_so_and_who_passes_it_on_sees_what_each_holds(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling(category=RUSHED)
    site.do("environment_handler", no, "claim")
    site.run(site.harness.until_fact(no, "overdue"))
    page = open_page("environment_handler", f"/cases/{no}")
    expect(page.locator("#case-head .light")).to_contain_text("超期")
    expect(page.locator("#case-head .left-time")).to_contain_text("超")
    expect(page.locator("details.due").first).to_have_attribute("open", "")
    expect(page.locator(".t-overdue")).not_to_have_count(0)
    check_screen(page)
    screenshot(page, "case-overdue")
    page = open_page("environment_head")
    for lang, told in (
        ("zh", r"^环保处置员 · 在办 \d+ 件,超期 \d+ 件$"), ("en", r"^环保处置员 · \d+ open, \d+ overdue$"),
    ):  # fmt: skip
        page.goto(f"/cases/{no}?act=transfer&lang={lang}")
        expect(page.locator("#form-transfer select[name=to_person] option[value=environment_handler]")).to_have_text(
            re.compile(told)
        )
        check_screen(page)
        screenshot(page, f"case-transfer-{lang}")
        page.goto(f"/queue?tab=doing&q={no}&lang={lang}")
        choice = page.locator("#to-person option[value=environment_handler]")
        expect(choice).to_have_text("环保处置员")
        page.locator(f'tr[data-case="{no}"]').get_by_role("checkbox").check()
        page.locator("#bulk summary").first.click()
        expect(choice).to_have_text(re.compile(told))
        check_screen(page)
        screenshot(page, f"queue-assign-{lang}")


def test_a_suspended_case_shows_why_its_clock_stands_still(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    until = (datetime.now(ZONE) + timedelta(days=9)).isoformat()
    site.do("labour_handler", no, "request_suspension", until=until, reason="等待法院判决")
    page = open_page("supervisor", f"/cases/{no}")
    expect(page.locator("#action")).to_contain_text("等待法院判决")
    page.locator("#form-grant_suspension [data-send]").click()
    expect(page.locator("#case-head .light")).to_contain_text("挂账")
    expect(page.locator(".t-stopped")).not_to_have_count(0)
    screenshot(page, "case-suspended")


def test_every_command_has_a_form(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling()
    with httpx.Client(base_url=site.url, cookies={COOKIE: site.token("duty")}) as client:
        for command in HUMAN_COMMANDS:
            answer = client.get(f"/cases/{no}/act/{command}", headers={"HX-Request": "true"})
            assert answer.status_code == 200, command
            assert f'id="form-{command}"' in answer.text, command
            assert "style=" not in answer.text, command


def test_a_case_is_printed_and_kept_as_json(open_page: OpenPage, site: Site) -> None:
    photo = site.run(site.harness.upload("worker", a_picture("red")))
    no = site.at_handling(attachments=[photo])
    page = open_page("labour_handler", f"/cases/{no}/print")
    expect(page.locator(".cover .qr")).to_be_visible()
    expect(page.locator("main")).to_contain_text(photo)
    expect(page.locator(".proof .qr")).to_be_visible()
    proof = site.run(site.harness.ask("duty", f"/cases/{no}")).json()["proof"]
    expect(page.locator(".proof figcaption")).to_have_text(proof)
    page.emulate_media(media="print")
    assert len(page.pdf(format="A4")) > 10_000
    page.emulate_media(media="screen")
    check_screen(page)
    screenshot(page, "case-print")
    with page.expect_download() as download:
        page.goto(f"/cases/{no}")
        page.get_by_role("link", name="JSON").click()
    kept = json.load(io.BytesIO(download.value.path().read_bytes()))
    assert kept["case"]["case_no"] == no
    assert len(kept["facts"]) == kept["case"]["revision"]


def test_the_page_is_accessible_at_every_stage_in_both_languages_large_and_on_a_phone(
    open_page: OpenPage, site: Site
) -> None:
    no = site.report()
    page = open_page("supervisor")
    for stage, step in (
        ("receive", None), ("dispatch", ("duty", "accept", {})), ("handle", ("duty", "dispatch", {"host": LABOUR})),
        ("review", ("labour_handler", "complete", {"result": "已付清"})), ("closed", ("reviewer", "pass_review", {})),
    ):  # fmt: skip
        if step is not None:
            site.do(step[0], no, step[1], **step[2])
        for lang in ("zh", "en") if stage == "handle" else ("zh",) if stage in ("receive", "review") else ("en",):
            page.goto(f"/cases/{no}?lang={lang}")
            expect(page.locator(".steps .now")).to_be_visible()
            check_screen(page)
            if lang == "en":
                words = page.locator("#case button, #case h2, #case h3, #case dt, #case summary, .acts a")
                said = " ".join(words.all_inner_texts()).replace("东一社区", "")
                assert not re.search(r"[\u4e00-\u9fff]", said), stage
            screenshot(page, f"case-{stage}-{lang}")
        if stage == "handle":
            page = open_page("labour_handler", f"/cases/{no}?lang=zh&large=1")
            check_screen(page, least=60)
            screenshot(page, "case-large")
            page.goto(f"/cases/{no}?large=0")
            page.set_viewport_size(PHONE)
            check_screen(page)
            screenshot(page, "case-phone")
            page = open_page("supervisor")
