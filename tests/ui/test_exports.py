"""Exports from the pages: short lists at once, long ones in the background, with their progress."""

import io
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, insert, select, update

from infra.database import transaction
from infra.store.policies import newest_version
from models.ids import new_id
from models.tables import EXPORTS
from tests.builders import person_id
from tests.ui.checks import check_screen, screenshot
from tests.ui.conftest import PHONE, OpenPage
from tests.ui.site import Site


async def insert_export(site: Site, **values: Any) -> str:
    """Insert an export as it is while a worker makes it."""
    id_ = new_id()
    row = {
        "id": id_, "owner": person_id("supervisor"), "kind": "overdue", "digest": str(id_), "language": "zh",
        "wanted": {"kind": "overdue", "told": [["部门", "人社局"]]}, "status": "waiting", "made": 0, "total": 12000,
        "asked_at": datetime.now(UTC), **values,
    }  # fmt: skip
    async with transaction(site.harness.engine) as connection:
        await connection.execute(insert(EXPORTS).values(row))
    return str(id_)


async def update_export(site: Site, id_: str, **values: Any) -> None:
    """Update the progress of an export, as a worker does."""
    async with transaction(site.harness.engine) as connection:
        await connection.execute(update(EXPORTS).where(EXPORTS.c.id == UUID(id_)).values(**values))


@pytest.fixture
def clean(site: Site) -> None:
    """Remove all exports."""

    async def remove() -> None:
        async with transaction(site.harness.engine) as connection:
            await connection.execute(delete(EXPORTS))

    site.run(remove())


def test_a_short_list_comes_at_once_and_in_other_formats_one_click_further(open_page: OpenPage, clean: None) -> None:
    page = open_page("supervisor")
    for path, sheet, format_, begins in (
        ("/overdue", "超期", "GeoJSON", '{"type":"FeatureCollection"'), ("/cases", "案件", "CSV", "\ufeff案件编号,"),
        ("/queue?tab=soon", "案件", "JSON Lines", ""), ("/board", "看板", "CSV", "\ufeff名次,"),
    ):  # fmt: skip
        page.goto(path)
        with page.expect_download() as told:
            page.get_by_role("button", name="Excel").click()
        book = openpyxl.load_workbook(io.BytesIO(told.value.path().read_bytes()))
        assert book.sheetnames[:2] == [sheet, "筛选条件"], path
        page.get_by_text("其他格式").click()
        if path == "/board":
            page.locator("select[name=table]").select_option("排名")
        if path in ("/board", "/cases"):
            check_screen(page)
        screenshot(page, f"exports-formats-{path.strip('/').partition('?')[0]}")
        with page.expect_download() as told:
            page.get_by_role("button", name=format_).click()
        assert told.value.path().read_text("utf-8").startswith(begins), path


async def newest_version_of(site: Site) -> int:
    """The version of the policy that is in force."""
    async with site.harness.engine.connect() as connection:
        return await newest_version(connection)


def test_the_file_says_by_which_filters_it_was_made(open_page: OpenPage, site: Site, clean: None) -> None:
    late = site.at_handling(title="导出用超期案件", category="0390")
    site.run(site.harness.until_fact(late, "overdue"))
    page = open_page("supervisor", "/overdue?category=0390&sample=1&seed=abc")
    drawn = page.locator("td.case-cell .nowrap").inner_text()
    with page.expect_download() as told:
        page.get_by_role("button", name="Excel").click()
    rows, about = openpyxl.load_workbook(io.BytesIO(told.value.path().read_bytes())).worksheets
    assert [row[0] for row in rows.iter_rows(min_row=2, values_only=True)] == [drawn]
    said = {row[0]: row[1] for row in about.iter_rows(min_row=2, values_only=True)}
    assert (said["类别"], said["随机抽取"], said["种子"]) == ("立等", "1", "abc")
    assert said["规则版本"] == str(site.run(newest_version_of(site)))


def test_a_long_list_is_made_in_the_background(
    open_page: OpenPage, site: Site, clean: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.report(title="后台导出")
    monkeypatch.setattr("web.routes.desk.exports.MAX_DIRECT_ROWS", 0)
    page = open_page("supervisor", "/cases")
    page.get_by_role("button", name="Excel").click()
    page.wait_for_url("**/exports#e-*")
    link = page.get_by_role("link", name="下载 Excel")
    expect(link).to_be_visible(timeout=20_000)
    with page.expect_download() as told:
        link.click()
    book = openpyxl.load_workbook(io.BytesIO(told.value.path().read_bytes()))
    assert book.worksheets[0].max_row > 1
    # Later it is still there, and nobody else sees it.
    again = open_page("supervisor", "/exports")
    expect(again.locator("[data-status=done]")).to_have_count(1)
    expect(open_page("admin", "/exports").locator(".empty")).to_be_visible()


def test_the_bar_moves_by_itself_and_survives_leaving(open_page: OpenPage, site: Site, clean: None) -> None:
    id_ = site.run(insert_export(site))
    page = open_page("supervisor", "/exports")
    expect(page.locator(f"#e-{id_}")).to_contain_text("等待处理")
    site.run(update_export(site, id_, status="making", made=3000))
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_js_property("value", 3000)
    site.run(update_export(site, id_, made=9000))
    expect(bar).to_have_js_property("value", 9000)
    check_screen(page)
    screenshot(page, "exports-making")
    page.goto("/overdue")
    page.get_by_text("督查", exact=False).first.wait_for()
    page.goto("/exports")
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 9000)
    page.get_by_role("button", name="停止").click()
    expect(page.locator(f"#e-{id_}")).to_have_attribute("data-status", "stopped")

    async def status() -> str:
        async with site.harness.engine.connect() as connection:
            return str(await connection.scalar(select(EXPORTS.c.status).where(EXPORTS.c.id == UUID(id_))))

    assert site.run(status()) == "stopped"


def test_what_stands_still_or_failed_is_told(open_page: OpenPage, site: Site, clean: None) -> None:
    site.run(insert_export(site, asked_at=datetime(2026, 1, 1, tzinfo=UTC)))
    failure: dict[str, Any] = {"code": "rights_changed", "pointer": None, "params": {}}
    site.run(insert_export(site, status="failed", finished_at=datetime.now(UTC), failure=failure))
    page = open_page("supervisor", "/exports", viewport=PHONE)
    expect(page.locator("#exports")).to_contain_text("还没有工作进程接手")
    expect(page.locator("#exports")).to_contain_text("您的权限在导出后已有变化")
    check_screen(page)
    screenshot(page, "exports-phone")


def test_a_list_too_long_to_wait_for_says_so_to_programs(
    open_page: OpenPage, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.exports.write.MAX_DIRECT_ROWS", 0)
    page = open_page("supervisor", expect=("422 (Unprocessable",))
    answer = page.goto("/cases/export.xlsx")
    assert answer is not None
    assert answer.status == 422
    expect(page.locator("main")).to_contain_text("后台导出")
