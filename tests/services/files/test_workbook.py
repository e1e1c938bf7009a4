"""Workbooks: the content reads back the same, nothing in it runs, and invalid content is refused."""

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from services.files import workbook
from services.files.workbook import MAX_TEXT_LENGTH, CellValue, Sheets

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def written(rows: Sequence[Sequence[CellValue]], zone: ZoneInfo = SHANGHAI) -> bytes:
    """Return the bytes of a workbook with one sheet of four columns."""
    sheets = Sheets(zone)
    sheets.add("案件", ["编号", "标题", "到期", "编号"], rows)
    return b"".join(sheets.file())


def read(book: bytes) -> Workbook:
    """Read a workbook with another library."""
    return openpyxl.load_workbook(io.BytesIO(book))


def test_the_content_reads_back_the_same() -> None:
    moment = datetime(2026, 11, 26, 1, 2, 3, tzinfo=UTC)
    rows: list[list[CellValue]] = [
        ["K1", '夜间 <噪音> & "扰民" \']]>', moment],
        [12, -0.25, None],
        [1e-9, " 前后有空格 ", None],
        ["第一行\n第二行\t完", "_x0041_ 不是 A", None, 2**53],
        [],
        ["", "再一列", None, "第四列"],
    ]
    sheet = read(written(rows)).worksheets[0]
    assert sheet.title == "案件"
    assert list(sheet.iter_rows(values_only=True)) == [
        ("编号", "标题", "到期", "编号 (2)"),
        ("K1", '夜间 <噪音> & "扰民" \']]>', moment.replace(hour=9, tzinfo=None), None),
        (12, -0.25, None, None),
        (1e-9, " 前后有空格 ", None, None),
        # The reading library keeps the escape that Excel would resolve.
        ("第一行\n第二行\t完", "_x005F_x0041_ 不是 A", None, 2**53),
        (None, None, None, None),
        (None, "再一列", None, "第四列"),
    ]
    assert sheet["C2"].number_format.replace("\\", "") == "yyyy-mm-dd hh:mm:ss"
    assert sheet.freeze_panes == "A2"
    assert [cell.font.b for cell in sheet[1]] == [True] * 4
    assert [round(sheet.column_dimensions[letter].width) for letter in "ABC"] == [19, 28, 22], "as its first rows need"
    with pytest.raises(ValueError, match="longer than its header"):
        written([[1, 2, 3, 4, 5]])
    with pytest.raises(ValueError, match="both times and numbers"):
        written([[1], [moment]])


def test_a_time_far_down_a_column_is_a_time() -> None:
    moment = datetime(2026, 11, 26, tzinfo=UTC)
    sheet = read(written([*[[None]] * 5_000, [moment]])).worksheets[0]
    assert sheet["A5002"].value == moment.replace(hour=8, tzinfo=None)


def test_a_sheet_without_rows_has_its_header() -> None:
    sheet = read(written([])).worksheets[0]
    assert list(sheet.iter_rows(values_only=True)) == [("编号", "标题", "到期", "编号 (2)")]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\x07=1", '=HYPERLINK("http://x")'])
def test_typed_text_stays_text_whatever_it_begins_with(text: str) -> None:
    book = written([[text, 1, None]])
    cell = read(book).worksheets[0]["A2"]
    expected = text.replace("\x07", "").replace("\r", "_x000D_")  # as the format writes it
    assert (cell.data_type, cell.value) == ("s", f"'{expected}")
    inside = zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml")
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(inside).iter()}
    assert "f" not in tags, "no formula is ever written"


def test_times_are_local_before_and_after_a_clock_change() -> None:
    moments = [datetime(2026, 10, 25, hour, minute, tzinfo=UTC) for hour in (0, 1) for minute in (0, 59)]
    moments += [datetime(1900, 2, 28, 12, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)]
    sheet = read(written([[moment] for moment in moments], BERLIN)).worksheets[0]
    assert [cell.value for cell in sheet["A"][1:]] == [
        moment.astimezone(BERLIN).replace(tzinfo=None) for moment in moments
    ]


def test_many_columns_have_the_letters_that_a_spreadsheet_gives_them() -> None:
    sheets = Sheets(SHANGHAI)
    sheets.add("宽", [f"第{number}列" for number in range(1, 731)], [list(range(1, 731))])
    sheet = read(b"".join(sheets.file())).worksheets[0]
    assert [sheet[f"{letters}2"].value for letters in ("A", "Z", "AA", "AZ", "ZZ", "AAA", "ABB")] == [
        1, 26, 27, 52, 702, 703, 730,
    ]  # fmt: skip


def test_sheets_keep_their_order_and_take_rows_in_batches() -> None:
    sheets = Sheets(SHANGHAI)
    first = sheets.begin("一 & <二>", ["甲"])
    for number in range(3):
        first.extend([[number]])
    sheets.add("Filters", ["乙"], [["x"]])
    book = b"".join(sheets.file())
    assert zipfile.ZipFile(io.BytesIO(book)).testzip() is None
    one, two = read(book).worksheets
    assert (one.title, two.title) == ("一 & <二>", "Filters")
    assert [row[0] for row in one.iter_rows(min_row=2, values_only=True)] == [0, 1, 2]
    assert two["A2"].value == "x"


def test_a_sheet_takes_no_more_rows_or_characters_than_the_format(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(read(written([["案" * (MAX_TEXT_LENGTH + 9)]])).worksheets[0]["A2"].value) == MAX_TEXT_LENGTH
    monkeypatch.setattr(workbook, "MAX_ROWS", 3)
    sheets = Sheets(SHANGHAI)
    sheet = sheets.begin("x", ["a"])
    sheet.extend([[1], [2]])
    with pytest.raises(OverflowError, match="3 rows"):
        sheet.extend([[3]])
    sheets.drop()
