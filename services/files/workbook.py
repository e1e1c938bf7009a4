"""Workbooks for Excel, written row by row: what people typed stays text and is never run as a formula."""

import io
import pickle
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import IO
from zoneinfo import ZoneInfo

from rustpy_xlsxwriter import FastExcel, Format

#: With one of these first, Excel and its kin take a text for a formula or a command.
RISKY = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 64 * 1024
#: The format knows no more rows in a sheet, and no longer text in a cell.
MOST_ROWS, LONGEST_TEXT = 1_048_576, 32_767

CellValue = str | int | float | datetime | None

#: What XML can't hold.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MOMENT = "yyyy-mm-dd hh:mm:ss"
#: Bytes of rows that wait in memory; more of them wait on the disk.
_IN_MEMORY = 4 * 1024 * 1024
#: A column is as wide as what stands in its first rows, within these bounds; in letters, of which a Chinese one is two.
_NARROWEST, _WIDEST, _LOOKED_AT = 10, 60, 50
_WIDTH_OF_A_MOMENT = 19


def harmless(text: str) -> str:
    """The text as a cell may hold it: an apostrophe before what Excel would run, without what XML can't hold."""
    clean = _ILLEGAL.sub("", text) if _ILLEGAL.search(text) else text
    clean = f"'{clean}" if clean.startswith(RISKY) else clean
    return clean[:LONGEST_TEXT]


class Sheets:
    """A workbook in the making, one sheet after another; its rows wait on the disk until it is written.

    Moments are shown as local time in `zone`.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._sheets: list[Sheet] = []

    def add(self, title: str, header: Sequence[str], rows: Iterable[Sequence[CellValue]]) -> None:
        """A whole sheet, with its first row in bold and kept in sight. Raises as `Sheet.extend`, and lets go then."""
        try:
            self.begin(title, header).extend(rows)
        except (ValueError, OverflowError):
            self.drop()
            raise

    def begin(self, title: str, header: Sequence[str]) -> "Sheet":
        """A sheet whose rows come bit by bit."""
        sheet = Sheet(title, header, self._zone)
        self._sheets.append(sheet)
        return sheet

    def file(self) -> Iterator[bytes]:
        """The workbook, a piece at a time. What waited for it is gone."""
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
        """Lets go of the rows that wait."""
        for sheet in self._sheets:
            sheet.drop()


class Sheet:
    """A sheet in the making."""

    def __init__(self, title: str, header: Sequence[str], zone: ZoneInfo) -> None:
        self.title = title
        self._names = _each_once([harmless(name) for name in header])
        self._zone = zone
        self._waiting: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 (read later)
        self._rows = 1
        self._widths = [_width(name) for name in self._names]
        self._moments: set[int] = set()
        self._numbers: set[int] = set()

    def extend(self, rows: Iterable[Sequence[CellValue]]) -> None:
        """Adds rows, none of them longer than the header.

        A column has one form of numbers: ValueError for moments and numbers in one. OverflowError for more rows than a
        sheet holds.
        """
        told = [[self._told(at, value) for at, value in enumerate(row)] for row in rows]
        if any(len(row) > len(self._names) for row in told):
            raise ValueError(f"a row of {self.title} is longer than its header")
        if self._moments & self._numbers:
            raise ValueError(f"a column of {self.title} has both moments and numbers")
        for row in told[: max(0, _LOOKED_AT - self._rows)]:
            self._widths = [*map(max, self._widths, map(_width, row)), *self._widths[len(row) :]]
        self._rows += len(told)
        if self._rows > MOST_ROWS:
            raise OverflowError(f"a sheet holds {MOST_ROWS} rows")
        pickle.dump(told, self._waiting, pickle.HIGHEST_PROTOCOL)

    def _told(self, at: int, value: CellValue) -> CellValue:
        if isinstance(value, str):
            return harmless(value)
        if isinstance(value, datetime):
            self._moments.add(at)
            return value.astimezone(self._zone).replace(tzinfo=None)
        if value is not None:
            self._numbers.add(at)
        return value

    def records(self) -> Iterator[dict[str, CellValue]]:
        """The rows by their columns' names; at least one, since the header is written with the first."""
        names = self._names
        if self._rows == 1:
            yield dict.fromkeys(names)
        end = self._waiting.tell()
        self._waiting.seek(0)
        while self._waiting.tell() < end:
            for row in pickle.load(self._waiting):
                yield dict(zip(names, row + [None] * (len(names) - len(row)), strict=True))

    def widths(self) -> list[float]:
        """The columns' widths, in letters."""
        return [float(min(max(width + 2, _NARROWEST), _WIDEST)) for width in self._widths]

    def formats(self) -> list[Format]:
        """The columns' formats: said beforehand, since the library would go by the first rows."""
        plain, moment = Format(), Format().set_num_format(_MOMENT)
        return [moment if at in self._moments else plain for at in range(len(self._names))]

    def drop(self) -> None:
        """Lets go of the rows that wait."""
        self._waiting.close()


def _each_once(names: Sequence[str]) -> list[str]:
    """The names of columns, which are told apart by them: a second `n` is `n (2)`."""
    once: list[str] = []
    for name in names:
        spelled = (name, *(f"{name} ({number})" for number in range(2, len(names) + 1)))
        once.append(next(one for one in spelled if one not in once))
    return once


def _width(value: CellValue) -> int:
    if isinstance(value, datetime):
        return _WIDTH_OF_A_MOMENT
    text = "" if value is None else str(value)
    return len(text) + sum(unicodedata.east_asian_width(sign) in "WF" for sign in text[:_WIDEST])
