"""The orders of the overdue list besides its own: by any of its columns."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Float, Integer, case as when, cast, column, func, select, true
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from models.enums import Stage
from models.tables import CASES, FACTS, metadata
from services.criteria.conditions import overdue_since
from services.criteria.hidden_numbers import without_numbers

_DEPARTMENTS = metadata.tables["departments"]


class OverdueSort(StrEnum):
    """A column of the list; the page's own order is by `late`, the longest overdue first."""

    LATE = "late"
    TITLE = "title"
    GRID = "grid"
    STAGE = "stage"
    HOST = "host"
    LEVEL = "level"
    PAUSED = "paused"
    EXTENSIONS = "extensions"
    REWORK = "rework"
    ACTION = "action"
    URGES = "urges"


#: Columns of which the largest come first when they are chosen.
LARGEST_FIRST = (
    OverdueSort.LATE, OverdueSort.PAUSED, OverdueSort.EXTENSIONS, OverdueSort.REWORK, OverdueSort.URGES,
)  # fmt: skip


def _paused_seconds(now: datetime) -> ColumnElement[float]:
    """Return how long the clock of the stage has stood still: `services.supervision.overdue.paused_time` in SQL."""
    intervals = CASES.c.state["clock"]["intervals"]
    each = func.jsonb_array_elements(func.coalesce(intervals, cast([], JSONB))).table_valued(
        column("value", JSONB), name="interval"
    )
    start = cast(each.c.value["start"].astext, TIMESTAMP(timezone=True))
    end = cast(each.c.value["end"].astext, TIMESTAMP(timezone=True))
    stood = func.extract("epoch", now - func.min(start)) - func.sum(
        func.extract("epoch", func.coalesce(end, now) - start)
    )
    return func.coalesce(cast(select(stood).select_from(each).where(true()).scalar_subquery(), Float), 0.0)


def _host_name() -> ColumnElement[str]:
    name = select(_DEPARTMENTS.c.name_zh).where(_DEPARTMENTS.c.id == CASES.c.host).scalar_subquery()
    return func.coalesce(name, "")


def _last_action_at() -> ColumnElement[datetime]:
    last = select(func.max(FACTS.c.at)).where(FACTS.c.report_id == CASES.c.report_id, FACTS.c.actor.is_not(None))
    return func.coalesce(last.scalar_subquery(), CASES.c.received_at)


_KEYS: Mapping[OverdueSort, Callable[[datetime], ColumnElement[Any]]] = {
    OverdueSort.LATE: lambda now: now - overdue_since(),
    OverdueSort.TITLE: lambda now: without_numbers(CASES.c.title),
    OverdueSort.GRID: lambda now: CASES.c.grid,
    OverdueSort.STAGE: lambda now: when(
        {stage.value: place for place, stage in enumerate(Stage)}, value=CASES.c.stage, else_=0
    ),
    OverdueSort.HOST: lambda now: _host_name(),
    OverdueSort.LEVEL: lambda now: CASES.c.level,
    OverdueSort.PAUSED: _paused_seconds,
    OverdueSort.EXTENSIONS: lambda now: func.coalesce(cast(CASES.c.state["extensions_granted"].astext, Integer), 0),
    OverdueSort.REWORK: lambda now: CASES.c.failed_reviews,
    OverdueSort.ACTION: lambda now: _last_action_at(),
    OverdueSort.URGES: lambda now: func.coalesce(func.jsonb_array_length(CASES.c.state["urges"]), 0),
}


def order_key(sort: OverdueSort, now: datetime) -> ColumnElement[Any]:
    """Return what the list is ordered by; never NULL, so that no row falls out of the order."""
    return _KEYS[sort](now)
