"""Where the cases behind a number are listed."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from models.figures import FigureKey
from services.figures.conditions import Period
from services.figures.definitions import FIGURES

LIST = "/api/v1/cases"


def cases_at(figure: FigureKey, period: Period, **narrowed: Any) -> str:
    """The list of a figure's cases, narrowed by other filters of the list; those that are None are left out."""
    asked: dict[str, Any] = {"figure": figure.value}
    if FIGURES[figure].timed:
        asked |= {"from": _told(period.since), "to": _told(period.until)}
    asked |= {name: value for name, value in narrowed.items() if value is not None}
    return f"{LIST}?" + "&".join(f"{name}={_quoted(str(value))}" for name, value in asked.items())


@lru_cache(maxsize=8192)  # a board has hundreds of links, of few values
def _quoted(value: str) -> str:
    return quote(value, safe=":")


def _told(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
