"""Formats of single values in the terminal: moments in the time zone of the cases, lights in colour."""

import os
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.markup import escape

from cli.http import fail
from cli.labels import LIGHTS, is_english, localize
from services.wording.limit_sources import limit_source


def _read_zone() -> ZoneInfo:
    """Return the time zone of the cases. Exits with code 1 for an unknown name."""
    name = os.environ.get("GRIDLOOP_ZONE", "Asia/Shanghai")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        fail(localize(f"GRIDLOOP_ZONE:没有时区“{name}”", f"GRIDLOOP_ZONE: there is no time zone “{name}”"))


ZONE = _read_zone()


def format_local(moment: str | None) -> str:
    """Return a moment in the time zone of the cases, which may differ from the terminal's; — for None."""
    return "—" if moment is None else f"{datetime.fromisoformat(moment).astimezone(ZONE):%Y-%m-%d %H:%M}"


def format_light(light: str) -> str:
    """Return the label of a light, in its colour."""
    zh, en, colour = LIGHTS[light]
    return f"[{colour}]{localize(zh, en)}[/]"


def format_source(source: str) -> str:
    """Return the source of a limit in the reader's language."""
    return limit_source(source, "en" if is_english() else "zh")


def format_owner(owner: dict[str, Any] | None) -> str:
    """Return the name of an owner, escaped for rich; — for None."""
    return escape(owner["name"]) if owner else "—"
