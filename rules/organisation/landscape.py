"""Turns made-up rectangles into a landscape: winding borders along a river and a main road, irregular cells, and a
factory quarter whose blocks stay straight.

Every corner of every unit is moved by one continuous function of its place, and every outline takes in all corners that
lie on it. So neighbours still share their borders exactly: no gaps, no overlaps, a parent is the union of its children.
The outer border stays as it was.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, pi, sin
from typing import Any

from models.enums import Level
from rules.organisation.grid_tree import GridUnit

_MICRO = 1_000_000
_Point = tuple[int, int]
#: A wave: its height as a share of the park's width, and how often it comes across the park in its two directions.
_Wave = tuple[float, float, float, float]
#: Waves of the vertical and the horizontal borders: wide bends first, then cell by cell. A border bends along itself,
#: so that cells are sheared and hardly squeezed.
_EASTWARD: tuple[_Wave, ...] = ((0.016, 0.2, 1.7, 0.13), (0.006, 0.8, 4.3, 0.4), (0.0026, 2.0, 27.0, 0.7))
_NORTHWARD: tuple[_Wave, ...] = ((0.015, 1.6, 0.2, 0.31), (0.006, 4.1, 0.7, 0.9), (0.0026, 29.0, 2.0, 0.2))
#: The river's bends, and how far to both sides its valley reaches, as shares of the park.
_RIVER: tuple[_Wave, ...] = ((0.034, 0.0, 1.35, 0.2), (0.012, 0.0, 3.4, 0.55))
_VALLEY = 0.13
#: How near to the main road borders are straightened.
_ROADSIDE = 0.035
#: The factory quarter, from the south-west of the park (shares), and the width of the strip around it.
_QUARTER, _STRIP = (0.66, 0.08, 0.96, 0.42), 0.09


@dataclass(frozen=True)
class _Frame:
    """The park's rectangle, and where river and main road run, as shares of it."""

    west: int
    south: int
    width: int
    height: int
    river: float
    road: float


def make_landscape(units: Sequence[GridUnit]) -> tuple[GridUnit, ...]:
    """Return the units, in the same order, with the outlines of a landscape in place of their rectangles.

    Raises ValueError when a unit has no rectangle (`rules.organisation.tiling.tile` makes them).
    """
    boxes = {unit.code: _box(unit) for unit in units}
    if not boxes:
        return ()
    frame = _frame(units, boxes)
    upright, level = _corners(boxes.values())
    moved: dict[_Point, _Point] = {}

    def move(point: _Point) -> _Point:
        if point not in moved:
            moved[point] = _moved(point, frame)
        return moved[point]

    return tuple(replace(unit, geometry=_outline(boxes[unit.code], upright, level, move)) for unit in units)


_Box = tuple[int, int, int, int]


def _box(unit: GridUnit) -> _Box:
    ring = unit.geometry["coordinates"][0] if unit.geometry is not None else ()
    lons, lats = {round(lon * _MICRO) for lon, _ in ring}, {round(lat * _MICRO) for _, lat in ring}
    if len(lons) != 2 or len(lats) != 2:
        raise ValueError(f"{unit.code} has no rectangle")
    return min(lons), min(lats), max(lons), max(lats)


def _corners(boxes: Any) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return the corners on each upright line (lon → lats) and on each level line (lat → lons), sorted."""
    upright: dict[int, set[int]] = defaultdict(set)
    level: dict[int, set[int]] = defaultdict(set)
    for west, south, east, north in boxes:
        for lon in (west, east):
            upright[lon] |= {south, north}
        for lat in (south, north):
            level[lat] |= {west, east}
    return {k: sorted(v) for k, v in upright.items()}, {k: sorted(v) for k, v in level.items()}


def _outline(
    box: _Box, upright: Mapping[int, list[int]], level: Mapping[int, list[int]], move: Callable[[_Point], _Point]
) -> dict[str, Any]:
    """Return the outline through all corners on the sides of the box, counter-clockwise, as GeoJSON."""
    west, south, east, north = box
    ring = [(lon, south) for lon in _between(level[south], west, east)]
    ring += [(east, lat) for lat in _between(upright[east], south, north)]
    ring += [(lon, north) for lon in reversed(_between(level[north], west, east))]
    ring += [(west, lat) for lat in reversed(_between(upright[west], south, north))]
    points = [move(point) for point in ring]
    kept = [point for before, point in pairwise([points[-1], *points]) if before != point]
    coordinates = [[lon / _MICRO, lat / _MICRO] for lon, lat in (*kept, kept[0])]
    return {"type": "Polygon", "coordinates": [coordinates]}


def _between(places: list[int], first: int, last: int) -> list[int]:
    return places[bisect_left(places, first) : bisect_right(places, last)]


def _frame(units: Sequence[GridUnit], boxes: Mapping[str, _Box]) -> _Frame:
    """Return the park's rectangle; the river follows the longest upright border of communities, the road the longest
    level one."""
    west, south = min(b[0] for b in boxes.values()), min(b[1] for b in boxes.values())
    east, north = max(b[2] for b in boxes.values()), max(b[3] for b in boxes.values())
    lons: dict[int, int] = defaultdict(int)
    lats: dict[int, int] = defaultdict(int)
    for unit in units:
        if unit.level is Level.COMMUNITY:
            left, bottom, right, top = boxes[unit.code]
            for lon in {left, right} - {west, east}:
                lons[lon] += top - bottom
            for lat in {bottom, top} - {south, north}:
                lats[lat] += right - left
    river = max(lons, key=lambda lon: (lons[lon], lon), default=(west + east) // 2)
    road = max(lats, key=lambda lat: (lats[lat], lat), default=(south + north) // 2)
    width, height = east - west, north - south
    return _Frame(west, south, width, height, (river - west) / width, (road - south) / height)


def _moved(point: _Point, frame: _Frame) -> _Point:
    """Return where a corner comes to lie."""
    u, v = (point[0] - frame.west) / frame.width, (point[1] - frame.south) / frame.height
    freedom = _rise(min(u, 1 - u) / 0.06) * _rise(min(v, 1 - v) / 0.06)
    bend = freedom * _outside_quarter(u, v)
    valley = exp(-(((u - frame.river) / _VALLEY) ** 2))
    east = bend * _sum(_EASTWARD, u, v) + freedom * valley * _sum(_RIVER, u, v)
    north = bend * (1 - exp(-(((v - frame.road) / _ROADSIDE) ** 2))) * _sum(_NORTHWARD, u, v)
    return point[0] + round(east * frame.width), point[1] + round(north * frame.height)


def _sum(waves: Sequence[_Wave], u: float, v: float) -> float:
    return sum(height * sin(2 * pi * (across * u + along * v + phase)) for height, across, along, phase in waves)


def _outside_quarter(u: float, v: float) -> float:
    """Return 0 in the factory quarter, 1 away from it, and what lies between in the strip around it."""
    west, south, east, north = _QUARTER
    away = max(west - u, u - east, south - v, v - north, 0.0)
    return _rise(away / _STRIP)


def _rise(share: float) -> float:
    """Return a smooth step from 0 at 0 to 1 at 1 and beyond."""
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)
