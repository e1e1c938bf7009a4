"""The public pages: report, follow by code, rate, request reopening; and guessed codes."""

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Page, expect

from models.commands import Accept, Dispatch
from services.public.photo_tokens import make_photo_token
from tests.api.harness import a_picture
from tests.builders import COMMUNITY
from tests.ui.checks import check_layout, check_screen, screenshot
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.site import Site
from web.draw.qr import qr_image

#: Public pages need no script at all.
PLAIN = {"java_script_enabled": False, "viewport": PHONE}


def reported(page: Page, **typed: str) -> str:
    """Fill in the public form and send it. Return its progress code."""
    page.goto("/p/report")
    page.get_by_label("是哪类问题").select_option(label="欠薪纠纷")
    page.get_by_label("在哪个社区(村)").select_option(COMMUNITY)
    page.get_by_label("一句话说明").fill("三个月没发工资")
    for name, text in typed.items():
        page.locator(f"[name={name}]").fill(text)
    page.get_by_role("button", name="提交").click()
    return page.locator("[data-code]").inner_text()


def case_no_of_code(site: Site, code: str) -> str:
    """The number of the case for a progress code."""
    items = site.run(site.harness.get("admin", "/cases", q="三个月没发工资"))["items"]
    for item in items:
        answer = site.run(site.harness.send("duty", f"/cases/{item['case_no']}/progress-code"))
        if answer.json()["code"] == code:
            return str(item["case_no"])
    raise AssertionError(code)


def look_up_code(page: Page, code: str, tail: str = "") -> None:
    """Look up a progress code."""
    page.goto("/p")
    page.get_by_label("查询码").fill(code)
    page.get_by_label("手机号后四位").fill(tail)
    page.get_by_role("button", name="查询", exact=True).click()


def test_a_report_without_an_account_is_followed_rated_and_reopened(open_page: OpenPage, site: Site) -> None:
    page = open_page("", **PLAIN)
    code = reported(page, name="赵某", phone="13800001234", place="<b>东门</b>外")
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}", code)
    case_no = case_no_of_code(site, code)
    look_up_code(page, code.lower().replace("-", " "), "1234")
    expect(page.get_by_role("heading", name="欠薪纠纷")).to_be_visible()
    for step in (("duty", "accept", {}), ("duty", "dispatch", {"host": "labour"}), ("labour_handler", "claim", {}),
                 ("labour_handler", "complete", {"result": "内部已发放", "answer": "已全部发放。"}),
                 ("reviewer", "pass_review", {"note": "内部意见"})):  # fmt: skip
        site.do(step[0], case_no, step[1], **step[2])
    look_up_code(page, code, "1234")
    expect(page.locator("[aria-current=step]")).to_contain_text("结案")
    expect(page.locator(".answer")).to_have_text("已全部发放。")
    assert "内部" not in page.content()
    assert "人社处置员" not in page.content()
    assert "赵某" not in page.content()
    page.get_by_label("不满意", exact=True).check()
    page.get_by_role("button", name="提交评价").click()
    expect(page.get_by_text("您的评价:不满意")).to_be_visible()
    page.get_by_text("仍未解决?").click()
    page.get_by_label("还有什么没有解决").fill("还差一个月")
    page.get_by_role("button", name="请求重新办理").click()
    expect(page.get_by_text("受理人员正在复核")).to_be_visible()
    facts = site.run(site.harness.get("supervisor", f"/cases/{case_no}/facts"))
    assert [fact["kind"] for fact in facts][-2:] == ["rated", "reopen_requested"]
    assert {fact["actor"]["kind"] for fact in facts[-2:]} == {"reporter"}
    # The second time a supervisor decides, and the page says so.
    for step in (("duty", "grant_reopen", {}), ("duty", "dispatch", {"host": "labour"}),
                 ("labour_handler", "abort", {"reason": "已自行和解"}),
                 ("reviewer", "pass_review", {"note": "内部意见"})):  # fmt: skip
        site.do(step[0], case_no, step[1], **step[2])
    look_up_code(page, code, "1234")
    expect(page.locator(".answer")).to_have_text("终止办理的原因: 已自行和解")
    assert "内部" not in page.content()
    page.get_by_text("仍未解决?").click()
    page.get_by_label("还有什么没有解决").fill("还差一个月")
    page.get_by_role("button", name="请求重新办理").click()
    expect(page.get_by_text("督查人员正在复核")).to_be_visible()
    site.do("supervisor", case_no, "refuse_reopen", reason="款项已核实付清")
    look_up_code(page, code, "1234")
    expect(page.locator(".answer").last).to_have_text("不重新办理的原因: 款项已核实付清")
    expect(page.get_by_text("仍未解决?")).to_have_count(0)


