"""One-time links: answered once by somebody without an account, on a phone without scripts; nothing else is reached."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from infra.database import transaction
from infra.store.cases import read_case, read_facts
from infra.store.one_time_links import hash_token
from models.facts import InfoRequested
from models.ids import new_id
from services.one_time_links import make_reporter_link
from tests.api.harness import a_picture
from tests.builders import COMMUNITY
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.site import Site

NAME, TELEPHONE = "赵举报", "13912345678"


@pytest.fixture
def public(site: Site) -> Any:
    """A client without scripts, and without an account."""
    site.clear_limits()
    with httpx.Client(base_url=site.url, timeout=30) as http:
        yield http


def link_for(site: Site, case_no: str, act: str = "complete", named: str = "蓝天保洁公司", **more: Any) -> str:
    """The path of a link that the host department has made."""
    body = {"id": str(new_id()), "named": named, "act": act, **more}
    answer = site.run(site.harness.send("labour_head", f"/cases/{case_no}/links", body))
    assert answer.status_code == 201, answer.text
    return "/l/" + str(answer.json()["address"]).rpartition("/l/")[2]


def change_link(site: Site, path: str, **values: Any) -> None:
    async def change() -> None:
        async with transaction(site.harness.engine) as connection:
            sets = ", ".join(f"{name} = :{name}" for name in values)
            statement = text(f"UPDATE one_time_links SET {sets} WHERE token_hash = :hash")
            await connection.execute(statement, {**values, "hash": hash_token(path.removeprefix("/l/"))})

    site.run(change())


def kinds(site: Site, case_no: str) -> list[str]:
    return [fact["kind"] for fact in site.run(site.harness.get("supervisor", f"/cases/{case_no}/facts"))]


def test_a_partner_answers_once_and_is_then_told_so(site: Site, public: httpx.Client) -> None:
    reporter = {"name": NAME, "phone": TELEPHONE}
    case_no = site.at_handling(title="工地拖欠工资", description=f"联系我 {TELEPHONE}", reporter=reporter)
    path = link_for(site, case_no)
    shown = public.get(path)
    assert shown.status_code == 200
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert shown.headers["cache-control"] == "no-store"
    assert "set-cookie" not in shown.headers
    assert "工地拖欠工资" in shown.text
    assert NAME not in shown.text
    assert TELEPHONE not in shown.text
    answer = {"text": "已发放工资", "answer": "工资已补发"}
    photo = {"photos": ("photo.png", a_picture("green"), "image/png")}
    done = public.post(path, data=answer, files=photo)
    assert done.status_code == 200, done.text
    assert "已收到您的答复" in done.text
    assert kinds(site, case_no).count("completed") == 1
    (fact,) = (f for f in site.run(site.harness.get("duty", f"/cases/{case_no}/facts")) if f["kind"] == "completed")
    assert fact["body"]["result"] == "【蓝天保洁公司】已发放工资"
    assert len(fact["body"]["evidence"]) == 1
    again = public.get(path)
    assert again.status_code == 200
    assert "此链接已使用" in again.text
    assert "已发放工资" in again.text
    assert "<form" not in again.text
    other = public.post(path, data={"text": "另一个结果"})
    assert other.status_code == 409
    assert "已发放工资" in other.text
    assert kinds(site, case_no).count("completed") == 1
    change_link(site, path, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert public.get(path).status_code == 410
    assert public.post(path, data={"text": "又一个结果"}).status_code == 410


def test_of_two_answers_at_once_one_wins(site: Site, public: httpx.Client) -> None:
    """A claim does not stop the partner."""
    case_no = site.at_handling(title="同时答复")
    site.do("labour_handler", case_no, "claim")
    path = link_for(site, case_no)
    words = [f"结果{n}" for n in range(4)]
    with ThreadPoolExecutor(4) as all_:
        answers = list(all_.map(lambda one: public.post(path, data={"text": one}), words))
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    assert kinds(site, case_no).count("completed") == 1
    (won,) = (word for word, one in zip(words, answers, strict=True) if one.status_code == 200)
    assert all(won in one.text for one in answers)


def test_the_same_answer_twice_counts_once(site: Site, public: httpx.Client) -> None:
    case_no = site.at_handling(title="双击提交")
    path = link_for(site, case_no, "report_progress")
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda _n: public.post(path, data={"text": "已到现场"}), range(2)))
    assert [one.status_code for one in answers] == [200, 200]
    assert kinds(site, case_no).count("progress_reported") == 1


@pytest.mark.parametrize("way", ["redispatched", "closed", "taken back"])
def test_a_link_ends_when_the_case_moves_on(site: Site, public: httpx.Client, way: str) -> None:
    case_no = site.at_handling(title=f"移交{way}")
    path = link_for(site, case_no)
    assert public.get(path).status_code == 200
    match way:
        case "redispatched":
            site.do("duty", case_no, "redispatch", host="fire", reason="属消防职责")
            site.do("duty", case_no, "redispatch", host="labour", reason="仍属劳动")
        case "closed":
            site.do("duty", case_no, "void", reason="重复")
            site.do("supervisor", case_no, "void", reason="重复")
        case _:
            (link,) = site.run(site.harness.get("labour_head", f"/cases/{case_no}/links"))["items"]
            address = f"/cases/{case_no}/links/{link['id']}"
            headers = site.harness.signed_in("labour_head")
            assert site.run(site.harness.http.delete(address, headers=headers)).status_code == 204
    before = kinds(site, case_no)
    assert public.get(path).status_code == 410
    late = public.post(path, data={"text": "迟到的结果", "answer": "迟到的答复"})
    assert late.status_code == 410
    assert "您刚才写的(没有提交)" in late.text
    assert "迟到的结果\n迟到的答复" in late.text
    assert kinds(site, case_no) == before


def test_nothing_else_is_reached_by_a_link(site: Site, public: httpx.Client) -> None:
    case_no, other = site.at_handling(title="本案"), site.at_handling(title="他案")
    path = link_for(site, case_no)
    for tried in (f"{path}/{other}", f"{path}/cases/{other}", f"{path}x", f"{path[:-2]}aa", "/l/", f"/l/{'a' * 5000}"):
        found = public.get(tried)
        assert found.status_code == 404, tried
        assert "他案" not in found.text
    assert "他案" not in public.get(path, params={"case": other, "case_no": other}).text
    assert public.get(f"/api/v1/cases/{other}", headers={"Authorization": f"Bearer {path[3:]}"}).status_code == 401


def test_wrong_links_are_counted(site: Site, public: httpx.Client) -> None:
    answers = [public.get(f"/l/{'b' * 31}{n}").status_code for n in range(12)]
    assert answers == [404] * 10 + [429] * 2


def test_who_makes_a_link_for_what_and_for_a_bounded_time(site: Site) -> None:
    case_no = site.at_handling(title="谁可发链接")
    for username, act, status in (
        ("labour_handler", "complete", 201),
        ("duty", "report_progress", 201),
        ("labour_head", "dispatch", 422),
        ("labour_head", "claim", 422),
        ("worker", "complete", 403),
        ("fire_handler", "complete", 404),
    ):
        before = kinds(site, case_no).count("informed")
        body = {"id": str(new_id()), "named": "某公司", "act": act}
        answers = [site.run(site.harness.send(username, f"/cases/{case_no}/links", body)) for _ in range(2)]
        assert [one.status_code for one in answers] == [status, status], (username, act)
        assert kinds(site, case_no).count("informed") == before + (status == 201), (username, act)
        if status == 201:
            assert answers[0].json() == answers[1].json()
    for days in (0, -1, 61, "x"):
        bounded: dict[str, Any] = {"id": str(new_id()), "named": "某公司", "act": "complete", "days": days}
        answer = site.run(site.harness.send("labour_head", f"/cases/{case_no}/links", bounded))
        assert answer.status_code == 422, days


def test_the_reporter_answers_a_question_once(site: Site, public: httpx.Client) -> None:
    form = {"report_id": str(new_id()), "category": "0201", "title": "欠薪", "grid": COMMUNITY, "phone": TELEPHONE}
    ours = {"Sec-Fetch-Site": "same-origin"}
    assert public.post("/p/report", data=form, headers=ours).status_code == 200
    (item,) = site.run(site.harness.get("duty", "/cases", sort="-reported_at"))["items"][:1]
    case_no = item["case_no"]
    site.do("duty", case_no, "request_info", question="在几楼?")

    async def made() -> str:
        async with transaction(site.harness.engine) as connection:
            report_id = await connection.scalar(text("SELECT report_id FROM cases WHERE case_no = :n"), {"n": case_no})
            case = await read_case(connection, report_id)
            assert case is not None
            facts = await read_facts(connection, report_id)
            asked = next(fact.seq for fact in facts if isinstance(fact.body, InfoRequested))
            return await make_reporter_link(connection, site.harness.settings, case, asked, datetime.now(UTC))

    path = f"/l/{site.run(made())}"
    shown = public.get(path)
    assert "在几楼?" in shown.text
    assert TELEPHONE not in shown.text
    assert public.post(path, data={"text": "三楼"}).status_code == 200
    assert kinds(site, case_no).count("info_supplied") == 1
    assert public.post(path, data={"text": "四楼"}).status_code == 409
    site.do("duty", case_no, "request_info", question="哪个房间?")
    again = f"/l/{site.run(made())}"
    assert again == path
    assert "三楼" in public.get(path).text


def test_a_token_stands_in_no_log(site: Site, public: httpx.Client, capfd: pytest.CaptureFixture[str]) -> None:
    path = link_for(site, site.at_handling(title="日志"))
    public.get(path)
    public.get(f"{path}/more")
    said = capfd.readouterr()
    assert path.removeprefix("/l/") not in said.out + said.err


def test_it_is_answered_on_a_phone_without_scripts(site: Site, open_page: OpenPage) -> None:
    site.clear_limits()
    case_no = site.at_handling(title="手机答复", attachments=(site.run(site.harness.upload("worker")),))
    path = link_for(site, case_no)
    page = open_page("", viewport=PHONE, java_script_enabled=False)
    for language in ("zh", "en"):
        page.goto(f"{path}?lang={language}")
        expect(page.get_by_role("heading", level=1)).to_have_text("手机答复")
        screenshot(page, f"link-{language}")
    page.locator("textarea[name=text]").fill("已清理")
    page.locator("input[type=file]").set_input_files(
        {"name": "after.png", "mimeType": "image/png", "buffer": a_picture("red")}
    )
    page.locator("form button.primary").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert kinds(site, case_no).count("completed") == 1


def test_the_pages_of_links_are_accessible(site: Site, open_page: OpenPage) -> None:
    site.clear_limits()
    case_no = site.at_handling(title="可读性")
    path = link_for(site, case_no)
    check_screen(open_page("", path, viewport=PHONE))
    page = open_page("labour_head", f"/cases/{case_no}")
    page.get_by_role("link", name="给外单位发一次性链接").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("一次性链接")
    page.get_by_label("单位名称").fill("第二家公司")
    page.get_by_role("button", name="生成链接").click()
    expect(page.get_by_role("heading", name=re.compile("第二家公司"))).to_be_visible()
    screenshot(page, "case-links")
    check_screen(page)
