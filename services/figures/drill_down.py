"""Addresses of the lists of the cases behind a number."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from models.figures import FigureKey
from services.figures.conditions import Period
from services.figures.definitions import FIGURES

LIST = "/api/v1/cases"


def cases_url(figure: FigureKey, period: Period, **filters: Any) -> str:
    """Return the address of the list of a figure's cases, narrowed by further filters; those that are None are left
    out.
    """
    parameters: dict[str, Any] = {"figure": figure.value}
    if FIGURES[figure].timed:
        parameters |= {"from": _timestamp(period.since), "to": _timestamp(period.until)}
    parameters |= {name: value for name, value in filters.items() if value is not None}
    return f"{LIST}?" + "&".join(f"{name}={_quoted(str(value))}" for name, value in parameters.items())


@lru_cache(maxsize=8192)  # a board has hundreds of links, of few values
def _quoted(value: str) -> str:
    return quote(value, safe=":")


def _timestamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
