"""What a phone is for beside reporting and handling: verifying, answering reporters, transfers, one's own requests."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from playwright.sync_api import Page, expect
from sqlalchemy import delete, insert

from infra.database import transaction
from models.tables import ABSENCES
from tests.builders import ENVIRONMENT, FIRE, person_id
from tests.ui.checks import check_screen
from tests.ui.conftest import OpenPage
from tests.ui.phone import AWAY, open_phone, take_photo
from tests.ui.site import Site
from tests.ui.test_field_tasks import SPOT, fire_case, wait_until_sent


def view_of(site: Site, case_no: str) -> Any:
    return site.run(site.harness.get("admin", f"/cases/{case_no}"))


def last_fact(site: Site, case_no: str, kind: str) -> Any:
    facts = site.run(site.harness.get("admin", f"/cases/{case_no}/facts"))
    return [fact["body"] for fact in facts if fact["kind"] == kind][-1]


def submit(page: Page) -> None:
    page.get_by_role("button", name="提交").click()


def test_a_grid_worker_verifies_a_report_without_a_network(open_page: OpenPage, site: Site) -> None:
    case_no = site.report("reporter", location=SPOT)
    site.do("duty", case_no, "request_verification", question="通道是否仍被占用?")
    title = view_of(site, case_no)["title"]
    page = open_phone(open_page, "worker", expect=AWAY)
    section = page.locator("section", has=page.get_by_role("heading", name="核实"))
    # A worker at whose grid the case begins has the task to accept it as well.
    cell = section.locator("a", has_text=case_no).filter(has_text="待核实")
    expect(cell).to_be_visible()
    expect(page.get_by_text("任务已可离线打开 ✓")).to_be_visible(timeout=15_000)
    page.context.set_offline(True)
    cell.click()
    expect(page.get_by_text("通道是否仍被占用?")).to_be_visible()
    page.get_by_role("link", name="反馈核实").click()
    submit(page)
    expect(page.get_by_role("alert")).to_contain_text("选择核实结论")
    page.get_by_label("不属实", exact=True).check()
    page.get_by_label("说明").fill("现场畅通")
    take_photo(page, "拍近景")
    check_screen(page, least=44)
    submit(page)
    expect(page.get_by_text("答复“核实反馈”")).to_be_visible()
    page.context.set_offline(False)
    wait_until_sent(page)
    found = last_fact(site, case_no, "verification_reported")
    assert (found["confirmed"], found["note"], len(found["attachments"])) == (False, "现场畅通", 1)
    assert [task["kind"] for task in view_of(site, case_no)["tasks"]] == ["accept"], title


def test_a_handler_answers_the_reporter_and_a_reviewer_rewrites_it(open_page: OpenPage, site: Site) -> None:
    case_no = fire_case(site, username="duty", source="enterprise")
    page = open_phone(open_page, "fire_handler", f"/m/#/task/{case_no}/complete")
    take_photo(page, "拍近景")
    page.get_by_label("处置结果").fill("已约谈物业,罚款二千元")
    submit(page)
    expect(page.get_by_role("alert")).to_contain_text("填写给上报人的答复")
    answer = page.get_by_label("给上报人的答复")
    answer.fill("<b>通道</b>已清空")
    expect(page.get_by_role("alert")).to_contain_text("答复不能含 HTML 标签")
    answer.fill("通道已清空,感谢反映。")
    submit(page)
    wait_until_sent(page)
    done = last_fact(site, case_no, "completed")
    assert (done["result"], done["answer"]) == ("已约谈物业,罚款二千元", "通道已清空,感谢反映。")
    review = open_phone(open_page, "reviewer", f"/m/#/task/{case_no}/pass_review")
    expect(review.get_by_label("给上报人的答复")).to_have_value("通道已清空,感谢反映。")
    review.get_by_label("给上报人的答复").fill("通道已于今日清空。")
    submit(review)
    wait_until_sent(review)
    assert last_fact(site, case_no, "review_passed")["answer"] == "通道已于今日清空。"


def test_a_department_is_asked_to_take_a_case_over(open_page: OpenPage, site: Site) -> None:
    case_no = fire_case(site)
    site.do("fire_head", case_no, "transfer", to_department=ENVIRONMENT, reason="属环保")
    page = open_phone(open_page, "environment_handler")
    expect(page.locator("a", has_text=case_no)).to_contain_text("待答复转办")
    page.goto(f"/m/#/task/{case_no}/refuse_transfer")
    page.get_by_label("理由").fill("不涉及环保")
    submit(page)
    wait_until_sent(page)
    assert last_fact(site, case_no, "transfer_refused")["reason"] == "不涉及环保"
    assert view_of(site, case_no)["host"] == FIRE


def test_one_takes_back_one_of_ones_requests(open_page: OpenPage, site: Site) -> None:
    case_no = fire_case(site)
    until = (datetime.fromisoformat(view_of(site, case_no)["due_at"]) + timedelta(days=1)).isoformat()
    site.do("fire_handler", case_no, "request_extension", until=until, reason="取证")
    site.do("fire_handler", case_no, "return", reason="误点")
    head = open_phone(open_page, "fire_head", f"/m/#/task/{case_no}")
    expect(head.get_by_role("link", name="反馈进展")).to_be_visible()
    expect(head.get_by_role("link", name="撤回申请")).to_have_count(0)  # what they asked for is not hers
    page = open_phone(open_page, "fire_handler", f"/m/#/task/{case_no}/retract")
    page.get_by_label("退单", exact=True).check()
    submit(page)
    wait_until_sent(page)
    assert last_fact(site, case_no, "request_retracted")["request"] == "return"
    page.goto(f"/m/#/task/{case_no}/retract")
    expect(page.get_by_role("button", name="提交")).to_be_visible()
    expect(page.get_by_role("radio")).to_have_count(0)  # nothing to choose from
    submit(page)
    wait_until_sent(page)
    assert view_of(site, case_no)["requests"] == []


def test_a_deputy_has_the_tasks_of_who_is_away(open_page: OpenPage, site: Site) -> None:
    case_no = fire_case(site)
    site.do("fire_handler", case_no, "claim")
    today = datetime.now(UTC).date()

    absence = {
        "id": uuid4(), "person": person_id("fire_handler"), "deputy": person_id("fire_handler_2"), "reason": "休假",
        "since": today - timedelta(days=1), "until": today + timedelta(days=1),
    }  # fmt: skip

    async def carry_out(statement: Any) -> None:
        async with transaction(site.harness.engine) as connection:
            await connection.execute(statement)

    site.run(carry_out(insert(ABSENCES).values(**absence)))
    try:
        page = open_phone(open_page, "fire_handler_2")
        expect(page.locator("a", has_text=case_no)).to_contain_text("待处置")
        page.goto(f"/m/#/task/{case_no}/report_progress")
        page.get_by_label("说明").fill("代为到场")
        submit(page)
        wait_until_sent(page)
    finally:
        site.run(carry_out(delete(ABSENCES).where(ABSENCES.c.id == absence["id"])))
    assert last_fact(site, case_no, "progress_reported")["note"] == "代为到场"
