"""登录与安全 in a browser: passwords and sessions, one's own and those of others."""

import re
import time

import httpx
import pyotp
from playwright.sync_api import Page, expect

from doors.session import COOKIE
from infra.database import transaction
from models.enums import Role
from tests.builders import GRID, PASSWORD, Holder, add_people
from tests.ui.checks import check_layout, check_screen, screenshot
from tests.ui.conftest import DESK, PHONE, OpenPage
from tests.ui.phone import open_phone
from tests.ui.site import Site

OWN = ("/settings/security", "/settings/password", "/settings/second-factor", "/settings/tokens")
NEW = "麦田里的守望者 2041"


def add_somebody(site: Site, username: str, role: Role = Role.GRID_WORKER) -> None:
    async def add() -> None:
        async with transaction(site.harness.engine) as connection:
            await add_people(connection, Holder(username, "新人", role, grid=GRID))

    site.run(add())


def reset(site: Site, username: str) -> str:
    answer = site.run(site.harness.send("admin", f"/admin/people/{username}/password", {}))
    return str(answer.json()["password"])


def test_the_pages_are_accessible_in_both_languages_and_fit_a_phone(open_page: OpenPage) -> None:
    page = open_page("admin")
    for lang in ("zh", "en"):
        for path in (*OWN, "/admin/people/worker"):
            page.goto(f"{path}?lang={lang}")
            check_screen(page)
            screenshot(page, f"account-{path.rsplit('/', 1)[-1]}-{lang}")
            if lang == "en":
                own = page.locator("main h2, main button, main th[scope=col], main label").all_inner_texts()
                assert not [said for said in own if re.search(r"[\u4e00-\u9fff]", said)], path
            elif path in OWN:
                page.set_viewport_size(PHONE)
                check_layout(page)
                page.set_viewport_size(DESK)


def test_a_session_elsewhere_is_ended_and_this_one_marked(open_page: OpenPage, site: Site) -> None:
    elsewhere = {COOKIE: site.token("reviewer")}
    page = open_page("reviewer", "/settings/security")
    expect(page.get_by_role("row").filter(has_text="当前")).to_have_count(1)
    page.get_by_role("button", name="结束其他全部登录").click()
    expect(page.get_by_role("status").filter(has_text="已结束")).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(2)
    site.revive_session("reviewer")
    assert httpx.get(f"{site.url}/queue", cookies=elsewhere).status_code == 303
    page.get_by_role("row").filter(has_text="当前").get_by_role("button").click()
    expect(page).to_have_url(re.compile("/sign-in"))


def test_a_copied_cookie_is_worth_nothing_after_signing_out(open_page: OpenPage, site: Site) -> None:
    page = open_page("fire_handler", "/queue")
    copied = {one["name"]: one["value"] for one in page.context.cookies()}
    assert httpx.get(f"{site.url}/queue", cookies=copied).status_code == 200
    page.locator("details.who summary").click()
    page.get_by_role("button", name="退出").click()
    expect(page).to_have_url(re.compile("/sign-in"))
    assert httpx.get(f"{site.url}/queue", cookies=copied).status_code == 303


def test_a_first_password_is_changed_before_anything_else(open_page: OpenPage, site: Site) -> None:
    add_somebody(site, "newcomer", Role.DUTY_OFFICER)
    first = reset(site, "newcomer")
    page = open_page("", "/intake", expect=("422",))
    page.get_by_label("用户名").fill("newcomer")
    page.get_by_label("密码").fill(first)
    page.get_by_role("button", name="登录").click()
    expect(page).to_have_url(re.compile(r"/settings/password\?next="))
    page.goto("/queue")
    expect(page).to_have_url(re.compile(r"/settings/password\?next=%2Fqueue|/settings/password\?next=/queue"))
    check_screen(page)
    page.get_by_label("原密码").fill(first)
    page.get_by_label("新密码", exact=True).fill("password123")
    page.get_by_label("再输一遍新密码").fill("password123")
    page.get_by_role("button", name="修改密码").click()
    expect(page.get_by_role("alert")).to_contain_text("太容易猜到")
    page.get_by_label("原密码").fill(first)
    page.get_by_label("新密码", exact=True).fill(NEW)
    page.get_by_label("再输一遍新密码").fill(NEW)
    page.get_by_role("button", name="修改密码").click()
    expect(page).to_have_url(re.compile("/queue$"))


def test_the_phone_leads_to_the_new_password_and_back(open_page: OpenPage, site: Site) -> None:
    add_somebody(site, "fresh")
    first = reset(site, "fresh")
    page = open_phone(open_page, "", expect=("401", "403"))
    page.get_by_label("用户名").fill("fresh")
    page.get_by_label("密码").fill(first)
    page.locator("form").get_by_role("button", name="登录").click()
    expect(page).to_have_url(re.compile(r"/settings/password\?next="))
    page.get_by_label("原密码").fill(first)
    page.get_by_label("新密码", exact=True).fill(NEW)
    page.get_by_label("再输一遍新密码").fill(NEW)
    page.get_by_role("button", name="修改密码").click()
    expect(page.get_by_role("link", name="拍照上报")).to_be_visible()
    page.get_by_role("link", name="我", exact=True).click()
    page.get_by_role("link", name="登录与安全").click()
    expect(page.get_by_role("row").filter(has_text="当前")).to_contain_text("手机版")


