"""The public page after each turn of a case: what is said counts once, and again when the case has moved on."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from models.ids import new_id
from tests.builders import COMMUNITY
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.site import Site


@pytest.fixture
def public(site: Site) -> Any:
    """A browser's client without scripts."""
    site.clear_limits()
    with httpx.Client(base_url=site.url, headers={"Sec-Fetch-Site": "same-origin"}, timeout=30) as http:
        yield http


def report(site: Site, public: httpx.Client, title: str) -> tuple[str, str]:
    """A report without an account: its code and its case number."""
    form = {"report_id": str(new_id()), "category": "0201", "title": title, "grid": COMMUNITY}
    code = shown_code(public.post("/p/report", data=form).text)
    (item,) = site.run(site.harness.get("admin", "/cases", q=title))["items"]
    return code, item["case_no"]


def shown_code(page: str) -> str:
    found = re.search(r"data-code>([^<]+)<", page)
    assert found is not None
    return found[1]


def kinds(site: Site, case_no: str) -> list[str]:
    return [fact["kind"] for fact in site.run(site.harness.get("supervisor", f"/cases/{case_no}/facts"))]


def turn_on(page: str) -> str:
    """The turn that the page shows."""
    found = re.search(r'name="turn" value="(\d*)"', page)
    assert found is not None
    return found[1]


def test_the_same_words_to_two_questions_are_two_answers(site: Site, public: httpx.Client) -> None:
    code, case_no = report(site, public, "两问")
    for question in ("现场有电吗?", "现在还有电吗?"):
        site.do("duty", case_no, "request_info", question=question)
        page = public.post("/p", data={"code": code}).text
        assert question in page
        answer = {"code": code, "note": "是的", "turn": turn_on(page)}
        with ThreadPoolExecutor(2) as both:  # a double click
            answers = list(both.map(lambda _n: public.post("/p/answer", data=answer), range(2)))  # noqa: B023
        assert all('role="alert"' not in one.text and question not in one.text for one in answers)
        assert 'role="alert"' not in public.post("/p/answer", data=answer).text
    assert kinds(site, case_no).count("info_supplied") == 2


def test_an_answer_to_an_earlier_question_is_not_taken_for_the_next(site: Site, public: httpx.Client) -> None:
    code, case_no = report(site, public, "问题已变")
    site.do("duty", case_no, "request_info", question="在几楼?")
    old = turn_on(public.post("/p", data={"code": code}).text)
    public.post("/p/answer", data={"code": code, "note": "三楼", "turn": old})
    site.do("duty", case_no, "request_info", question="哪个房间?")
    late = public.post("/p/answer", data={"code": code, "note": "四楼", "turn": old})
    assert "办理情况刚有变化" in late.text
    assert "哪个房间?" in late.text
    assert ">四楼</textarea>" in late.text
    assert kinds(site, case_no).count("info_supplied") == 1


def test_another_answer_to_an_answered_question_is_given_back(
    open_page: OpenPage, site: Site, public: httpx.Client
) -> None:
    """Of two tabs with the same question the second is told in plain words, and what was written there is shown."""
    code, case_no = report(site, public, "两个标签页")
    site.do("duty", case_no, "request_info", question="在哪个门?")
    page, other = (open_page("", "/p", viewport=PHONE) for _tab in range(2))
    for tab in (page, other):
        tab.get_by_label("查询码").fill(code)
        tab.get_by_role("button", name="查询", exact=True).click()
        expect(tab.get_by_text("前答复;没有答复的,按已有情况办理。")).to_be_visible()
        expect(tab.locator("dl.facts")).to_contain_text("等您补充后继续办理")
    page.get_by_label("您的答复").fill("东门")
    page.get_by_role("button", name="提交答复").click()
    expect(page.get_by_role("status")).to_have_text("已收到您的答复,谢谢。")
    other.get_by_label("您的答复").fill("西门,旁边有早餐店")
    other.get_by_role("button", name="提交答复").click()
    expect(other.get_by_role("alert")).to_contain_text("您刚才的内容没有提交")
    expect(other.get_by_role("region", name="您刚才写的")).to_contain_text("西门,旁边有早餐店")
    expect(other.get_by_text("现在不能执行")).to_have_count(0)
    screenshot(other, "public-answered-in-another-tab")
    check_screen(other, least=44)
    assert kinds(site, case_no).count("info_supplied") == 1


def test_nobody_is_said_to_have_answered_who_did_not(site: Site, public: httpx.Client) -> None:
    code, case_no = report(site, public, "没有答复")
    site.do("duty", case_no, "request_info", question="在哪个门?")
    turn = turn_on(public.post("/p", data={"code": code}).text)
    site.do("duty", case_no, "reject", reason="不归本区", right_channel="城管热线")
    late = public.post("/p/answer?lang=en", data={"code": code, "note": "at the east gate", "turn": turn}).text
    assert "No information came" in late
    assert "The information has been received" not in late
    assert "at the east gate" in late
    assert "at the east gate</textarea>" not in late, "it is no reason to reopen"
    steps = re.findall(r"</span>(\w+)</li>", late[late.index('class="steps') :])
    assert steps == ["Receive", "Closed"], "it was never dispatched, handled or reviewed"


def test_nothing_is_no_answer(site: Site, public: httpx.Client) -> None:
    code, case_no = report(site, public, "空答")
    site.do("duty", case_no, "request_info", question="在几楼?")
    for nothing in ("", "  ", "\u200b\u3164"):
        page = public.post("/p/answer", data={"code": code, "note": nothing})
        assert "请先写下内容,再提交。" in page.text, repr(nothing)
    assert "info_supplied" not in kinds(site, case_no)


