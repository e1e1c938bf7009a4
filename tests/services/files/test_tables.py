"""Tables as people send them: every encoding, separator, header and cell is read whole, or refused with what to do."""

import codecs
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from services.files.cells import BEYOND_HEADER, BadCell, FaultyCell, cell_identifier, cell_number, cell_of, cell_text
from services.files.encodings import NotText, decode
from services.files.tables import Table, UnreadableFile, read_table

WANTED = ("工单编号", "标题", "上报时间")
LINES = ("工单编号,标题,上报时间,纬度", "A1,井盖丢失,2026/11/20 8:30,38.01", "A2,“路灯”不亮,2026/11/21 9:05,38.02")
PLAIN = "\n".join(LINES) + "\n"


def write(folder: Path, content: str | bytes, name: str = "f.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


Change = Callable[[openpyxl.Workbook], object]


def workbook(rows: Sequence[Sequence[Any]], change: Change = lambda _: None, dimension: str | None = None) -> bytes:
    """Return an .xlsx file; `dimension` is what its first sheet says about its size."""
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    change(book)
    file = io.BytesIO()
    book.save(file)
    if dimension is None:
        return file.getvalue()
    changed = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = re.sub(rb'<dimension ref="[^"]*"', f'<dimension ref="{dimension}"'.encode(), content)
            new.writestr(name, content)
    return changed.getvalue()


ROWS: list[list[Any]] = [
    [*LINES[0].split(",")],
    *(["A1", "井盖丢失", "2026/11/20 8:30", 38.01], ["A2", "“路灯”不亮", "", 38.02]),
]


def titles(table: Table) -> list[Any]:
    return [record["标题"] for _, record in table.rows]


# --- encodings and separators -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (PLAIN.encode(), "UTF-8"),
        (codecs.BOM_UTF8 + PLAIN.encode(), "UTF-8"),
        (PLAIN.encode("gbk"), "GB18030"),
        (PLAIN.replace("路灯", "𠮷𬭎路灯").encode("gb18030"), "GB18030"),
        (PLAIN.replace("路灯", "燈籠壞壓證據堃喆路灯").encode("gbk"), "GB18030"),
        (PLAIN.encode("utf-16"), "UTF-16"),
        (codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"), "UTF-16"),
        (PLAIN.encode("utf-16-le"), "UTF-16"),
        (PLAIN.replace(",", "\t").encode("utf-16"), "UTF-16"),
        (PLAIN.replace("\n", "\r\n").encode("gbk"), "GB18030"),
        (PLAIN.replace("8:30", "8:30\x00").encode(), "UTF-8"),
        (PLAIN.replace("\n", "\r").encode(), "UTF-8"),
    ],
)
def test_every_encoding_of_excel_is_read_and_told(tmp_path: Path, content: bytes, encoding: str) -> None:
    table = read_table(write(tmp_path, content), WANTED)
    assert [re.sub("[𠮷𬭎燈籠壞壓證據堃喆]", "", title) for title in titles(table)] == ["井盖丢失", "“路灯”不亮"]
    assert table.recognised.encoding == encoding
    assert encoding in table.recognised.zh
    assert encoding in table.recognised.en


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n\xff\xff\n",
        "名,b\n".encode() + "乱".encode("gbk"),
        "Müller,é\ngrün".encode("latin-1"),
        b"\xff\xfea",
        b"a\x81",
    ],
)
def test_what_is_in_no_known_encoding_is_refused_with_advice(content: bytes) -> None:
    with pytest.raises(NotText, match="CSV UTF-8") as refused:
        decode(content)
    assert "另存为" in refused.value.zh


@pytest.mark.parametrize(
    ("separator", "zh", "en"),
    [(",", "逗号", "commas"), (";", "分号", "semicolons"), ("\t", "制表符", "tabs"), ("|", "竖线", "bars")],
)
@pytest.mark.parametrize("hint", [False, True])
def test_every_separator_is_read_and_told(tmp_path: Path, separator: str, zh: str, en: str, hint: bool) -> None:
    quoted = PLAIN.replace("井盖丢失", f'"井盖{separator}丢失"').replace(",", separator)
    table = read_table(write(tmp_path, (f"sep={separator}\n" if hint else "") + quoted), WANTED)
    assert titles(table) == [f"井盖{separator}丢失", "“路灯”不亮"]
    assert [number for number, _ in table.rows] == [2 + hint, 3 + hint]
    assert zh in table.recognised.zh
    assert en in table.recognised.en


