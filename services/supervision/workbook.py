"""Workbooks for Excel, written row by row: what people typed stays text and is never run as a formula."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import IO
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

#: With one of these first, Excel and its kin take a text for a formula or a command.
RISKY = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 64 * 1024

CellValue = str | int | float | datetime | None


def harmless(text: str) -> str:
    """The text as a cell may hold it: an apostrophe before what Excel would run, without what XML can't hold."""
    clean = ILLEGAL_CHARACTERS_RE.sub("", text)
    return f"'{clean}" if clean.startswith(RISKY) else clean


class Sheets:
    """A workbook in the making. Moments are shown as local time in `zone`."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._book = Workbook(write_only=True)

    def add(self, title: str, header: Sequence[str], rows: Iterable[Sequence[CellValue]]) -> None:
        """A sheet with its first row in bold and kept in sight."""
        sheet = self._book.create_sheet(title)
        sheet.freeze_panes = "A2"
        for place, name in enumerate(header, 1):
            sheet.column_dimensions[get_column_letter(place)].width = max(12, 2 * len(name) + 2)
        bold = [WriteOnlyCell(sheet, harmless(name)) for name in header]
        for cell in bold:
            cell.font = Font(bold=True)
        sheet.append(bold)
        for row in rows:
            sheet.append([self._value(value) for value in row])

    def file(self) -> Iterator[bytes]:
        """The workbook, a piece at a time; its temporary file is gone when it has been read or is no longer wanted."""
        target = tempfile.SpooledTemporaryFile(max_size=4 * 1024 * 1024)  # noqa: SIM115 (read later, by the generator)
        self._book.save(target)
        target.seek(0)
        return _pieces(target)

    def _value(self, value: CellValue) -> CellValue:
        if isinstance(value, str):
            return harmless(value)
        if isinstance(value, datetime):
            return value.astimezone(self._zone).replace(tzinfo=None, microsecond=0)
        return value


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    with source:
        while piece := source.read(CHUNK):
            yield piece
