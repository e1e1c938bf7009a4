"""Read files of service requests from other systems row by row: Open311 JSON, CSV, Excel."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from services.files.cells import header_key
from services.files.tables import (
    Recognised as Recognised,
    Row as Row,
    Table,
    UnreadableFile as UnreadableFile,
    missing_columns,
    read_table,
    read_text_file,
)


def read_requests(path: Path, wanted: Collection[str] = (), optional: Collection[str] = ()) -> Table:
    """Return the rows of a file, each with its number: of the record (JSON, from 1) or of the line (CSV, Excel).

    The columns are sought as `read_table` does it. A JSON record may leave out any field; only the first that is wanted
    must occur in the list. Raises UnreadableFile.
    """
    if path.suffix.lower() != ".json":
        return read_table(path, wanted, optional)
    encoding, rows = _json(path)
    headers = tuple(dict.fromkeys(name for _, record in rows for name in record))
    if not rows:
        raise UnreadableFile(path, "列表是空的", "the list is empty")
    if missing := [name for name in [*wanted][:1] if header_key(name) not in map(header_key, headers)]:
        raise missing_columns(path, missing, headers)
    return Table(headers, tuple(rows), Recognised(0, len(rows), encoding))


def read_rows(path: Path) -> tuple[Row, ...]:
    """Return the rows of a file whose columns are not known yet. Raises UnreadableFile."""
    return read_requests(path).rows


def _json(path: Path) -> tuple[str, list[Row]]:
    decoded = read_text_file(path)
    try:
        content: Any = json.loads(decoded.text)
    except json.JSONDecodeError as error:
        raise UnreadableFile(
            path,
            f"第 {error.colno} 列 JSON 有误:{error.msg}",
            f"broken JSON at column {error.colno}: {error.msg}",
            error.lineno,
        ) from error
    except RecursionError as error:
        raise UnreadableFile(path, "嵌套过深", "it is nested too deeply") from error
    if isinstance(content, dict):  # some servers wrap the list in an object
        lists = [value for value in content.values() if isinstance(value, list)]
        content = lists[0] if len(lists) == 1 else None
    if not isinstance(content, list):
        raise UnreadableFile(path, "应为诉求列表", "a list of service requests is expected")
    return decoded.encoding, [
        (number, record if isinstance(record, dict) else {}) for number, record in enumerate(content, 1)
    ]