# --- where the table is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("above", "header"),
    [
        ("", "工单编号,标题,上报时间"),
        ("2026年11月工单台账\n", "工单编号,标题,上报时间"),
        ("2026年11月工单台账,,,制表人:张三\n,,\n", "工单编号,标题,上报时间"),
        ("", "工单编号 , 标题,　上报时间"),
        ("", "工 单 编 号,标  题,上报时间\u200b"),
        ("", "\u202a工单编号\u202c,标题,上报\u00a0时间"),
        ("", '"工单\n编号",标题,上报时间'),
        ("", "标题,上报时间,工单编号"),
    ],
)
def test_the_header_is_found_below_titles_and_however_it_is_spaced(tmp_path: Path, above: str, header: str) -> None:
    order = [name for name in WANTED if header.startswith("标题")]
    values = "井盖丢失,2026/11/20,A1" if order else "A1,井盖丢失,2026/11/20"
    table = read_table(write(tmp_path, f"{above}{header}\n{values}\n"), WANTED)
    ((_, record),) = table.rows
    assert record == {"工单编号": "A1", "标题": "井盖丢失", "上报时间": "2026/11/20"}
    assert f"第 {table.recognised.header} 行为表头" in table.recognised.zh
    assert table.rows[0][0] == (above + header + "\n").count("\n") + 1


def test_full_width_and_case_do_not_tell_headers_apart(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "ＩＤ,Case（甲）\n1,2\n"), ("id", "case(甲)"))
    assert table.rows == ((2, {"id": "1", "case(甲)": "2"}),)


def _merged_title(book: openpyxl.Workbook) -> None:
    sheet = book.worksheets[0]
    sheet.insert_rows(1, 2)
    sheet["A1"] = "2026年11月工单台账"
    sheet.merge_cells("A1:D1")


def _second_sheet(book: openpyxl.Workbook) -> None:
    first = book.create_sheet("填表说明", 0)
    first.append(["工单编号不要改", "标题写清楚"])


def _hidden_sheet(book: openpyxl.Workbook) -> None:
    hidden = book.create_sheet("旧", 0)
    hidden.append(LINES[0].split(","))
    hidden.append(["Z9", "旧", "2020-01-01", 1])
    hidden.sheet_state = "hidden"


@pytest.mark.parametrize(
    ("change", "dimension", "first_row"),
    [
        (lambda _: None, None, 2),
        (lambda _: None, "A1", 2),
        (lambda _: None, "A1:B2", 2),
        (lambda _: None, "A1:XFD1048576", 2),
        (_merged_title, None, 4),
        (_merged_title, "A1:D1", 4),
        (_second_sheet, None, 2),
        (_hidden_sheet, None, 2),
    ],
)
def test_every_row_of_the_right_sheet_is_read(
    tmp_path: Path, change: Change, dimension: str | None, first_row: int
) -> None:
    table = read_table(write(tmp_path, workbook(ROWS, change, dimension), "f.xlsx"), WANTED, ("纬度",))
    assert titles(table) == ["井盖丢失", "“路灯”不亮"]
    assert [number for number, _ in table.rows] == [first_row, first_row + 1]
    assert (table.recognised.sheet, table.recognised.unused) == ("Sheet", ())
    assert "Sheet" in table.recognised.zh


@pytest.mark.parametrize(
    ("name", "content", "zh", "en"),
    [
        ("f.csv", b"", "文件是空的", "the file is empty"),
        ("f.xlsx", b"", "文件是空的", "the file is empty"),
        ("f.csv", "\ufeff\n\n", "没有内容", "nothing in the file"),
        ("f.xlsx", workbook([]), "没有内容", "nothing in the file"),
        ("f.csv", LINES[0], "表头下面没有数据", "no rows below the header"),
        ("f.xlsx", workbook(ROWS[:1]), "表头下面没有数据", "no rows below the header"),
        ("f.csv", "编号,标题,上报时间\n1,2,3", "没有“工单编号”这一列;文件里有:编号、标题、上报时间",
         "columns missing: 工单编号;"),
        ("f.csv", "a,b\n1,2", "没有“工单编号”“标题”“上报时间”这些列;文件里有:a、b", "the file has: a, b"),
        ("f.csv", LINES[0] + ",标题 \n1,2,3,4,5", "有 2 列都叫“标题”(第 2, 5 列)", "2 columns are called “标题”"),
        ("f.xlsx", workbook([[*ROWS[0], "标题"], [1, 2, 3, 4, 5]]), "有 2 列都叫“标题”", "columns are called"),
        ("f.csv", PLAIN.replace("8:30,", "8:30,x,").replace("9:05,", "9:05,x,"), "第 5 列没有表头",
         "column 5 has no header"),
        ("f.xlsx", workbook([ROWS[0], [*ROWS[1], 7], [*ROWS[2], 8]]), "第 5 列没有表头", "column 5 has no header"),
        ("f.csv", PLAIN + '"A3,x,y\n', "CSV 有误", "broken CSV"),
        ("f.csv", workbook(ROWS), "改为 .xlsx", "name it .xlsx"),
        ("f.xls", b"<html><table><tr><td>1</table>", "另存为 .xlsx", "web page"),
        ("f.xlsx", PLAIN, "不是 Excel 文件", "not an Excel file"),
        ("f.xlsx", workbook(ROWS)[:900], "已损坏", "not an Excel file"),
        ("f.doc", b"x", ".doc 不是", ".doc is none of"),
    ],
)  # fmt: skip
def test_a_fault_of_the_file_is_one_message(tmp_path: Path, name: str, content: str | bytes, zh: str, en: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_table(write(tmp_path, content, name), WANTED)
    assert zh in refused.value.zh
    assert en in refused.value.en


# --- rows and cells ---------------------------------------------------------------------------------------------------


def test_a_line_with_more_cells_than_headers_says_so_and_the_others_are_read(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, PLAIN + "A3,井盖,又丢失,2026/11/22,38\nA4,x\n"), WANTED)
    faults = [record.get(BEYOND_HEADER) for _, record in table.rows]
    assert faults[:2] == [None, None]
    assert isinstance(faults[2], FaultyCell)
    assert "“38”" in faults[2].zh
    assert table.rows[3][1] == {"工单编号": "A4", "标题": "x", "上报时间": None, "纬度": None}


