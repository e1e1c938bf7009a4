"""Write workbooks for Excel row by row; text that people typed stays text and is never run as a formula."""

import io
import pickle
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import IO, Protocol
from zoneinfo import ZoneInfo

from rustpy_xlsxwriter import FastExcel, Format

#: Spreadsheet programs take a text that begins with one of these for a formula or a command; in some languages also
#: with the wide ones.
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
CHUNK = 64 * 1024
#: The limits of the format: rows in a sheet, characters in a cell.
MAX_ROWS, MAX_TEXT_LENGTH = 1_048_576, 32_767

CellValue = str | int | float | datetime | None

#: Characters that XML can't hold.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DATETIME_FORMAT = "yyyy-mm-dd hh:mm:ss"
#: Bytes of rows that are kept in memory; more of them are kept on disk.
_IN_MEMORY = 4 * 1024 * 1024
#: A column is as wide as the content of its first rows, within these bounds; in letters, a Chinese one counting as two.
_MIN_WIDTH, _MAX_WIDTH, _ROWS_MEASURED = 10, 60, 50
_DATETIME_WIDTH = 19


def escape_cell(text: str) -> str:
    """Return the text in a form safe for a cell: an apostrophe before what Excel would run, without what XML can't
    hold.
    """
    clean = _ILLEGAL.sub("", text) if _ILLEGAL.search(text) else text
    clean = f"'{clean}" if clean.startswith(RISKY) else clean
    return clean[:MAX_TEXT_LENGTH]


class Tables(Protocol):
    """What takes whole tables: a workbook, or a file that has one of them."""

    def add(self, title: str, header: Sequence[str], rows: Iterable[Sequence[CellValue]]) -> None:
        """Add a table."""


class Sheets:
    """A workbook that is built one sheet after another; its rows are kept on disk until it is written.

    Times are shown as local time in `zone`.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._sheets: list[Sheet] = []

    def add(self, title: str, header: Sequence[str], rows: Iterable[Sequence[CellValue]]) -> None:
        """Add a whole sheet, with its first row bold and frozen. Raises as `Sheet.extend`, and then drops all rows."""
        try:
            self.begin(title, header).extend(rows)
        except (ValueError, OverflowError):
            self.drop()
            raise

    def begin(self, title: str, header: Sequence[str]) -> "Sheet":
        """Add a sheet whose rows come in batches."""
        sheet = Sheet(title, header, self._zone)
        self._sheets.append(sheet)
        return sheet

    def file(self) -> Iterator[bytes]:
        """Return the workbook in parts, and drop the rows kept for it."""
        target = io.BytesIO()
        book = FastExcel(target).format(bold_headers=True).freeze(row=1)
        for sheet in self._sheets:
            book.sheet(
                sheet.title, sheet.records(), column_widths=sheet.widths(), column_formats=sheet.formats()
            )  # fmt: skip
        try:
            book.save()
        finally:
            self.drop()
        target.seek(0)
        return iter(lambda: target.read(CHUNK), b"")

    def drop(self) -> None:
        """Delete the kept rows."""
        for sheet in self._sheets:
            sheet.drop()


class Sheet:
    """A sheet that is being built."""

    def __init__(self, title: str, header: Sequence[str], zone: ZoneInfo) -> None:
        self.title = title
        self._names = _unique([escape_cell(name) for name in header])
        self._zone = zone
        self._rows_file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 (read later)
        self._rows = 1
        self._widths = [_width(name) for name in self._names]
        self._time_columns: set[int] = set()
        self._number_columns: set[int] = set()

    def extend(self, rows: Iterable[Sequence[CellValue]]) -> None:
        """Add rows, none of them longer than the header.

        A column has one number format: raises ValueError for times and numbers in one column, and OverflowError for
        more rows than a sheet holds.
        """
        cells = [[self._cell(column, value) for column, value in enumerate(row)] for row in rows]
        if any(len(row) > len(self._names) for row in cells):
            raise ValueError(f"a row of {self.title} is longer than its header")
        if self._time_columns & self._number_columns:
            raise ValueError(f"a column of {self.title} has both times and numbers")
        for row in cells[: max(0, _ROWS_MEASURED - self._rows)]:
            self._widths = [*map(max, self._widths, map(_width, row)), *self._widths[len(row) :]]
        self._rows += len(cells)
        if self._rows > MAX_ROWS:
            raise OverflowError(f"a sheet holds {MAX_ROWS} rows")
        pickle.dump(cells, self._rows_file, pickle.HIGHEST_PROTOCOL)

    def _cell(self, column: int, value: CellValue) -> CellValue:
        if isinstance(value, str):
            return escape_cell(value)
        if isinstance(value, datetime):
            self._time_columns.add(column)
            return value.astimezone(self._zone).replace(tzinfo=None)
        if value is not None:
            self._number_columns.add(column)
        return value

    def records(self) -> Iterator[dict[str, CellValue]]:
        """Yield the rows by column name; at least one, since the header is written with the first."""
        names = self._names
        if self._rows == 1:
            yield dict.fromkeys(names)
        end = self._rows_file.tell()
        self._rows_file.seek(0)
        while self._rows_file.tell() < end:
            for row in pickle.load(self._rows_file):  # noqa: S301 a temporary file of this very process
                yield dict(zip(names, row + [None] * (len(names) - len(row)), strict=True))

    def widths(self) -> list[float]:
        """Return the widths of the columns, in letters."""
        return [float(min(max(width + 2, _MIN_WIDTH), _MAX_WIDTH)) for width in self._widths]

    def formats(self) -> list[Format]:
        """Return the formats of the columns, set explicitly because the library would guess from the first rows."""
        plain, time_format = Format(), Format().set_num_format(_DATETIME_FORMAT)
        return [time_format if column in self._time_columns else plain for column in range(len(self._names))]

    def drop(self) -> None:
        """Delete the kept rows."""
        self._rows_file.close()


def _unique(names: Sequence[str]) -> list[str]:
    """Return distinct column names, since columns are identified by them: a second `n` is `n (2)`."""
    unique: list[str] = []
    for name in names:
        candidates = (name, *(f"{name} ({number})" for number in range(2, len(names) + 1)))
        unique.append(next(candidate for candidate in candidates if candidate not in unique))
    return unique


def _width(value: CellValue) -> int:
    if isinstance(value, datetime):
        return _DATETIME_WIDTH
    text = "" if value is None else str(value)
    return len(text) + sum(unicodedata.east_asian_width(char) in "WF" for char in text[:_MAX_WIDTH])
