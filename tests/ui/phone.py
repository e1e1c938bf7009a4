"""Helpers for the field app: opening it, making reports, checking the cases they become."""

import io
from functools import lru_cache
from typing import Any
from uuid import uuid4

from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.ui.conftest import PHONE, OpenPage
from tests.ui.site import Site

#: Within the first micro-grid of the tiny park.
HERE = {"latitude": 38.004, "longitude": 117.005, "accuracy": 12}
#: What a browser says in the console when a request fails without a network.
AWAY = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "ERR_CONNECTION_REFUSED")


def open_phone(open_page: OpenPage, username: str = "worker", path: str = "/m/", **options: Any) -> Page:
    """The app on a phone, signed in and located in the first micro-grid."""
    told = options.pop("expect", ())
    known: dict[str, Any] = {
        # What Playwright says itself where a test has no service workers.
        "expect": (*told, "registration blocked by Playwright"),
        "viewport": PHONE,
        "has_touch": True,
        "is_mobile": True,
        "permissions": ["geolocation"],
        "geolocation": HERE,
        **options,
    }
    return open_page(username, path, **known)


def open_with_a_clock(open_page: OpenPage, path: str = "/m/#/report", **options: Any) -> Page:
    """The app on a phone whose time the test may move on: nobody waits for the moment of the next try."""
    page = open_phone(open_page, path="", **options)
    page.clock.install()
    page.goto(path)
    return page


def set_look(page: Page, *, english: bool = False, large: bool = False) -> None:
    """Set language and text size of the app on an open phone, and leave the app: the next address loads it anew."""
    page.evaluate(
        "(known) => Object.entries(known).forEach(([name, value]) => localStorage.setItem(`gridloop-${name}`, value))",
        {"language": "en" if english else "zh", "large": str(int(large))},
    )
    page.goto("about:blank")


@lru_cache(maxsize=8)
def a_photo(colour: str = "#7a9", width: int = 900, height: int = 700) -> bytes:
    """A JPEG with visible content."""
    picture = Image.new("RGB", (width, height), colour)
    pen = ImageDraw.Draw(picture)
    for left in range(0, width, 60):
        pen.rectangle([left, height // 3, left + 30, height // 2], fill=(left % 255, 120, 200))
    target = io.BytesIO()
    picture.save(target, "JPEG")
    return target.getvalue()


def a_busy_photo() -> bytes:
    """A JPEG that does not compress well."""
    target = io.BytesIO()
    Image.effect_noise((1280, 960), 90).save(target, "JPEG", quality=90)
    return target.getvalue()


def a_large_photo() -> bytes:
    """A JPEG of twelve megapixels with as much detail as one of a phone's camera."""
    target = io.BytesIO()
    Image.effect_noise((800, 600), 60).resize((4000, 3000)).convert("RGB").save(target, "JPEG", quality=85)
    return target.getvalue()


def take_photo(page: Page, button: str, content: bytes | None = None, name: str = "photo.jpg") -> None:
    """Take a photo with the button of that name."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=button).click()
    kind = "image/jpeg" if name.endswith("jpg") else "text/plain"
    chooser.value.set_files({"name": name, "mimeType": kind, "buffer": content or a_photo()})


def fill_report(page: Page, said: str, category: str = "欠薪纠纷") -> None:
    """Fill in a valid report on the report screen."""
    expect(page.get_by_role("heading", name="事件上报")).to_be_visible()
    take_photo(page, "拍近景")
    expect(page.locator("#photos .photo")).to_have_count(1)
    page.locator("#category a").click()
    page.get_by_role("button", name=category).first.click()
    expect(page.locator("#category")).to_contain_text(category)
    page.get_by_label("描述").fill(said)


def unique_text() -> str:
    """A description that no other test uses."""
    return f"现场情况编号 {uuid4().hex[:12]}"


def wait_until_cached(page: Page) -> None:
    """Wait until the phone has cached everything it needs offline."""
    page.goto("/m/#/report")
    expect(page.locator("#place")).to_contain_text("第一微网格")
    page.locator("#category a").click()
    expect(page.get_by_role("button", name="欠薪纠纷").first).to_be_visible()
    page.goto("/m/#/")
    expect(page.get_by_role("heading", name="我的任务")).to_be_visible()


def report_offline(page: Page, said: str) -> None:
    """Make a report offline, and check that it is stored."""
    page.context.set_offline(True)
    page.goto("/m/#/report")
    fill_report(page, said)
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".result-line")).to_have_text("已保存,待上传")


def find_cases(site: Site, said: str) -> list[Any]:
    """The cases with this description."""
    return list(site.run(site.harness.get("admin", "/cases", q=said))["items"])


def expect_one_case(page: Page, site: Site, said: str) -> str:
    """Check on the phone that the report was recorded, and on the server that there is one case. Return its number."""
    expect(page.locator(".result-line")).to_have_text("已受理", timeout=20_000)
    number = page.locator(".result-number").inner_text()
    assert [case["case_no"] for case in find_cases(site, said)] == [number]
    return number
