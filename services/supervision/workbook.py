"""Workbooks for Excel, written row by row: what people typed stays text and is never run as a formula.

Lists need little of the format: texts that lie in their cells, numbers, moments, a bold row kept in sight. Each row is
put into words once and compressed as it comes.
"""

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from math import isfinite
from typing import IO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile
from zoneinfo import ZoneInfo

from services.supervision import workbook_parts as parts

#: With one of these first, Excel and its kin take a text for a formula or a command.
RISKY = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 64 * 1024
#: The format knows no more rows in a sheet, and no more characters in a cell: what is longer is cut.
MOST_ROWS, LONGEST_TEXT = 1_048_576, 32_767
#: Excel opens no workbook with a longer title of a sheet, or with one of these signs in it.
LONGEST_TITLE, NOT_IN_TITLES = 31, frozenset("[]:*?/\\")
#: Compressed harder, a file is an eighth smaller and takes twice the time for it.
_LEVEL = 3

CellValue = str | int | float | datetime | None

#: What XML can't hold.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: Excel reads `_x0041_` as the sign of that number.
_CODED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
#: Moments are counted in days of which 1970 began with this one; before March 1900 Excel counts one more.
_EPOCH, _FIRST_DAY = 25_569, 61
#: Seconds: no zone changes its offset within a quarter of an hour.
_QUARTER = 900


def harmless(text: str) -> str:
    """The text as a cell may hold it: an apostrophe before what Excel would run, without what XML can't hold."""
    clean = _ILLEGAL.sub("", text) if _ILLEGAL.search(text) else text
    return f"'{clean}" if clean.startswith(RISKY) else clean


class Sheets:
    """A workbook in the making, one sheet after another; only the rows at hand are in memory.

    Moments are shown as local time in `zone`.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._target = tempfile.SpooledTemporaryFile(max_size=4 * 1024 * 1024)  # noqa: SIM115 (read later)
        self._archive = ZipFile(self._target, "w", ZIP_DEFLATED, compresslevel=_LEVEL)
        self._archive.writestr("_rels/.rels", parts.ROOT_RELATIONS)
        self._archive.writestr("xl/styles.xml", parts.STYLES)
        self._titles: list[str] = []
        self._last: Sheet | None = None

    def add(self, title: str, header: Sequence[str], rows: Iterable[Sequence[CellValue]]) -> None:
        """A whole sheet, with its first row in bold and kept in sight. Raises ValueError for a title that can't be."""
        self.begin(title, header).extend(rows)

    def begin(self, title: str, header: Sequence[str]) -> "Sheet":
        """A sheet whose rows come bit by bit, all of them before the next one's.

        Raises ValueError for a title that is another sheet's already or that Excel refuses.
        """
        if not 1 <= len(title) <= LONGEST_TITLE or NOT_IN_TITLES & set(title) or title[0] == "'" or title[-1] == "'":
            raise ValueError(f"not the title of a sheet: {title!r}")
        if title.casefold() in (known.casefold() for known in self._titles):
            raise ValueError(f"two sheets with the title {title!r}")
        self._end_sheet()
        self._titles.append(title)
        part = self._archive.open(parts.sheet_name(len(self._titles)), "w")
        widths = [max(12, 2 * len(name) + 2) for name in header]
        part.write(parts.sheet_head(widths, first=len(self._titles) == 1).encode())
        self._last = Sheet(part, self._zone)
        self._last.write_header(header)
        return self._last

    def file(self) -> Iterator[bytes]:
        """The workbook, a piece at a time; its temporary file is gone when it has been read or is no longer wanted."""
        self._end_sheet()
        count = len(self._titles)
        self._archive.writestr("xl/workbook.xml", parts.workbook(self._titles))
        self._archive.writestr("xl/_rels/workbook.xml.rels", parts.workbook_relations(count))
        self._archive.writestr("[Content_Types].xml", parts.content_types(count))
        self._archive.close()
        self._target.seek(0)
        return _pieces(self._target)

    def drop(self) -> None:
        """Lets go of a workbook that nobody will read, with its temporary file."""
        self._end_sheet()
        self._archive.close()
        self._target.close()

    def _end_sheet(self) -> None:
        if self._last is not None:
            self._last.end()
            self._last = None


class Sheet:
    """A sheet in the making."""

    def __init__(self, part: IO[bytes], zone: ZoneInfo) -> None:
        self._part = part
        self._zone = zone
        self._next = 1
        self._columns: list[str] = []
        self._offsets: dict[float, float] = {}

    def write_header(self, header: Sequence[str]) -> None:
        """The first row, in bold."""
        self._write([self._row(header, f' s="{parts.BOLD}"')])

    def extend(self, rows: Iterable[Sequence[CellValue]]) -> None:
        """Adds rows. Raises OverflowError for more than a sheet holds, and ValueError for what is no number."""
        self._write([self._row(row) for row in rows])

    def end(self) -> None:
        """Nothing follows."""
        self._part.write(parts.SHEET_FOOT.encode())
        self._part.close()

    def _write(self, rows: list[str]) -> None:
        self._part.write("".join(rows).encode())

    def _row(self, values: Sequence[CellValue], style: str = "") -> str:
        number = self._next
        if number > MOST_ROWS:
            raise OverflowError(f"a sheet holds {MOST_ROWS} rows")
        while len(self._columns) < len(values):
            self._columns.append(_column(len(self._columns)))
        self._next += 1
        place = f'{number}"{style}'
        cells = [
            f'<c r="{column}{place}{_text(value) if isinstance(value, str) else self._counted(value)}'
            for column, value in zip(self._columns, values, strict=False)  # as many as the longest row so far has
            if value is not None
        ]
        return f'<row r="{number}">{"".join(cells)}</row>'

    def _counted(self, value: int | float | datetime) -> str:
        """A cell from after its place on, of a number or a moment."""
        if isinstance(value, datetime):
            seconds = value.timestamp()
            days = (seconds + self._offset(seconds // _QUARTER)) / 86_400 + _EPOCH
            if days < _FIRST_DAY:
                return _text(f"{value.astimezone(self._zone):%Y-%m-%d %H:%M:%S}")
            return f' s="{parts.MOMENT}"><v>{days:.9f}</v></c>'
        if not isfinite(value):
            raise ValueError(f"no number for a cell: {value}")
        return f"><v>{float(value) if isinstance(value, float) else int(value)!r}</v></c>"

    def _offset(self, quarter: float) -> float:
        """Seconds by which local time is ahead in that quarter of an hour: worked out anew for each, it would cost
        half of the whole sheet's time."""
        if (known := self._offsets.get(quarter)) is None:
            told = datetime.fromtimestamp(quarter * _QUARTER, self._zone).utcoffset()
            known = self._offsets[quarter] = told.total_seconds() if told is not None else 0.0
        return known


@lru_cache(maxsize=8192)
def _text(text: str) -> str:
    """A cell from after its place on, of a text: in a list, most are in many rows."""
    known = harmless(text)[:LONGEST_TEXT]
    told = escape(_CODED.sub("_x005F_", known), {"\r": "&#13;"})
    kept = ' xml:space="preserve"' if known != known.strip() else ""
    return f' t="inlineStr"><is><t{kept}>{told}</t></is></c>'


@lru_cache(maxsize=1024)
def _column(at: int) -> str:
    """The letters of a column, counted from 0: A … Z, AA …"""
    letters = ""
    at += 1
    while at:
        at, left = divmod(at - 1, 26)
        letters = chr(ord("A") + left) + letters
    return letters


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    with source:
        while piece := source.read(CHUNK):
            yield piece
