"""Days and times typed on the command line, in every form that a file may have (`services.files.moments`)."""

from datetime import date, datetime

import typer

from cli.labels import localize
from services.files.moments import NoMoment, read_day, read_wall_time


def parse_day(value: str | date) -> date:
    """Return the day that an option names. Exits with code 2 for anything else."""
    try:
        return read_day(value)
    except NoMoment as error:
        zh, en = f"“{value}”不是日期,例:2026-03-02 或 2026/3/2", f"“{value}” is no day like 2026-03-02"
        raise typer.BadParameter(localize(zh, en)) from error


def parse_moment(value: str, option: str) -> datetime:
    """Return the time that an option names, without a zone where it has none. Exits with code 2 for anything else."""
    try:
        return read_wall_time(value)
    except NoMoment as error:
        zh, en = f"“{value}”不是时间,例:2026-03-02T08:00", f"“{value}” is not a moment like 2026-03-02T08:00"
        raise typer.BadParameter(localize(zh, en), param_hint=option) from error


def normalize_day(value: str) -> str:
    """Return the day in ISO 8601 for the API; what is no day is left as it is, for the API to refuse."""
    try:
        return read_day(value).isoformat()
    except NoMoment:
        return value