def test_an_administrator_resets_a_password_and_it_is_shown_once(open_page: OpenPage, site: Site) -> None:
    add_somebody(site, "forgetful")
    page = open_page("admin", "/admin/people/forgetful")
    page.get_by_role("button", name="重设密码").click()
    first = page.locator("code.secret").inner_text()
    assert re.fullmatch(r"[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}", first)
    expect(page.get_by_text("使用初始密码,尚未修改。")).to_be_visible()
    check_screen(page)
    page.goto("/admin/people/forgetful")
    expect(page.locator("code.secret")).to_have_count(0)
    old = httpx.post(f"{site.url}/api/v1/auth/token", data={"username": "forgetful", "password": PASSWORD})
    new = httpx.post(f"{site.url}/api/v1/auth/token", data={"username": "forgetful", "password": first})
    assert (old.status_code, new.status_code) == (401, 200)


def secret_of(page: Page) -> str:
    return page.locator("code.secret").inner_text()


def test_a_second_factor_is_enrolled_and_asked_for_at_desk_and_phone(open_page: OpenPage, site: Site) -> None:
    add_somebody(site, "careful", Role.DUTY_OFFICER)
    page = open_page("careful", "/settings/security", expect=("401", "422"))
    page.get_by_role("link", name="启用二次验证").click()
    expect(page.locator("code.secret")).to_be_visible()
    check_screen(page)
    screenshot(page, "account-second-factor")
    totp = pyotp.TOTP(secret_of(page))
    page.get_by_label("验证码").fill("000000")
    page.get_by_role("button", name="启用").click()
    expect(page.get_by_role("alert")).to_contain_text("验证码不正确")
    now = time.time()
    page.get_by_label("验证码").fill(totp.at(now - 30))
    page.get_by_role("button", name="启用").click()
    expect(page.locator("code.secret")).to_have_count(10)
    recovery = page.locator("code.secret").all_inner_texts()
    check_screen(page)
    screenshot(page, "account-recovery")
    page.get_by_role("link", name="已保管好").click()
    expect(page.get_by_text("剩余恢复码 10 个")).to_be_visible()
    page.context.clear_cookies()
    page.goto("/settings/security")
    page.get_by_label("用户名").fill("careful")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_label("验证码")).to_be_visible()
    check_screen(page)
    page.get_by_label("验证码").fill("111111")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_contain_text("验证码不正确")
    page.get_by_label("验证码").fill(totp.at(now))
    page.get_by_role("button", name="登录").click()
    expect(page).to_have_url(re.compile("/settings/security$"))
    phone = open_phone(open_page, "", expect=("401",))
    phone.get_by_label("用户名").fill("careful")
    phone.get_by_label("密码").fill(PASSWORD)
    phone.locator("form").get_by_role("button", name="登录").click()
    phone.get_by_label("验证码").fill(recovery[0])
    phone.locator("form").get_by_role("button", name="登录").click()
    expect(phone.get_by_role("link", name="我", exact=True)).to_be_visible()


def test_a_token_is_made_used_and_revoked(open_page: OpenPage, site: Site) -> None:
    page = open_page("reviewer", "/settings/tokens", expect=("422",))
    expect(page.get_by_label("管理")).to_have_count(0)
    page.get_by_label("用途").fill("夜间统计")
    page.get_by_role("button", name="生成").click()
    expect(page.locator("main p.alert")).to_be_visible()
    page.get_by_label("用途").fill("夜间统计")
    page.get_by_label("读取").check()
    page.get_by_role("button", name="生成").click()
    bearer = {"Authorization": f"Bearer {page.locator('code.secret').inner_text()}"}
    check_screen(page)
    screenshot(page, "account-token")
    assert httpx.get(f"{site.url}/api/v1/me", headers=bearer).json()["username"] == "reviewer"
    page.get_by_role("button", name="撤销令牌: 夜间统计").click()
    expect(page.get_by_role("row").filter(has_text="夜间统计")).to_contain_text("已撤销")
    assert httpx.get(f"{site.url}/api/v1/me", headers=bearer).status_code == 401


def test_what_somebody_typed_is_nobody_elses(open_page: OpenPage, site: Site) -> None:
    """The session ends without a sign-out, and somebody else signs in with the same browser."""
    no = site.at_handling()
    page = open_page("labour_handler", f"/cases/{no}?act=comment")
    page.locator("#form-comment textarea").fill("写给自己")
    stored = "() => JSON.stringify(localStorage)"
    assert "写给自己" in page.evaluate(stored)
    for other in ("labour_head", "labour_handler"):
        page.context.add_cookies([{"name": COOKIE, "value": site.token(other), "url": site.url}])
        page.reload()
        expect(page.locator("#form-comment textarea")).to_have_value("")
        assert "写给自己" not in page.evaluate(stored)