def test_errors_and_formulas_without_a_value_are_no_empty_cells(tmp_path: Path) -> None:
    rows = [ROWS[0], ["A1", '="A"&"B"', "#N/A", 1], [None, None, None, None], ["A2", "x", None, "=1/0"]]
    table = read_table(write(tmp_path, workbook(rows), "f.xlsx"), WANTED)
    assert [number for number, _ in table.rows] == [2, 4]
    for row, column, told in ((0, "标题", "公式"), (0, "上报时间", "#N/A"), (1, "纬度", "公式")):
        with pytest.raises(BadCell, match=r".") as refused:
            cell_of(table.rows[row][1], column)
        assert told in refused.value.zh


def test_a_formula_that_excel_computed_is_its_value(tmp_path: Path) -> None:
    content = workbook([ROWS[0], ["A1", "=1+1", '=""', 1]])
    computed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(computed, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            part = part.replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>").replace(
                b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>"
            )
            part = re.sub(rb'<c r="C2"[^>]*>', b'<c r="C2" t="str">', part)
            new.writestr(name, part)
    table = read_table(write(tmp_path, computed.getvalue(), "f.xlsx"), WANTED)
    assert table.rows[0][1] == {"工单编号": "A1", "标题": 2.0, "上报时间": None, "纬度": 1.0}


@pytest.mark.parametrize(
    "value",
    [
        140172202611200001.0, 1e15, -1e15, 1.40172e17, float("inf"), "1.40172E+17", "1.40172e+17", "1E+15", "１.4E+17",
        " 1.4E17 ", True,
    ],
)  # fmt: skip
def test_a_number_that_excel_has_shortened_is_refused_with_advice(value: object) -> None:
    with pytest.raises(BadCell) as refused:
        cell_identifier(value)
    assert value is True or ("Excel" in refused.value.en and "“文本”" in refused.value.zh)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7.0, "7"), (7, "7"), (999_999_999_999_999.0, "999999999999999"), ("140172202611200001", "140172202611200001"),
        (140172202611200001, "140172202611200001"), ("007", "007"), (" Ａ－１ ", "A-1"), ("12E5", "12E5"), (None, ""),
        ("\u202aLT1\u202c", "LT1"),
    ],
)  # fmt: skip
def test_an_honest_number_keeps_its_digits(value: object, text: str) -> None:
    assert cell_identifier(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.5, "2.5"), (True, "True"), (datetime.fromisoformat("2026-11-20T08:30"), "2026-11-20 08:30:00"),
        (date(2026, 11, 20), "2026-11-20"), (time(8, 30), "08:30:00"), (" x ", " x "),
    ],
)  # fmt: skip
def test_cells_as_text(value: object, text: str) -> None:
    assert cell_text(value) == text


@pytest.mark.parametrize("value", [None, "", " ", "北", "38,5", "nan", "inf", True])
def test_what_is_no_number(value: object) -> None:
    with pytest.raises(BadCell):
        cell_number(value)


def test_numbers_are_read_in_any_width() -> None:
    assert [cell_number(value) for value in (38.5, " 38.5", "３８．５", 38)] == [38.5, 38.5, 38.5, 38.0]