def test_a_rejected_report_says_why_and_where_to_turn(open_page: OpenPage, site: Site) -> None:
    case_no = site.report(title="不归这里")
    code = site.run(site.harness.send("worker", f"/cases/{case_no}/progress-code")).json()["code"]
    site.do("duty", case_no, "reject", reason="已进入诉讼", right_channel="人民法院")
    page = open_page("", **PLAIN)
    look_up_code(page, code)
    expect(page.locator(".answer")).to_have_text(["不予受理的原因: 已进入诉讼", "可转向: 人民法院"])


def test_a_moment_that_has_passed_is_not_promised(open_page: OpenPage, site: Site) -> None:
    """Neither when it is decided whether the report is accepted, nor when all is to be over."""
    long_ago = datetime.now(UTC) - timedelta(days=200)
    waiting = site.run(site.harness.past(long_ago, title="久未受理"))
    handled = site.run(
        site.harness.past(long_ago, ("duty", Accept()), ("duty", Dispatch(host="labour")), title="久未办结")
    )
    page = open_page("", **PLAIN)
    for case_no in (waiting, handled):
        code = site.run(site.harness.send("worker", f"/cases/{case_no}/progress-code")).json()["code"]
        look_up_code(page, code)
        expect(page.locator("dl.facts")).to_contain_text("已超过,正在督促办理")
        expect(page.locator("dl.facts")).not_to_contain_text("受理后告知")


def test_who_was_merged_reads_the_answer_of_the_lead(open_page: OpenPage, site: Site) -> None:
    lead, member = site.report(title="先报的"), site.report(title="后报的")
    code = site.run(site.harness.send("worker", f"/cases/{member}/progress-code")).json()["code"]
    site.do("duty", member, "merge", into=lead, reason="内部意见")
    site.run(site.harness.until_fact(lead, "absorbed"))
    site.do("duty", lead, "accept")
    site.do("duty", lead, "dispatch", host="labour")
    site.do("labour_handler", lead, "complete", result="内部已发放", answer="已全部发放。")
    site.do("reviewer", lead, "pass_review")
    page = open_page("", **PLAIN)
    look_up_code(page, code)
    expect(page.locator(".answer")).to_have_text("已全部发放。")
    assert "内部" not in page.content()


def test_the_form_posted_twice_is_one_case_and_one_code(site: Site) -> None:
    with httpx.Client(base_url=site.url, headers={"Sec-Fetch-Site": "same-origin"}) as http:
        form = {
            "report_id": "01a00000-0000-7000-8000-0000000000aa",
            "category": "0201",
            "title": "两次",
            "grid": COMMUNITY,
        }
        pages = [http.post("/p/report", data=form).text for _ in range(2)]
    codes = {re.search(r"data-code>([^<]+)<", page)[1] for page in pages}  # type: ignore[index]
    assert len(codes) == 1
    assert site.run(site.harness.get("admin", "/cases", q="两次"))["total"] == 1


def test_what_is_wrong_is_told_beside_it_and_nothing_typed_is_lost(open_page: OpenPage) -> None:
    page = open_page("", expect=("422",), viewport=PHONE)
    page.goto("/p/report")
    page.locator("form").last.evaluate("form => form.noValidate = true")
    page.get_by_label("一句话说明").fill("路灯 <script>alert(1)</script>")
    page.get_by_label("手机号", exact=True).fill("abc")
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("一句话说明")).to_have_value("路灯 <script>alert(1)</script>")
    expect(page.locator("[name=phone]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#fault-phone")).to_contain_text("须为电话号码")
    faults = page.get_by_role("alert")
    expect(faults).not_to_contain_text("^", use_inner_text=True)
    expect(faults.get_by_role("listitem")).to_have_text(
        ["在哪个社区(村): 必填", "是哪类问题: 必填", re.compile("手机号: 须为电话号码")]
    )
    faults.get_by_role("link", name="手机号").click()
    expect(page.locator("[name=phone]")).to_be_in_viewport()
    check_screen(page, least=44)


