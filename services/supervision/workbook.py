"""Workbooks for Excel, written row by row: what people typed stays text and is never run as a formula."""

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import IO
from zoneinfo import ZoneInfo

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

#: With one of these first, Excel and its kin take a text for a formula or a command.
RISKY = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 64 * 1024
#: The format knows no more rows in a sheet.
MOST_ROWS = 1_048_576

CellValue = str | int | float | datetime | None

#: What XML can't hold.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MOMENT = "yyyy-mm-dd hh:mm:ss"


def harmless(text: str) -> str:
    """The text as a cell may hold it: an apostrophe before what Excel would run, without what XML can't hold."""
    clean = _ILLEGAL.sub("", text) if _ILLEGAL.search(text) else text
    return f"'{clean}" if clean.startswith(RISKY) else clean


class Sheets:
    """A workbook in the making, one sheet after another; only the row at hand is in memory.

    Moments are shown as local time in `zone`.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._target = tempfile.SpooledTemporaryFile(max_size=4 * 1024 * 1024)  # noqa: SIM115 (read later)
        self._book = Workbook(self._target, {"constant_memory": True})
        self._bold = self._book.add_format({"bold": True})
        self._moment = self._book.add_format({"num_format": _MOMENT})

    def add(self, title: str, header: Sequence[str], rows: Iterable[Sequence[CellValue]]) -> None:
        """A whole sheet, with its first row in bold and kept in sight."""
        self.begin(title, header).extend(rows)

    def begin(self, title: str, header: Sequence[str]) -> "Sheet":
        """A sheet whose rows come bit by bit, all of them before the next one's."""
        sheet = self._book.add_worksheet(title)
        sheet.freeze_panes(1, 0)
        for at, name in enumerate(header):
            sheet.set_column(at, at, max(12, 2 * len(name) + 2))
            sheet.write_string(0, at, harmless(name), self._bold)
        return Sheet(sheet, self._zone, self._moment)

    def file(self) -> Iterator[bytes]:
        """The workbook, a piece at a time; its temporary file is gone when it has been read or is no longer wanted."""
        self._book.close()
        self._target.seek(0)
        return _pieces(self._target)

    def drop(self) -> None:
        """Lets go of a workbook that nobody will read, with its temporary files."""
        self._book.close()
        self._target.close()


class Sheet:
    """A sheet in the making; its header is written."""

    def __init__(self, sheet: Worksheet, zone: ZoneInfo, moment: Format) -> None:
        self._sheet = sheet
        self._zone = zone
        self._moment = moment
        self._next = 1

    def extend(self, rows: Iterable[Sequence[CellValue]]) -> None:
        """Adds rows. Raises OverflowError for more than a sheet holds."""
        for row in rows:
            if self._next >= MOST_ROWS:
                raise OverflowError(f"a sheet holds {MOST_ROWS} rows")
            for at, value in enumerate(row):
                self._write(at, value)
            self._next += 1

    def _write(self, at: int, value: CellValue) -> None:
        if isinstance(value, str):
            self._sheet.write_string(self._next, at, harmless(value))
        elif isinstance(value, datetime):
            local = value.astimezone(self._zone).replace(tzinfo=None)
            self._sheet.write_datetime(self._next, at, local, self._moment)
        elif value is not None:
            self._sheet.write_number(self._next, at, value)


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    with source:
        while piece := source.read(CHUNK):
            yield piece
