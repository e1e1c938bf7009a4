"""Tables as text: read back by other programs they are the same, nothing in CSV runs, GeoJSON is as RFC 7946 says."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.files.flat import CsvFile, Features, FlatFile, JsonLines, point
from services.files.workbook import CellValue

SHANGHAI = ZoneInfo("Asia/Shanghai")


def content(file: FlatFile) -> bytes:
    size = file.size
    read = b"".join(file.file())
    assert len(read) == size
    return read


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("井盖", "井盖"), (None, ""), (0, "0"), (-0.25, "-0.25"), ("", ""), ('a "b", c', '"a ""b"", c"'),
        ("一\n二", '"一\n二"'), ("一\r\n二", '"一\r\n二"'), ("=1+1", "'=1+1"), ("+86 1", "'+86 1"), ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t=1"), ("\n=1", '"\'\n=1"'), ("\r=1", '"\'\r=1"'),
        ("\uff1d1+1", "'\uff1d1+1"), ("\uff201", "'\uff201"), ("a\x00b\ud800", "ab"), (" =1", " =1"),
        (datetime(2026, 11, 30, 1, 2, 3, 999, tzinfo=UTC), "2026-11-30T09:02:03+08:00"),
    ],
)  # fmt: skip
def test_a_cell_of_csv(cell: CellValue, written: str) -> None:
    file = CsvFile(SHANGHAI)
    file.begin(["=编号", "值"])
    file.extend([["1", cell]])
    text = content(file).decode()
    assert text == f"'=编号,值\r\n1,{written}\r\n"
    assert len(list(csv.reader(io.StringIO(text, newline="")))) == 2


def test_the_byte_order_mark_comes_once_and_by_choice() -> None:
    for bom in (True, False):
        file = CsvFile(SHANGHAI, bom=bom)
        file.add("看板", ["甲"], [["乙"]])
        file.extend([["丙"]])
        assert content(file) == (b"\xef\xbb\xbf" if bom else b"") + "甲\r\n乙\r\n丙\r\n".encode()


def test_lines_of_json_hold_no_other_line() -> None:
    file = JsonLines()
    file.extend([{"a": "一\n二\u2028", "b": None}])
    file.extend([])
    file.extend([{"a": 1.5}])
    lines = content(file).decode().split("\n")
    assert [json.loads(line) for line in lines[:-1]] == [{"a": "一\n二\u2028", "b": None}, {"a": 1.5}]
    assert lines[-1] == ""


def test_features() -> None:
    file = Features()
    file.extend([("1", point((120.123456789, 30.5)), {"owner": {"name": "张", "of": {"a": 1}}, "urges": [{"n": 1}]})])
    file.extend([(None, None, {"owner": None})])
    file.end({"rows": 2})
    read = json.loads(content(file))
    assert read == {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "id": "1", "geometry": {"type": "Point", "coordinates": [120.123457, 30.5]},
             "properties": {"owner_name": "张", "owner_of_a": 1, "urges": [{"n": 1}]}},
            {"type": "Feature", "geometry": None, "properties": {"owner": None}},
        ],
        "rows": 2,
    }  # fmt: skip


@pytest.mark.parametrize("make", [lambda: CsvFile(SHANGHAI), JsonLines, Features])
def test_without_rows_it_is_still_a_file(make: Callable[[], Any]) -> None:
    file = make()
    if isinstance(file, CsvFile):
        file.begin(["a"])
    if isinstance(file, Features):
        file.end({})
    read = content(file)
    assert read in (b"a\r\n", b"", b'{"type":"FeatureCollection","features":[\n]}\n')


def test_who_reads_no_further_leaves_nothing_open() -> None:
    file = JsonLines()
    file.extend({"a": "x" * 1000} for _ in range(200))
    parts = file.file()
    next(parts)
    parts.close()  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="closed"):
        file.extend([{"a": 1}])
