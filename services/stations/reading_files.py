"""Readings from a table that people or devices send: CSV or Excel with metric, time and value."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from models.policy.document import Policy
from services.files.cells import BadCell, cell_number, cell_text
from services.files.errors import Unusable
from services.files.moments import NoMoment, read_moment
from services.files.tables import UnreadableFile, read_table

#: The headers of each column, in English and in Chinese.
_HEADERS = {"metric": ("metric", "监测项"), "at": ("at", "时间"), "value": ("value", "读数")}


class BadReadings(Unusable):
    """The file can't be read, or a line of it makes no reading; the message says where, in both languages."""


def read_readings_file(
    path: Path, zone: str = str(Policy.model_fields["zone"].default)
) -> list[tuple[int, dict[str, Any]]]:
    """Return the readings of a file, each with its line. A time without a zone is one of `zone`.

    Raises BadReadings, FileNotFoundError.
    """
    try:
        table = _table(path)
    except UnreadableFile as error:
        raise BadReadings(error.zh, error.en) from error
    names = {field: next(name for name in both if name in table.headers) for field, both in _HEADERS.items()}
    found = []
    for line, row in table.rows:
        try:
            at = read_moment(row.get(names["at"]), ZoneInfo(zone))
            reading = {
                "metric": cell_text(row.get(names["metric"])).strip(),
                "at": at.isoformat(),
                "value": cell_number(row.get(names["value"])),
            }
        except BadCell as error:
            raise BadReadings(f"{path}:{line}: {error.zh}", f"{path}:{line}: {error.en}") from error
        except NoMoment as error:
            zh, en = "时间无法识别", "the time cannot be read"
            raise BadReadings(f"{path}:{line}: {zh}", f"{path}:{line}: {en}") from error
        found.append((line, reading))
    return found


def _table(path: Path) -> Any:
    """The table with headers in either language; the fault is that of English headers where neither fits."""
    english, chinese = [both[0] for both in _HEADERS.values()], [both[1] for both in _HEADERS.values()]
    try:
        return read_table(path, english)
    except UnreadableFile as error:
        if not error.missing:
            raise
        try:
            return read_table(path, chinese)
        except UnreadableFile:
            raise error from None
