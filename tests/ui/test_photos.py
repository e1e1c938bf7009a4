"""Photos and films: small copies in pages, the viewer, what phones make, and that nobody chooses a good photo again."""

import io
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from services.attachments import images  # noqa: F401  (teaches Pillow to write HEIC)
from tests.builders import COMMUNITY
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.phone import a_photo, expect_one_case, open_phone, unique_text
from tests.ui.site import Site

CLIP = Path(__file__).parents[1] / "services" / "attachments" / "clip.mov"
WORD = b"PK\x03\x04" + bytes(26) + b"word/document.xml"
#: How wide the film is, once the browser has read its beginning.
_FILM_WIDTH = """(film) => new Promise((done, failed) => {
  film.addEventListener('loadedmetadata', () => done(film.videoWidth));
  film.addEventListener('error', () => failed(film.error));
  film.preload = 'metadata';
  film.load();
})"""
_SCALE = "(image) => new DOMMatrix(getComputedStyle(image).transform).a"


def a_heic() -> bytes:
    """A photo as an iPhone stores it."""
    target = io.BytesIO()
    Image.open(io.BytesIO(a_photo("#486"))).save(target, "HEIF")
    return target.getvalue()


@pytest.fixture(scope="module")
def photographed(site: Site) -> str:
    """A case with two photos before, one after, and a film."""
    photos = [site.run(site.harness.upload("worker", a_photo(colour))) for colour in ("#a65", "#4a6")]
    film = site.run(site.harness.upload("worker", CLIP.read_bytes()))
    no = site.at_handling(category="0103", attachments=[*photos, film])
    site.do("fire_handler", no, "claim")
    after = site.run(site.harness.upload("fire_handler", a_photo("#46a")))
    site.do("fire_handler", no, "complete", result="已清理", answer="已清理。", evidence=[after])
    return no


def through_the_viewer(page: Page, opener: str) -> None:
    """Look at all photos of the page with keys, zoom, and come back to where one was."""
    page.locator(opener).first.focus()
    page.keyboard.press("Enter")
    viewer = page.get_by_role("dialog")
    image = viewer.locator("img")
    expect(viewer).to_contain_text("1/3")
    first = image.get_attribute("src")
    page.keyboard.press("ArrowRight")
    expect(viewer).to_contain_text("2/3")
    assert image.get_attribute("src") != first
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(viewer).to_contain_text("3/3")
    page.keyboard.press("+")
    assert image.evaluate(_SCALE) == pytest.approx(1.5)
    page.keyboard.press("-")
    assert image.evaluate(_SCALE) == 1
    image.dblclick()
    assert image.evaluate(_SCALE) == pytest.approx(2.5)
    page.mouse.wheel(0, -300)
    expect(viewer).to_have_class("viewer zoomed")
    check_screen(page)
    page.keyboard.press("Escape")
    expect(viewer).to_have_count(0)
    assert page.evaluate(
        "document.activeElement === document.querySelector(arguments_)".replace("arguments_", repr(opener))
    )


def test_photos_of_a_case_are_small_and_open_in_a_viewer(open_page: OpenPage, photographed: str) -> None:
    page = open_page("reviewer", f"/cases/{photographed}")
    photos = page.locator("#case-facts .photos img")
    expect(photos).to_have_count(3)
    widths = photos.evaluate_all("(all) => Promise.all(all.map((one) => one.decode().then(() => one.naturalWidth)))")
    assert widths == [320, 320, 320]
    assert page.locator("#case-facts video").evaluate(_FILM_WIDTH) == 96
    screenshot(page, "photos-case")
    through_the_viewer(page, "#case-facts a[data-photo]")
    english = open_page("reviewer", f"/cases/{photographed}?lang=en", viewport={"width": 1440, "height": 900})
    english.locator("#case-facts a[data-photo]").first.click()
    expect(english.get_by_role("button", name="Larger")).to_be_visible()
    screenshot(english, "photos-viewer-en")


def test_a_case_on_the_phone_shows_photos_and_films(open_page: OpenPage, photographed: str) -> None:
    page = open_phone(open_page, "worker", f"/m/#/task/{photographed}")
    photo = page.locator("button.picture").first
    photo.tap()
    viewer = page.get_by_role("dialog")
    expect(viewer.locator("img")).to_be_visible()
    screenshot(page, "photos-viewer-phone")
    viewer.get_by_role("button", name="关闭").tap()
    expect(viewer).to_have_count(0)
    expect(photo).to_be_focused()
    assert page.locator("video").evaluate(_FILM_WIDTH) == 96