def test_the_place_is_pointed_at_or_located_and_everyday_words_stand_for_categories(
    open_page: OpenPage, site: Site
) -> None:
    site.clear_limits()
    elsewhere: dict[str, Any] = {"permissions": ["geolocation"], "geolocation": {"latitude": 38.9, "longitude": 1}}
    page = open_page("", expect=("422",), viewport=PHONE, **elsewhere)
    page.goto("/p/report")
    unit = page.get_by_label("在哪个社区(村)")
    expect(unit).to_have_attribute("required", "")
    page.get_by_role("button", name="使用我的位置").click()
    expect(page.get_by_text("已取得您的位置")).to_be_visible()
    expect(unit).not_to_have_attribute("required", "")
    page.get_by_label("一句话说明").fill("点选位置")
    page.get_by_label("是哪类问题").select_option(label="欠薪纠纷")
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("alert")).to_contain_text("该位置不在本园区内")
    expect(page.get_by_label("一句话说明")).to_have_value("点选位置")
    page.get_by_text("在地图上点选").first.click()
    page.locator(f'.picker [data-unit="{COMMUNITY}"]').click()
    expect(page.get_by_text("已在地图上选点")).to_be_visible()
    expect(page.locator(".spot-pin:visible")).to_have_count(1)
    check_screen(page, least=44)
    screenshot(page, "public-report-map")
    page.get_by_role("button", name="提交").click()
    expect(page.locator("[data-code]")).to_be_visible()
    (item,) = site.run(site.harness.get("admin", "/cases", q="点选位置"))["items"]
    case = site.run(site.harness.get("admin", f"/cases/{item['case_no']}"))
    assert case["location"] is not None
    assert COMMUNITY in case["grid"]["path"]


def a_phones_photo() -> bytes:
    """A photo of several megabytes, as phones make them."""
    target = io.BytesIO()
    Image.effect_noise((2400, 1800), 80).convert("RGB").save(target, "JPEG", quality=90)
    assert target.tell() > 3 * 1024 * 1024
    return target.getvalue()


def test_photos_may_be_as_large_as_phones_make_them_and_must_be_some(
    open_page: OpenPage, site: Site, tmp_path: Path
) -> None:
    page = open_page("", "/p/report", expect=("415", "422"), **PLAIN)
    page.get_by_label("是哪类问题").select_option(label="欠薪纠纷")
    page.get_by_label("在哪个社区(村)").select_option(COMMUNITY)
    page.get_by_label("一句话说明").fill("大照片")
    page.get_by_label("照片").set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"not a picture"})
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("alert")).not_to_contain_text("最多 3 张")
    photo = a_phones_photo()
    many = [tmp_path / f"{n}.jpg" for n in range(4)]  # the browser reads files itself, bytes are passed to it
    for one in many:
        one.write_bytes(photo)
    page.get_by_label("照片").set_input_files(many)
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("alert")).to_contain_text("照片: 最多 3 张,这里有 4 张,只保留了前 3 张。")
    expect(page.get_by_label("一句话说明")).to_have_value("大照片")
    page.get_by_role("group", name="已收到的照片").get_by_role("checkbox").last.uncheck()
    page.get_by_role("button", name="提交").click()
    expect(page.locator("[data-code]")).to_be_visible()
    items = site.run(site.harness.get("admin", "/cases", q="大照片"))["items"]
    assert len(site.run(site.harness.get("admin", f"/cases/{items[0]['case_no']}"))["attachments"]) == 2


def test_words_that_cannot_be_kept_are_refused(site: Site) -> None:
    case_no = site.report(title="不能保存的字")
    code = site.run(site.harness.send("worker", f"/cases/{case_no}/progress-code")).json()["code"]
    with httpx.Client(base_url=site.url, headers={"Sec-Fetch-Site": "same-origin"}) as http:
        for path, field in (("rate", "note"), ("reopen", "reason"), ("answer", "note")):
            answer = http.post(f"/p/{path}", data={"code": code, "verdict": "good", field: "a\x00b"})
            assert answer.status_code == 422, (path, answer.text)


