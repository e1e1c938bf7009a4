"""Read a table from any file that people send: CSV in any of their encodings and separators, and workbooks.

Every door that takes a table reads it here: where the header is, in which sheet, encoding and separator, is recognised,
and can be told. Nothing is guessed about the cells: see `cells` and `moments`.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.english import counted
from services.files.cells import BEYOND_HEADER, FaultyCell, cell_text, clean_header, header_key
from services.files.encodings import Decoded, NotText, decode
from services.files.errors import Unusable
from services.files.excel import SUFFIXES as EXCEL_SUFFIXES, NotExcel, read_sheets

#: A line of a table: its number as people count it, and its values by header.
Row = tuple[int, dict[str, Any]]
TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
#: How many lines are searched for the header: titles, notes and units above it are fewer.
_HEADER_WITHIN = 30
_SEPARATORS = ((",", "逗号", "commas"), (";", "分号", "semicolons"), ("\t", "制表符", "tabs"), ("|", "竖线", "bars"))
_SEP_LINE = re.compile(r"sep=(.)", re.IGNORECASE)
#: How many characters of a header or a cell a message shows, and how many headers.
_SHOWN, _MAX_SHOWN = 20, 30


class UnreadableFile(Unusable):
    """The file is not in the format of its name, or holds no table; the message says where, in both languages.

    `line` counts from 1, 0 for the whole file; `reason_zh` and `reason_en` leave out the place.
    """

    #: The columns that are sought in vain, where that is the fault.
    missing: tuple[str, ...] = ()

    def __init__(self, path: Path, zh: str, en: str, line: int = 0) -> None:
        self.line, self.reason_zh, self.reason_en = line, zh, en
        place = f"{path}:{line}" if line else f"{path}"
        super().__init__(f"{place}: {zh}", f"{place}: {en}")


@dataclass(frozen=True)
class Recognised:
    """How a file was read: what it is told as. `header` is the number of the line with the headers, 0 in JSON."""

    header: int
    rows: int
    encoding: str = ""
    separator: tuple[str, str] = ("", "")
    sheet: str = ""
    unused: tuple[str, ...] = ()

    @property
    def zh(self) -> str:
        """The sentence in Chinese."""
        kind = f"工作表“{self.sheet}”" if self.sheet else f"{self.encoding} 编码,{self.separator[0]}分隔"
        if not self.header:
            return f"JSON,{self.encoding} 编码,{self.rows} 条"
        unused = f";没有用到的列:{'、'.join(self.unused)}" if self.unused else ""
        return f"{kind},第 {self.header} 行为表头,{self.rows} 行数据{unused}"

    @property
    def en(self) -> str:
        """The sentence in English."""
        kind = f"sheet “{self.sheet}”" if self.sheet else f"{self.encoding}, separated by {self.separator[1]}"
        if not self.header:
            return f"JSON, {self.encoding}, {self.rows} records"
        unused = f"; columns not used: {', '.join(self.unused)}" if self.unused else ""
        return f"{kind}, header in line {self.header}, {counted(self.rows, 'row')}{unused}"


@dataclass(frozen=True)
class Table:
    """The headers and lines of a table, and how it was recognised."""

    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    recognised: Recognised


@dataclass(frozen=True)
class _Lines:
    """The lines of one sheet or of one reading of a text, before the header is known. `broken` ends them early."""

    lines: Sequence[tuple[int, list[Any]]]
    encoding: str = ""
    separator: tuple[str, str] = ("", "")
    sheet: str = ""
    broken: UnreadableFile | None = None


def read_table(
    path: Path, wanted: Collection[str] = (), optional: Collection[str] = (), *, strict: bool = False
) -> Table:
    """Return the table of a file that has the columns `wanted`, and perhaps those that are `optional`.

    `strict`: it has no other columns, and every line of a text has as many cells as there are headers.

    Among sheets, separators and the first lines, the first with all columns is taken; with none wanted, the first line
    that looks like a header. A wanted column has its name in `wanted` in the rows, however the file spaces it. Raises
    UnreadableFile, also for an empty file, a missing column, and two columns of one name.
    """
    candidates = list(_candidates(path))
    lines, index = _find_header(path, candidates, list(wanted))
    if lines.broken is not None:
        raise lines.broken
    names = _names(path, lines, index, [*wanted, *optional])
    number = lines.lines[index][0]
    used = {header_key(name) for name in (*wanted, *optional)}
    unused = tuple(name for name in names if name and used and header_key(name) not in used)
    if strict and unused:
        shown = ", ".join(unused)
        raise UnreadableFile(path, f"不认识的列:{shown}", f"columns unknown or given twice: {shown}", number)
    rows = tuple(_rows(lines, index, names, strict=strict and not lines.sheet))
    if not strict:
        _check_headless(path, lines, index, names)
    if not rows:
        raise UnreadableFile(path, "表头下面没有数据", "there are no rows below the header", number)
    told = Recognised(number, len(rows), lines.encoding, lines.separator, lines.sheet, unused)
    return Table(tuple(name for name in names if name), rows, told)


# --- the file ---------------------------------------------------------------------------------------------------------


def _candidates(path: Path) -> Iterator[_Lines]:
    suffix = path.suffix.lower()
    if path.stat().st_size == 0:
        raise UnreadableFile(path, "文件是空的", "the file is empty", 1)
    if suffix in EXCEL_SUFFIXES:
        try:
            for sheet in read_sheets(path):
                yield _Lines(list(enumerate(sheet.rows, 1)), sheet=sheet.name)
        except NotExcel as error:
            raise UnreadableFile(path, error.zh, error.en) from error
    elif suffix in TEXT_SUFFIXES:
        yield from _texts(path)
    else:
        known = ".csv, .txt, .xlsx, .xls"
        raise UnreadableFile(
            path, f"{suffix or '没有后缀'} 不是 {known} 之一", f"{suffix or 'no suffix'} is none of {known}"
        )


def read_text_file(path: Path) -> Decoded:
    """Return the text of a file in any encoding that people send. Raises UnreadableFile."""
    content = path.read_bytes()
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        zh, en = "这是 Excel 文件,请把后缀改为 .xlsx 或 .xls", "this is an Excel file; name it .xlsx or .xls"
        raise UnreadableFile(path, zh, en)
    try:
        return decode(content)
    except NotText as error:
        raise UnreadableFile(path, error.zh, error.en, error.line) from error


def _texts(path: Path) -> Iterator[_Lines]:
    decoded = read_text_file(path)
    text, skipped = decoded.text, 0
    separators: tuple[tuple[str, str, str], ...] = _SEPARATORS
    first, _, rest = text.partition("\n")
    if named := _SEP_LINE.fullmatch(first.strip().strip('"')):  # Excel's own hint
        sign = named[1]
        text, skipped = rest, 1
        separators = tuple(one for one in _SEPARATORS if one[0] == sign) or ((sign, f"“{sign}”", f"“{sign}”"),)
    for sign, zh, en in separators:
        lines, broken = _parse(path, text, sign, skipped)
        yield _Lines(lines, decoded.encoding, (zh, en), broken=broken)


def _parse(
    path: Path, text: str, separator: str, skipped: int
) -> tuple[list[tuple[int, list[Any]]], UnreadableFile | None]:
    # Strict: otherwise a stray quote would silently swallow the lines after it.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    lines: list[tuple[int, list[Any]]] = []
    try:
        lines.extend(
            (reader.line_num + skipped, [value if value.strip() else None for value in values]) for values in reader
        )
    except csv.Error as error:
        line = reader.line_num + skipped
        return lines, UnreadableFile(path, f"CSV 有误:{error}", f"broken CSV: {error}", line)
    return lines, None


# --- the header -------------------------------------------------------------------------------------------------------


def _find_header(path: Path, candidates: Sequence[_Lines], wanted: list[str]) -> tuple[_Lines, int]:
    if not any(values for lines in candidates for _, row in lines.lines for values in row if values is not None):
        broken = next((lines.broken for lines in candidates if lines.broken), None)
        raise broken or UnreadableFile(path, "文件里没有内容", "there is nothing in the file", 1)
    likely = max(candidates, key=_width)
    if not wanted:
        return likely, _likely_header(likely)
    keys = {header_key(name) for name in wanted}
    best, best_found = (likely, _likely_header(likely)), 0
    for lines in candidates:
        for index, (_, values) in enumerate(lines.lines[:_HEADER_WITHIN]):
            found = len(keys & {header_key(value) for value in values if value is not None})
            if found == len(keys):
                return lines, index
            if found > best_found:
                best, best_found = (lines, index), found
    lines, index = best
    headers = [clean_header(value) for value in lines.lines[index][1]]
    present = {header_key(header) for header in headers}
    missing = [name for name in wanted if header_key(name) not in present]
    raise missing_columns(path, missing, [header for header in headers if header])


def missing_columns(path: Path, missing: Sequence[str], headers: Sequence[str]) -> UnreadableFile:
    shown = [header[:_SHOWN] for header in headers[:_MAX_SHOWN]]
    more = "…" if len(headers) > _MAX_SHOWN else ""
    zh = "".join(f"“{name}”" for name in missing)
    en = ", ".join(missing)
    fault = UnreadableFile(
        path,
        f"没有{zh}{'这一列' if len(missing) == 1 else '这些列'};文件里有:{'、'.join(shown)}{more}",
        f"columns missing: {en}; the file has: {', '.join(shown)}{more}",
    )
    fault.missing = tuple(missing)
    return fault


def _width(lines: _Lines) -> tuple[int, int]:
    """Return how well the lines read as a table: columns of the likely header, and whether the lines were all read."""
    header = lines.lines[_likely_header(lines)][1] if lines.lines else []
    return sum(value is not None for value in header), lines.broken is None


def _likely_header(lines: _Lines) -> int:
    """Return the index of the first line that fills at least half as many columns as any of the first lines do."""
    filled = [sum(value is not None for value in values) for _, values in lines.lines[:_HEADER_WITHIN]]
    most = max(filled, default=0)
    return next((index for index, count in enumerate(filled) if count and 2 * count > most), 0)


def _names(path: Path, lines: _Lines, index: int, wanted: Sequence[str]) -> list[str]:
    """Return the name of each column, empty for a column without one. Raises UnreadableFile for a name given twice."""
    asked = {header_key(name): name for name in wanted}
    headers = [
        clean_header(cell_text(value) if not isinstance(value, FaultyCell) else "") for value in lines.lines[index][1]
    ]
    counts = Counter(header_key(header) for header in headers if header)
    for key, count in counts.items():
        if count > 1:
            places = [number for number, header in enumerate(headers, 1) if header_key(header) == key]
            name, where = headers[places[0] - 1], ", ".join(map(str, places))
            line = lines.lines[index][0]
            raise UnreadableFile(
                path,
                f"有 {count} 列都叫“{name}”(第 {where} 列),请改名或删去多余的列",
                f"{count} columns are called “{name}” (columns {where}); rename or delete the others",
                line,
            )
    return [asked.get(header_key(header), header) for header in headers]


# --- the rows ---------------------------------------------------------------------------------------------------------


def _rows(lines: _Lines, index: int, names: Sequence[str], *, strict: bool) -> Iterator[Row]:
    for number, values in lines.lines[index + 1 :]:
        if all(value is None for value in values):
            continue
        record = dict.fromkeys((name for name in names if name), None) | {
            name: value for name, value in zip(names, values, strict=False) if name
        }
        beyond = [value for value in _beyond(values, names) if value is not None]
        if strict and len(values) != len(names):
            zh = f"应有 {len(names)} 列,实有 {len(values)} 列"
            record[BEYOND_HEADER] = FaultyCell(zh, f"{len(names)} columns expected, {len(values)} found")
        elif beyond:
            record[BEYOND_HEADER] = _beyond_fault(beyond[0], len(values), sum(map(bool, names)))
        yield number, record


def _beyond(values: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """Return the values that stand under no header."""
    return [value for column, value in enumerate(values) if column >= len(names) or not names[column]]


def _beyond_fault(beyond: object, cells: int, headers: int) -> FaultyCell:
    shown = "" if isinstance(beyond, FaultyCell) else cell_text(beyond)[:_SHOWN]
    return FaultyCell(
        f"有 {cells} 格,表头只有 {headers} 列,多出“{shown}”;文字中有分隔符时,须给文字加引号",
        f"{cells} cells, but {headers} headers: “{shown}” is beyond them; text with the separator in it needs quotes",
    )


def _check_headless(path: Path, lines: _Lines, index: int, names: Sequence[str]) -> None:
    """Raise UnreadableFile for a column without a header that most lines fill: that is one fault of the file."""
    body = [(number, values) for number, values in lines.lines[index + 1 :] if any(v is not None for v in values)]
    width = max((len(values) for _, values in body), default=0)
    for column in range(width):
        if column < len(names) and names[column]:
            continue
        filled = [
            (number, values[column]) for number, values in body if column < len(values) and values[column] is not None
        ]
        if len(filled) > 1 and 2 * len(filled) > len(body):
            number, value = filled[0]
            shown = "" if isinstance(value, FaultyCell) else cell_text(value)[:_SHOWN]
            raise UnreadableFile(
                path,
                f"第 {column + 1} 列没有表头,却有内容“{shown}”;请补上表头,或删去该列",
                f"column {column + 1} has no header but holds “{shown}”; name it or delete it",
                number,
            )