def test_a_phone_takes_what_it_cannot_show_and_keeps_the_good_ones(open_page: OpenPage, site: Site) -> None:
    page = open_phone(open_page, path="/m/#/report")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="相册").click()
    chooser.value.set_files([
        FilePayload(name="IMG_1.HEIC", mimeType="image/heic", buffer=a_heic()),
        FilePayload(name="note.txt", mimeType="text/plain", buffer=b"no picture"),
        FilePayload(name="good.jpg", mimeType="image/jpeg", buffer=a_photo()),
    ])  # fmt: skip
    expect(page.locator("#photos .photo")).to_have_count(2)
    expect(page.locator("#photos")).to_contain_text("其他照片已保留")
    page.locator("#category a").click()
    page.get_by_role("button", name="欠薪纠纷").first.click()
    said = unique_text()
    page.get_by_label("描述").fill(said)
    page.get_by_role("button", name="提交").click()
    no = expect_one_case(page, site, said)
    assert len(site.run(site.harness.get("admin", f"/cases/{no}"))["attachments"]) == 2


def test_nobody_chooses_a_good_photo_again(open_page: OpenPage, site: Site) -> None:
    page = open_page("", "/p/report", expect=("415",), viewport=PHONE)
    page.get_by_label("是哪类问题").select_option(label="欠薪纠纷")
    page.get_by_label("在哪个社区(村)").select_option(COMMUNITY)
    page.get_by_label("一句话说明").fill("一张好一张坏")
    page.locator("input[type=file]").set_input_files([
        FilePayload(name="good.heic", mimeType="image/heic", buffer=a_heic()),
        FilePayload(name="语音.amr", mimeType="audio/amr", buffer=b"#!AMR\n\x3c"),
        FilePayload(name="clip.mov", mimeType="video/quicktime", buffer=CLIP.read_bytes()),
    ])  # fmt: skip
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("alert")).to_contain_text("语音.amr: 这个文件是语音或录音,不能接收。请把内容写成文字。")
    kept = page.get_by_role("group", name="已收到的照片").get_by_role("checkbox")
    expect(kept).to_have_count(2)
    expect(kept.first).to_be_checked()
    check_screen(page)
    screenshot(page, "photos-public-kept")
    page.get_by_role("button", name="提交").click()
    expect(page.locator("[data-code]")).to_be_visible()
    items = site.run(site.harness.get("admin", "/cases", q="一张好一张坏"))["items"]
    assert len(site.run(site.harness.get("admin", f"/cases/{items[0]['case_no']}"))["attachments"]) == 2


def test_files_of_a_refused_report_must_be_chosen_again(site: Site) -> None:
    """Whoever has no account leaves nothing behind unless everything else in the form is right."""
    site.clear_limits()
    photo = {"photos": ("a.jpg", a_photo(), "image/jpeg")}
    with httpx.Client(base_url=site.url, headers={"Sec-Fetch-Site": "same-origin"}) as http:
        refused = http.post("/p/report", data={"title": ""}, files=photo)
    assert (refused.status_code, 'name="kept"' in refused.text) == (422, False)
    assert "照片未保存,请重新选择。" in refused.text


def test_a_desk_form_without_scripts_keeps_the_good_files(open_page: OpenPage, site: Site) -> None:
    no = site.at_handling(category="0103")
    site.do("fire_handler", no, "claim")
    path = f"/cases/{no}?act=report_progress"
    page = open_page("fire_handler", path, java_script_enabled=False, expect=("415",))
    page.locator("#form-report_progress [name=note]").fill("正在清理")
    page.locator("input[type=file]").set_input_files([
        FilePayload(name="好.jpg", mimeType="image/jpeg", buffer=a_photo()),
        FilePayload(name="坏.docx", mimeType="application/zip", buffer=WORD),
    ])  # fmt: skip
    page.locator("#form-report_progress button[data-send]").click()
    expect(page.locator("#form-report_progress")).to_contain_text("坏.docx: 这个文件是办公文档(Word、Excel 等)")
    page.locator("#form-report_progress button[data-send]").click()
    facts = site.run(site.harness.get("admin", f"/cases/{no}/facts"))
    assert len(facts[-1]["body"]["attachments"]) == 1