def test_guessing_is_answered_alike_and_ends_after_ten(site: Site) -> None:
    case_no = site.report(title="有码")
    answer = site.run(site.harness.send("worker", f"/cases/{case_no}/progress-code"))
    right = answer.json()["code"]
    site.clear_limits()
    with httpx.Client(base_url=site.url, headers={"Sec-Fetch-Site": "same-origin"}) as http:
        statuses = [http.post("/p", data={"code": f"0000{n}-00000"}).status_code for n in range(10)]
        assert statuses == [404] * 10
        eleventh = http.post("/p", data={"code": right})
        assert eleventh.status_code == 429
        assert 0 < int(eleventh.headers["retry-after"]) <= 3600
        assert "登录" not in eleventh.text
        assert case_no[-6:] not in eleventh.text
    site.clear_limits()


def test_the_code_comes_as_a_qr_code_too(open_page: OpenPage, site: Site) -> None:
    page = open_page("", viewport=PHONE)
    code = reported(page)
    drawn = page.get_by_alt_text("查询码的二维码")
    expect(drawn).to_be_visible()
    expect(drawn).to_have_js_property("complete", True)
    assert drawn.evaluate("image => image.naturalWidth") > 0
    screenshot(page, "public-reported")
    # The picture does not show whether the code exists; an invalid code is not drawn.
    for asked, status in ((code, 200), ("00000-00000", 200), ("0000", 404), ("UUUUU-UUUUU", 404), ("", 404)):
        answer = httpx.get(f"{site.url}/p/qr.svg", params={"code": asked})
        assert answer.status_code == status, asked
    picture = httpx.get(f"{site.url}/p/qr.svg", params={"code": code})
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert picture.content == qr_image(f"{site.url}/p?code={code.replace('-', '')}")


def closed_with_photo(site: Site, **review: object) -> tuple[str, str]:
    """A closed case whose result has a photo and a PDF: its progress code and the photo's hash."""
    case_no = site.report(title="看结果")
    photo = site.run(site.harness.upload("labour_handler", a_picture("blue")))
    site.do("duty", case_no, "accept")
    site.do("duty", case_no, "dispatch", host="labour")
    site.do("labour_handler", case_no, "complete", result="已发放", evidence=[photo])
    site.do("reviewer", case_no, "pass_review", **review)
    return site.run(site.harness.send("worker", f"/cases/{case_no}/progress-code")).json()["code"], photo


def test_the_result_is_shown_where_the_reviewer_has_released_it(open_page: OpenPage, site: Site) -> None:
    code, photo = closed_with_photo(site, release=True)
    page = open_page("", viewport=PHONE)
    look_up_code(page, code)
    shown = page.get_by_alt_text("办理结果照片 1")
    expect(shown).to_be_visible()
    expect(shown).to_have_js_property("complete", True)
    assert shown.evaluate("image => image.naturalWidth") > 0
    check_screen(page, least=44)
    screenshot(page, "public-result")
    address = str(shown.get_attribute("src"))
    assert httpx.get(site.url + address).headers["content-type"] == "image/webp"
    address = str(page.locator(".result-photos a").first.get_attribute("href"))
    assert httpx.get(site.url + address).headers["content-type"] == "image/png"
    sha256, until, signature = address.rpartition("/")[2].split(".")
    settings = site.harness.settings
    assert sha256 == photo
    for wrong in (
        f"{'0' * 64}.{until}.{signature}",
        f"{sha256}.{int(until) + 1}.{signature}",
        f"{sha256}.{until}.{'0' * 32}",
        make_photo_token(settings, sha256, datetime.now(UTC) - timedelta(hours=2)),
        make_photo_token(settings, "0" * 64, datetime.now(UTC)),
        sha256,
    ):
        assert httpx.get(f"{site.url}/p/photo/{wrong}").status_code == 404, wrong


def test_what_was_not_released_stays_inside(open_page: OpenPage, site: Site) -> None:
    code, photo = closed_with_photo(site)
    page = open_page("", **PLAIN)
    look_up_code(page, code)
    expect(page.locator("[aria-current=step]")).to_contain_text("结案")
    assert photo not in page.content()
    assert "/p/photo/" not in page.content()


