"""The evidence of a case as a ZIP file: each file once, with its hash, its giver and its time."""

import csv
import hashlib
import io
import zipfile

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import OpenPage
from tests.ui.phone import a_photo
from tests.ui.site import Site


def test_the_evidence_comes_as_one_file_that_proves_itself(open_page: OpenPage, site: Site) -> None:
    before = site.run(site.harness.upload("worker", a_photo("#a65")))
    after = site.run(site.harness.upload("fire_handler", a_photo("#4a6")))
    no = site.at_handling(category="0103", attachments=[before])
    site.do("fire_handler", no, "attach", note="现场", attachments=[before, after])
    page = open_page("fire_handler", f"/cases/{no}")
    with page.expect_download() as download:
        page.get_by_role("link", name="证据 ZIP").click()
    assert download.value.suggested_filename == f"{no}-evidence.zip"
    archive = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes()))
    assert archive.testzip() is None
    names = [f"001-{before[:12]}.jpg", f"002-{after[:12]}.jpg"]
    assert [name for name in archive.namelist() if name.endswith(".jpg")] == names
    sums = [f"{hashlib.sha256(archive.read(name)).hexdigest()}  {name}" for name in names]
    assert archive.read("SHA256SUMS").decode().splitlines() == sums
    rows = list(csv.DictReader(io.StringIO(archive.read("evidence.csv").decode("utf-8-sig"))))
    assert [(row["文件"], row["提供人"]) for row in rows] == [(names[0], "网格员"), (names[1], "消防处置员")]
    bare = open_page("labour_handler", f"/cases/{site.at_handling()}")
    expect(bare.locator("#case-title")).to_be_visible()
    expect(bare.get_by_role("link", name="证据 ZIP")).to_have_count(0)


def test_too_much_for_one_file_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch, open_page: OpenPage) -> None:
    photo = site.run(site.harness.upload("worker", a_photo("#345")))
    no = site.at_handling(attachments=[photo])
    monkeypatch.setattr("services.desk.evidence_zip.MAX_BYTES", 100)
    page = open_page("labour_handler", f"/cases/{no}/evidence.zip", expect=("413",))
    expect(page.locator("main")).to_contain_text("超过一次打包的上限")
