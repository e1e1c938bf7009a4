"""Workbooks for Excel, written row by row: what people typed stays text and is never run as a formula.

Office Open XML is written here, by hand: a general library takes some thirty microseconds a cell, and a list of a
hundred thousand cases has nearly two million. Nothing but the row at hand is held in memory.
"""

import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import IO
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

#: With one of these first, Excel and its kin take a text for a formula or a command.
RISKY = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 64 * 1024
#: The format knows no more rows in a sheet.
MOST_ROWS = 1_048_576

CellValue = str | int | float | datetime | None

#: What XML can't hold.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPECIAL = re.compile("[&<>\r]")
#: Day 0 of Excel's calendar, as it counts from March 1900 on.
_DAY_ZERO = date(1899, 12, 30).toordinal()
_DAY = 86_400
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
#: Cell formats by number: 0 plain, 1 bold, 2 a moment.
_STYLES = f"""{_HEAD}<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" \
formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>\
<font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/>\
</fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>\
<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf xfId="0"/>\
<xf fontId="1" applyFont="1" xfId="0"/><xf numFmtId="164" applyNumberFormat="1" xfId="0"/></cellXfs>\
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>"""


def harmless(text: str) -> str:
    """The text as a cell may hold it: an apostrophe before what Excel would run, without what XML can't hold."""
    clean = _ILLEGAL.sub("", text) if _ILLEGAL.search(text) else text
    return f"'{clean}" if clean.startswith(RISKY) else clean


class Sheets:
    """A workbook in the making, one sheet after another. Moments are shown as local time in `zone`."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._titles: list[str] = []
        self._target = tempfile.SpooledTemporaryFile(max_size=4 * 1024 * 1024)  # noqa: SIM115 (read later)
        # The XML repeats itself so much that more effort saves hardly a byte.
        self._zip = zipfile.ZipFile(self._target, "w", zipfile.ZIP_DEFLATED, compresslevel=2)

    def add(self, title: str, header: Sequence[str], rows: Iterable[Sequence[CellValue]]) -> None:
        """A whole sheet, with its first row in bold and kept in sight."""
        with self.begin(title, header) as sheet:
            sheet.extend(rows)

    def begin(self, title: str, header: Sequence[str]) -> "Sheet":
        """A sheet whose rows come bit by bit; the next one begins when it has ended."""
        self._titles.append(title)
        entry = zipfile.ZipInfo(f"xl/worksheets/sheet{len(self._titles)}.xml", datetime.now(self._zone).timetuple()[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED
        return Sheet(self._zip.open(entry, "w", force_zip64=True), header, self._zone)

    def file(self) -> Iterator[bytes]:
        """The workbook, a piece at a time; its temporary file is gone when it has been read or is no longer wanted."""
        for name, text in _parts(self._titles):
            self._zip.writestr(name, text)
        self._zip.close()
        self._target.seek(0)
        return _pieces(self._target)

    def drop(self) -> None:
        """Lets go of a workbook that nobody will read, once its sheets have ended."""
        self._zip.close()
        self._target.close()


class Sheet:
    """A sheet in the making."""

    def __init__(self, target: IO[bytes], header: Sequence[str], zone: ZoneInfo) -> None:
        self._target = target
        self._zone = zone
        self._row = 0
        widths = "".join(
            f'<col min="{at}" max="{at}" width="{max(12, 2 * len(name) + 2)}" customWidth="1"/>'
            for at, name in enumerate(header, 1)
        )
        target.write(
            f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" '
            f'topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
            f"<cols>{widths}</cols><sheetData>".encode()
        )
        self._write([header], ' s="1"')

    def extend(self, rows: Iterable[Sequence[CellValue]]) -> None:
        """Adds rows. Raises OverflowError for more than a sheet holds."""
        self._write(rows, "")

    def __enter__(self) -> "Sheet":
        return self

    def __exit__(self, *_: object) -> None:
        self._target.write(b"</sheetData></worksheet>")
        self._target.close()

    def _write(self, rows: Iterable[Sequence[CellValue]], style: str) -> None:
        lines = []
        for row in rows:
            self._row += 1
            if self._row > MOST_ROWS:
                raise OverflowError(f"a sheet holds {MOST_ROWS} rows")
            number = self._row
            cells = [
                self._cell(f'<c r="{_letters(at)}{number}"', value, style)
                for at, value in enumerate(row)
                if value is not None
            ]
            lines.append(f'<row r="{number}">{"".join(cells)}</row>')
        self._target.write("".join(lines).encode())

    def _cell(self, begun: str, value: CellValue, style: str) -> str:
        if isinstance(value, str):
            text = harmless(value)
            if _SPECIAL.search(text):
                text = escape(text, {"\r": "&#13;"})
            return f'{begun}{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
        if isinstance(value, datetime):
            local = value.astimezone(self._zone)
            day = local.toordinal() - _DAY_ZERO
            part = (local.hour * 3600 + local.minute * 60 + local.second) / _DAY
            return f'{begun} s="2"><v>{day + part:.7f}</v></c>'
        return f"{begun}{style}><v>{value}</v></c>"


@lru_cache(maxsize=512)
def _letters(at: int) -> str:
    """The name of a column: A … Z, AA …"""
    name = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def _parts(titles: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What a workbook has besides its sheets."""
    numbers = range(1, len(titles) + 1)
    sheets = "".join(
        f'<sheet name="{escape(title, {chr(34): "&quot;"})}" sheetId="{n}" r:id="rId{n}"/>'
        for n, title in zip(numbers, titles, strict=True)
    )
    book = f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'
    yield "xl/workbook.xml", _HEAD + book
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    styles = f'<Relationship Id="rId{len(titles) + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    yield "xl/_rels/workbook.xml.rels", _relations(related + styles)
    yield "xl/styles.xml", _STYLES
    workbook = f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    yield "_rels/.rels", _relations(workbook)
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_SHEET_TYPE}.worksheet+xml"/>' for n in numbers
    )
    yield (
        "[Content_Types].xml",
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_SHEET_TYPE}.styles+xml"/>{overrides}</Types>',
    )


def _relations(told: str) -> str:
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{told}</Relationships>'


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    with source:
        while piece := source.read(CHUNK):
            yield piece