def test_a_code_that_staff_hand_over_asks_for_the_number_that_was_given(open_page: OpenPage, site: Site) -> None:
    known = site.report(title="代报", reporter={"name": "钱某", "phone": "13800005678"})
    answer = site.run(site.harness.send("worker", f"/cases/{known}/progress-code")).json()
    assert answer["asks_phone"] is True
    page = open_page("", expect=("404",), **PLAIN)
    look_up_code(page, answer["code"])
    expect(page.get_by_role("alert")).to_be_visible()
    look_up_code(page, answer["code"], "5678")
    expect(page.locator("ol.steps")).to_be_visible()
    bare = site.run(site.harness.send("worker", f"/cases/{site.report(title='没有号码')}/progress-code")).json()
    assert bare["asks_phone"] is False


def test_the_code_of_a_report_of_staff_shows_it_and_offers_nothing_that_would_be_refused(
    open_page: OpenPage, site: Site
) -> None:
    """Nobody without an account is its reporter; one who was named when it was recorded is."""
    page = open_page("", **PLAIN)
    for reporter, offered in ((None, 0), ({"name": "钱某"}, 1)):
        case_no = site.report(title="网格员自己发现", reporter=reporter)
        code = site.run(site.harness.send("worker", f"/cases/{case_no}/progress-code")).json()["code"]
        site.do("duty", case_no, "request_info", question="在哪个门?")
        look_up_code(page, code)
        expect(page.get_by_text("请您补充信息")).to_have_count(offered)
        expect(page.get_by_role("button", name="提交答复")).to_have_count(offered)
        site.do("duty", case_no, "reject", reason="不归本区", right_channel="城管热线")
        look_up_code(page, code)
        expect(page.get_by_text("仍未解决?")).to_have_count(offered)
        said = httpx.post(
            f"{site.url}/p/reopen", data={"code": code, "reason": "没有解决"}, headers={"Sec-Fetch-Site": "same-origin"}
        ).text
        assert ("没有提交" in said) is not bool(offered)
        assert case_no not in said


def test_who_handles_a_case_gets_no_code_to_speak_for_the_reporter(site: Site) -> None:
    case_no = site.at_handling(title="不给码")
    for username, status in (("labour_handler", 403), ("auditor", 403), ("worker", 200), ("duty", 200)):
        answer = site.run(site.harness.send(username, f"/cases/{case_no}/progress-code"))
        assert answer.status_code == status, username


def test_public_pages_set_no_cookie_and_are_not_indexed(site: Site) -> None:
    for path in ("/p", "/p/report", "/p?lang=en&large=1"):
        answer = httpx.get(site.url + path)
        assert "set-cookie" not in answer.headers
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.headers["cache-control"] == "no-store"
        assert ("<script" in answer.text) == (path == "/p/report"), "the form has a script, and is complete without"


def test_public_pages_are_accessible_small_and_large_in_both_languages(open_page: OpenPage, site: Site) -> None:
    case_no = site.report(title="看看")
    code = site.run(site.harness.send("worker", f"/cases/{case_no}/progress-code")).json()["code"]
    page = open_page("", viewport={"width": 320, "height": 700})
    for lang, large in (("zh", False), ("en", False), ("zh", True), ("en", True)):
        options = f"?lang={lang}&large={int(large)}"
        least, check = 60 if large else 44, check_screen if large == (lang == "en") else check_layout
        for path in ("/p", "/p/report"):
            page.goto(path + options)
            check(page, least=least)
            screenshot(page, f"public{path.replace('/', '-')}-{lang}{'-large' if large else ''}")
        page.goto(f"/p{options}&code={code}")
        page.locator("form button.primary").click()
        expect(page.locator("ol.steps")).to_be_visible()
        check(page, least=least)
        screenshot(page, f"public-progress-{lang}{'-large' if large else ''}")


def test_a_public_page_is_under_20_kilobytes(open_page: OpenPage) -> None:
    page = open_page("", viewport=PHONE)
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    sizes: list[int] = []
    client.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    page.goto("/p", wait_until="load")
    assert sum(sizes) <= 20_000, sizes
