"""Headers and cells of tables as people fill them in: one form to compare, and no digit lost unsaid."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from models.text import clean_code, clean_line
from services.files.errors import Unusable

#: From here on Excel has replaced digits by zeros: it keeps 15.
TOO_LONG_FOR_EXCEL = 10**15
_SCIENTIFIC = re.compile(r"[+-]?(\d+\.\d+E[+-]?\d+|\d+E[+-]\d+)", re.IGNORECASE)
#: A number of 16 digits or more that ends as Excel ends it.
_ENDS_IN_ZEROS = re.compile(r"\d{15}0+")
_SPACES = re.compile(r"\s+")
ADVICE = (
    "Excel 只保留 15 位数字:请先把该列设为“文本”格式,再从原系统重新导出或重新录入",
    "Excel keeps 15 digits only: format the column as Text first, then export or type it again",
)


class BadCell(Unusable):
    """A cell can't be used as what it should hold; the message doesn't name the column."""


@dataclass(frozen=True, slots=True)
class FaultyCell:
    """The value of a cell that holds nothing to use: an error of Excel, or a formula that was never computed."""

    zh: str
    en: str


#: The key of a record under which cells beyond the header are kept, as a FaultyCell.
BEYOND_HEADER = "\x00beyond"


def clean_header(value: object) -> str:
    """Return a header as shown: one line, usual width, without invisible signs and without spaces around."""
    return clean_line(clean_code("" if value is None else str(value)))


def header_key(value: object) -> str:
    """Return the form in which headers are compared: without spaces, since forms space them out, and without case."""
    return _key("" if value is None else str(value))


@lru_cache(4096)
def _key(header: str) -> str:
    return _SPACES.sub("", clean_header(header)).casefold()


def cell_of(record: Mapping[str, Any], name: str) -> object:
    """Return the cell in the column of that name, None without one. Raises BadCell for one without a usable value."""
    value = record.get(name)
    if value is None and name not in record:
        key = header_key(name)
        value = next((cell for header, cell in record.items() if header_key(header) == key), None)
    if isinstance(value, FaultyCell):
        raise BadCell(value.zh, value.en)
    return value


def cell_text(value: object) -> str:
    """Return a cell as text; whole numbers without `.0`, times in ISO 8601. None is the empty text."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < TOO_LONG_FOR_EXCEL:
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def cell_number(value: object) -> float:
    """Return a cell as a number. Raises BadCell for a text that is none, and for nothing at all."""
    text = clean_code(cell_text(value))
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number):
        raise BadCell(f"“{text}”不是数字", f"“{text}” is no number") if text else BadCell("缺少", "missing")
    return number


def cell_identifier(value: object) -> str:
    """Return a cell as a number or code that names something, empty for nothing.

    Raises BadCell for a number that Excel has shortened: stored with 16 digits or more, or in scientific notation.
    """
    if isinstance(value, bool):
        raise BadCell(f"“{value}”不是编号", f"“{value}” is no number")
    if isinstance(value, float) and (abs(value) >= TOO_LONG_FOR_EXCEL or not math.isfinite(value)):
        raise _shortened(f"{value:.14g}")
    text = clean_code(cell_text(value))
    if _SCIENTIFIC.fullmatch(text):
        raise _shortened(text)
    return text


def may_be_shortened(identifier: str) -> bool:
    """Return whether Excel may have put zeros for the last digits; an honest number may look like that as well."""
    return _ENDS_IN_ZEROS.fullmatch(identifier) is not None


def _shortened(shown: str) -> BadCell:
    zh = f"“{shown}”是被 Excel 改成数字的长编号,后几位已丢失。{ADVICE[0]}"
    return BadCell(zh, f"“{shown}” is a long number that Excel has shortened; its last digits are lost. {ADVICE[1]}")
