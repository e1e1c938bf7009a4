"""Read files of service requests from other systems row by row: Open311 JSON, CSV, Excel."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl

from services.files.errors import Unusable

Row = tuple[int, dict[str, Any]]


class UnreadableFile(Unusable):
    """The file does not have the format of its name; the message says where, in both languages."""


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file, each with its number: of the record (JSON, from 1) or of the line (CSV, Excel).

    Raises UnreadableFile.
    """
    match path.suffix.lower():
        case ".json":
            yield from _json(path)
        case ".csv":
            yield from _csv(path)
        case ".xlsx":
            yield from _excel(path)
        case other:
            raise UnreadableFile(
                f"{path}: {other or '没有后缀'} 不是 .json、.csv 或 .xlsx",
                f"{path}: {other or 'no suffix'} is none of .json, .csv, .xlsx",
            )


def _json(path: Path) -> Iterator[Row]:
    try:
        content = json.loads(path.read_bytes())
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error) from error
    except json.JSONDecodeError as error:
        raise UnreadableFile(
            f"{path}:{error.lineno}: 第 {error.colno} 列 JSON 有误:{error.msg}",
            f"{path}:{error.lineno}: broken JSON at column {error.colno}: {error.msg}",
        ) from error
    except RecursionError as error:
        raise UnreadableFile(f"{path}: 嵌套过深", f"{path}: it is nested too deeply") from error
    if isinstance(content, dict):  # some servers wrap the list in an object
        lists = [value for value in content.values() if isinstance(value, list)]
        content = lists[0] if len(lists) == 1 else None
    if not isinstance(content, list):
        raise UnreadableFile(f"{path}: 应为诉求列表", f"{path}: a list of service requests is expected")
    for number, record in enumerate(content, 1):
        yield number, record if isinstance(record, dict) else {}


def _csv(path: Path) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            for row in reader:
                yield reader.line_num, {name: value for name, value in row.items() if name is not None}
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error) from error
    except csv.Error as error:
        place = f"{path}:{reader.reader.line_num}"  # the line number of DictReader itself lags behind
        raise UnreadableFile(f"{place}: CSV 有误:{error}", f"{place}: {error}") from error


def _not_utf8(path: Path, error: UnicodeDecodeError) -> UnreadableFile:
    return UnreadableFile(f"{path}: 第 {error.start} 字节起不是 UTF-8", f"{path}: not UTF-8 at byte {error.start}")


def _excel(path: Path) -> Iterator[Row]:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:
        raise UnreadableFile(f"{path}: 不是 Excel 文件:{error}", f"{path}: not an Excel file: {error}") from error
    rows = book.worksheets[0].iter_rows(values_only=True)
    names = [str(name) if name is not None else "" for name in next(rows, ())]
    for number, values in enumerate(rows, 2):
        if any(value is not None for value in values):  # empty rows are skipped, as in CSV
            yield number, dict(zip(names, values, strict=False))
    book.close()
