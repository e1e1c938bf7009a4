"""Read workbooks: .xlsx, .xlsm, .xlsb, .xls and .ods.

python-calamine reads them, because it takes the cells as they are: openpyxl believes the sheet's `<dimension>`, which
templates and streaming writers get wrong, so that rows are lost; it fails on the styles of some programs; it can't read
.xls; and it takes five times as long. Two things calamine can't tell from an empty cell: an error such as #N/A, and a
formula whose value was never computed (written by a program, not by Excel). Both are looked up in the XML of .xlsx.
In .xls every formula holds a value, and an error reads as empty.
"""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum, ZipError

from services.files.cells import FaultyCell
from services.files.errors import Unusable

SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
#: The largest content of a packed workbook, in bytes (our choice): twenty times what a million cells need.
_MAX_UNPACKED = 2_000_000_000
#: What the XML of a formula or an error contains, whatever prefix its namespace has.
_SIGNS_OF_FAULTS = (b"<f>", b"<f ", b"<f/", b":f>", b":f ", b't="e"', b"t='e'")
_CHUNK = 1 << 20
_LETTERS = re.compile(r"([A-Z]{1,3})\d")
_FORMULA = FaultyCell(
    "公式没有算出的值;请在 Excel 中打开并保存一次,或把公式粘贴为数值",
    "a formula without a value; open the file in Excel and save it, or paste the formulas as values",
)


class NotExcel(Unusable):
    """The content is no workbook, or a broken one."""


class ExcelSheet:
    """A sheet: its name, and its rows from the first one on, empty ones included."""

    def __init__(self, name: str, rows: list[list[Any]]) -> None:
        self.name, self.rows = name, rows


def read_sheets(path: Path) -> Iterator[ExcelSheet]:
    """Yield the visible sheets with cells, in the order of the workbook. Raises NotExcel."""
    content = path.read_bytes()
    _check_format(content)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        visible = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible is SheetVisibleEnum.Visible and sheet.typ is SheetTypeEnum.WorkSheet
        ]
        for name in visible:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            if not rows:
                continue
            cells = [[_value(cell) for cell in row] for row in rows]
            for row, column, fault in _faulty_cells(content, name):
                _put(cells, row, column, fault)
            yield ExcelSheet(name, cells)
    except (CalamineError, ZipError, zipfile.BadZipFile, ElementTree.ParseError, KeyError) as error:
        raise NotExcel(f"不是 Excel 文件,或已损坏:{error}", f"not an Excel file: {error}") from error


def _check_format(content: bytes) -> None:
    if content.startswith(b"PK"):
        try:
            size = sum(one.file_size for one in zipfile.ZipFile(io.BytesIO(content)).infolist())
        except zipfile.BadZipFile as error:
            raise NotExcel("不是 Excel 文件,或已损坏", f"not an Excel file: {error}") from error
        if size > _MAX_UNPACKED:
            raise NotExcel("解压后过大", "it is too large when unpacked")
    elif not content.startswith(b"\xd0\xcf\x11\xe0"):
        if content.lstrip()[:1] == b"<":
            zh, en = "其实是网页(HTML),不是 Excel 文件", "not an Excel file but a web page (HTML)"
        else:
            zh, en = "不是 Excel 文件", "not an Excel file"
        advice = "请在 Excel 中打开并另存为 .xlsx", "open it in Excel and save it as .xlsx"
        raise NotExcel(f"{zh};{advice[0]}", f"{en}; {advice[1]}")


def _value(cell: Any) -> Any:
    if isinstance(cell, timedelta):
        return str(cell)
    if isinstance(cell, str | int | float | bool | datetime | date | time):
        return None if cell == "" else cell
    return None


def _put(cells: list[list[Any]], row: int, column: int, fault: FaultyCell) -> None:
    while len(cells) <= row:
        cells.append([])
    cells[row].extend([None] * (column + 1 - len(cells[row])))
    cells[row][column] = fault


def _faulty_cells(content: bytes, sheet: str) -> Iterator[tuple[int, int, FaultyCell]]:
    """Yield row and column, from 0, of the cells of an .xlsx sheet that hold an error or a formula without a value."""
    if not content.startswith(b"PK"):
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = _part_of(archive, sheet)
        if part is None or not _may_have_faults(archive, part):
            return
        row = 0
        with archive.open(part) as file:
            for _, element in ElementTree.iterparse(file):  # noqa: S314 expat 2.4.1 and later bounds entities, and the size is checked before
                if not element.tag.endswith("}row"):
                    continue
                row = int(element.get("r") or row + 1)
                column = -1
                for cell in element.iterfind("{*}c"):
                    found = _LETTERS.match(cell.get("r", ""))  # streaming writers leave out where a cell is
                    column = _column_index(found[1]) if found else column + 1
                    if (fault := _fault(cell)) is not None:
                        yield row - 1, column, fault
                element.clear()


def _may_have_faults(archive: zipfile.ZipFile, part: str) -> bool:
    """Return whether a part mentions formulas or errors at all; parsing a long one takes seconds."""
    end = b""
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            text = end + chunk
            if any(sign in text for sign in _SIGNS_OF_FAULTS):
                return True
            end = text[-len(max(_SIGNS_OF_FAULTS, key=len)) :]
    return False


def _fault(cell: ElementTree.Element) -> FaultyCell | None:
    kind, value = cell.get("t"), cell.findtext("{*}v") or ""
    if kind == "e":
        return FaultyCell(f"单元格是错误值 {value}", f"the cell holds the error {value}")
    has_formula = cell.find("{*}f") is not None
    return _FORMULA if has_formula and not value and kind != "str" else None


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Return the name of the part with the XML of a sheet; None in another format, such as .ods."""
    names = set(archive.namelist())
    if "xl/workbook.xml" not in names or "xl/_rels/workbook.xml.rels" not in names:
        return None
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 expat 2.4.1 and later bounds entities, and the size is checked before
    entry = next((one for one in book.iterfind("{*}sheets/{*}sheet") if one.get("name") == sheet), None)
    relation = next((value for key, value in (entry.items() if entry is not None else ()) if key.endswith("}id")), None)
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 expat 2.4.1 and later bounds entities, and the size is checked before
    target = next((one.get("Target") for one in relations if one.get("Id") == relation), None)
    if target is None:
        return None
    part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
    return part if part in names else None


def _column_index(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1
