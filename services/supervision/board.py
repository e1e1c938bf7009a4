"""The board (看板): open cases by place, stage and light; today's cases; and roles that nobody holds."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.enums import Level, Light, Stage
from models.figures import FigureKey
from models.tables import CASES, GRID_UNITS, metadata
from services.criteria.conditions import is_open, shows_light
from services.figures.conditions import Period
from services.figures.count import count_figures, unit_at_level
from services.figures.definitions import figure_condition
from services.figures.drill_down import cases_url
from services.figures.viewpoint import Viewpoint, find_root, list_units
from services.figures.views import AlarmView, Board, BoardNumbers, BoardRow, Cell, Number, UnitName

_ALARMS = metadata.tables["org_alarms"]
_OPEN_STAGES = tuple(stage for stage in Stage if stage is not Stage.CLOSED)
#: Figures of the open cases that the board shows besides light and stage; `falling_due` of today.
_OF_OPEN = (
    FigureKey.OVERDUE, FigureKey.FALLING_DUE, FigureKey.SUSPENDED, FigureKey.CONSULTATION, FigureKey.URGED,
)  # fmt: skip
_OF_TODAY = (FigureKey.REPORTED, FigureKey.CLOSINGS)


class _Tally:
    """The counts of one place."""

    def __init__(self) -> None:
        self.cells: dict[tuple[Stage, Light], int] = defaultdict(int)
        self.figures: dict[FigureKey, int] = defaultdict(int)


async def read_board(
    connection: AsyncConnection,
    viewpoint: Viewpoint,
    grid: str | None,
    day: Period | None = None,
    *,
    past: bool = False,
) -> Board:
    """Return the board of the communities, or of the children of `grid`; `day` is today unless given.

    `past`: its cases are those of an earlier moment; it opens no lists, and vacancies of then are not known.

    Raises NoSuchPage for a unit out of scope.
    """
    today = day or viewpoint.today
    root = await find_root(connection, viewpoint, grid)
    level = Level.COMMUNITY if root is None else root.level + 1
    units = await list_units(connection, viewpoint, level=level, beneath=grid) if level <= Level.MICRO_GRID else ()
    tallies = await _count(connection, viewpoint, grid, level, today)
    numbers = _Numbers(today, lists=not past)
    return Board(
        as_of=viewpoint.now,
        grid=root,
        totals=BoardNumbers(**numbers.fields(_sum(tallies.values()), grid)),
        rows=tuple(BoardRow(unit=unit, **numbers.fields(tallies[unit.code], unit.code)) for unit in units),
        alarms=() if past else await list_alarms(connection, viewpoint, grid),
    )


async def _count(
    connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None, level: int, today: Period
) -> dict[str | None, _Tally]:
    """Count in two queries: the open cases by place, stage and light; and today's cases by place."""
    found: dict[str | None, _Tally] = defaultdict(_Tally)
    place = unit_at_level(level) if level <= Level.MICRO_GRID else unit_at_level(Level.MICRO_GRID)
    light = case(*((shows_light(light, viewpoint.now), light.value) for light in Light))
    flags = [func.count().filter(figure_condition(key, today)).label(key.value) for key in _OF_OPEN]
    rows = await connection.execute(
        select(place.label("place"), CASES.c.stage, light.label("light"), func.count().label("cases"), *flags)
        .where(is_open(), viewpoint.cases_in(grid))
        .group_by("place", CASES.c.stage, "light")
    )
    for row in rows.mappings():
        tally = found[row["place"]]
        tally.cells[Stage(row["stage"]), Light(row["light"])] += row["cases"]
        for key in _OF_OPEN:
            tally.figures[key] += row[key.value]
    for code, figures in (await count_figures(connection, viewpoint.cases_in(grid), _OF_TODAY, today, place)).items():
        found[code].figures.update(figures)
    return found


def _sum(tallies: Iterable[_Tally]) -> _Tally:
    total = _Tally()
    for tally in tallies:
        for cell, count in tally.cells.items():
            total.cells[cell] += count
        for key, count in tally.figures.items():
            total.figures[key] += count
    return total


class _Numbers:
    """Converts counts into the numbers of the board, with the addresses of their `lists` if there are any."""

    def __init__(self, today: Period, *, lists: bool) -> None:
        self._today = today
        self._lists = lists

    def fields(self, tally: _Tally, grid: str | None) -> dict[str, Any]:
        """Return the fields of BoardNumbers for the place."""

        def open_number(count: int, **filters: Any) -> Number:
            return Number(count=count, cases=self._href(FigureKey.OPEN, grid, **filters))

        def figure(key: FigureKey) -> Number:
            return Number(count=tally.figures[key], cases=self._href(key, grid))

        cells = sorted(tally.cells.items(), key=lambda cell: (_OPEN_STAGES.index(cell[0][0]), cell[0][1]))
        return {
            "open": open_number(sum(tally.cells.values())),
            "lights": {
                light: open_number(sum(n for (_, own), n in cells if own is light), light=light.value)
                for light in Light
            },
            "stages": {
                stage: open_number(sum(n for (own, _), n in cells if own is stage), stage=stage.value)
                for stage in _OPEN_STAGES
            },
            "cells": tuple(
                Cell(
                    stage=stage,
                    light=light,
                    count=count,
                    cases=self._href(FigureKey.OPEN, grid, stage=stage.value, light=light.value),
                )
                for (stage, light), count in cells
            ),
            "overdue": figure(FigureKey.OVERDUE),
            "due_today": figure(FigureKey.FALLING_DUE),
            "suspended": figure(FigureKey.SUSPENDED),
            "consultation": figure(FigureKey.CONSULTATION),
            "urged": figure(FigureKey.URGED),
            "reported_today": figure(FigureKey.REPORTED),
            "closed_today": figure(FigureKey.CLOSINGS),
        }

    def _href(self, key: FigureKey, grid: str | None, **filters: Any) -> str:
        return cases_url(key, self._today, grid=grid, **filters) if self._lists else ""


async def list_alarms(connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None) -> tuple[AlarmView, ...]:
    """Return the roles that nobody held, the latest first; with the case only for those who may see it."""
    u = GRID_UNITS.c
    in_scope: ColumnElement[bool] = viewpoint.units.condition()
    if grid is not None:
        root = select(u.path).where(u.code == grid).scalar_subquery()
        in_scope = and_(in_scope, GRID_UNITS.c.path.bool_op("<@")(root))
    visible_case = (
        select(CASES.c.case_no).where(CASES.c.report_id == _ALARMS.c.last_case, viewpoint.cases_in()).scalar_subquery()
    )
    rows = await connection.execute(
        select(_ALARMS, u.name, u.level, visible_case.label("case_no"))
        .join(GRID_UNITS, u.code == _ALARMS.c.unit)
        .where(in_scope)
        .order_by(_ALARMS.c.last_at.desc(), _ALARMS.c.unit, _ALARMS.c.role)
        .limit(200)
    )
    return tuple(
        AlarmView(
            unit=UnitName(code=row.unit, name=row.name, level=row.level),
            role=row.role,
            times=row.times,
            first_at=row.first_at,
            last_at=row.last_at,
            last_case=row.case_no,
        )
        for row in rows
    )