def test_a_case_is_rated_and_reopened_again_after_each_end(site: Site, public: httpx.Client) -> None:
    code, case_no = report(site, public, "两轮")
    site.do("duty", case_no, "accept")
    site.do("duty", case_no, "dispatch", host="labour")
    for round_ in range(2):
        site.do("labour_handler", case_no, "complete", result="已付", answer="已付")
        site.do("reviewer", case_no, "pass_review")
        page = public.post("/p", data={"code": code}).text
        said = {"code": code, "turn": turn_on(page)}
        rated = public.post("/p/rate", data={**said, "verdict": "bad", "note": "没有"}).text
        assert 'role="alert"' not in rated
        asked = [public.post("/p/reopen", data={**said, "reason": "没有"}).text for _ in range(2)]
        assert all('role="alert"' not in one for one in asked)
        assert kinds(site, case_no).count("rated") == kinds(site, case_no).count("reopen_requested") == round_ + 1
        site.do("supervisor", case_no, "grant_reopen")
        page = public.post("/p", data={"code": code}).text
        assert "您对办理结果满意吗?" not in page
        assert "仍未解决?" not in page
        site.do("duty", case_no, "dispatch", host="labour")


def test_what_was_withdrawn_or_voided_offers_nothing_to_reopen(site: Site, public: httpx.Client) -> None:
    code, case_no = report(site, public, "撤回的")
    site.do("duty", case_no, "withdraw", reason="反映人来电撤回")
    page = public.post("/p", data={"code": code}).text
    assert "已撤回" in page
    assert "仍未解决?" not in page


def test_a_changed_report_says_that_the_first_was_stored(site: Site, public: httpx.Client) -> None:
    form = {"report_id": str(new_id()), "category": "0201", "title": "改过的反映", "grid": COMMUNITY}
    code = shown_code(public.post("/p/report", data=form).text)
    changed = public.post("/p/report", data={**form, "description": "补一句"})
    assert changed.status_code == 409
    assert shown_code(changed.text) == code
    assert "还没有提交成功" not in changed.text
    assert ">补一句</textarea>" in changed.text
    offered = re.search(r'name="report_id" value="([^"]+)"', changed.text)
    assert offered is not None
    other = public.post("/p/report", data={**form, "description": "补一句", "report_id": offered[1]})
    assert other.status_code == 200
    assert shown_code(other.text) != code
    assert site.run(site.harness.get("admin", "/cases", q="改过的反映"))["total"] == 2


def test_a_double_click_on_the_form_is_one_report(site: Site, public: httpx.Client) -> None:
    form = {"report_id": str(new_id()), "category": "0201", "title": "连点两下", "grid": COMMUNITY}
    with ThreadPoolExecutor(3) as all_:
        pages = list(all_.map(lambda _n: public.post("/p/report", data=form), range(3)))
    assert [page.status_code for page in pages] == [200] * 3
    assert len({shown_code(page.text) for page in pages}) == 1
    assert site.run(site.harness.get("admin", "/cases", q="连点两下"))["total"] == 1


def test_after_a_merge_the_page_follows_the_lead(open_page: OpenPage, site: Site, public: httpx.Client) -> None:
    lead = site.report(title="主案")
    code, member = report(site, public, "并案")
    page = open_page("", viewport=PHONE)

    def look() -> None:
        page.goto("/p")
        page.get_by_label("查询码").fill(code)
        page.get_by_role("button", name="查询", exact=True).click()

    look()
    expect(page.locator("dl.facts")).to_contain_text("受理后告知")
    site.do("duty", member, "merge", into=lead, reason="同一件")
    site.run(site.harness.until_fact(lead, "absorbed"))
    site.do("duty", lead, "accept")
    site.do("duty", lead, "dispatch", host="labour")
    site.do("labour_handler", lead, "claim")
    look()
    expect(page.locator("[aria-current=step]")).to_contain_text("处置")
    expect(page.get_by_text("合并办理,以下为合并后的进度")).to_be_visible()
    expect(page.locator("dl.facts")).to_contain_text("预计全部办结不晚于")
    expect(page.locator("dl.facts")).to_contain_text(member[-6:])
    expect(page.locator(".updates li").first).to_contain_text("承办人员已开始办理")
    assert lead not in page.content()
    check_screen(page, least=44)
    site.do("labour_handler", lead, "complete", result="内部", answer="已全部发放。")
    site.do("reviewer", lead, "pass_review")
    look()
    expect(page.locator("[aria-current=step]")).to_contain_text("结案")
    expect(page.locator(".answer")).to_have_text("已全部发放。")
    expect(page.get_by_text("您对办理结果满意吗?")).to_have_count(0)
    expect(page.get_by_text("仍未解决?")).to_have_count(0)


def test_code_and_digits_are_read_as_people_type_them(site: Site, public: httpx.Client) -> None:
    phone = "（010）6552—9988 转 801"
    form = {"report_id": str(new_id()), "category": "0201", "title": "带分机", "grid": COMMUNITY, "phone": phone}
    code = shown_code(public.post("/p/report", data=form).text)
    wide = "".join(chr(0xFEE0 + ord(char)) for char in code)
    for typed, tail in (
        (code, "9988"),
        (wide, "９９８８"),
        (f"\u202a{code.lower()}\u202c", "010-65529988"),
        (code, phone),
    ):
        assert "办理经过" in public.post("/p", data={"code": typed, "phone_tail": tail}).text, (typed, tail)
    assert public.post("/p", data={"code": code, "phone_tail": "0801"}).status_code == 404
    site.clear_limits()
