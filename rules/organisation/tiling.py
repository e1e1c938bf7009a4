"""Generated shapes for units whose real borders are not known: rectangles that tile their parent exactly.

Every box is split along its longer side, in proportion to the micro-grids on each side, in whole micro-degrees: so a
parent is exactly the union of its children, without gaps or overlaps. The order runs west to east and north to south.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import cos, radians
from typing import Any

from models.enums import Level
from rules.organisation.grid_tree import GridUnit

_MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of longitudes and latitudes, WGS 84, whole micro-degrees."""

    west: int
    south: int
    east: int
    north: int

    @classmethod
    def degrees(cls, west: float, south: float, east: float, north: float) -> "Box":
        """A box from degrees, rounded to 6 decimals. Raises ValueError when it is empty or off the earth."""
        box = cls(round(west * _MICRO), round(south * _MICRO), round(east * _MICRO), round(north * _MICRO))
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise ValueError("a box runs west < east and south < north, in degrees")
        return box

    def polygon(self) -> dict[str, Any]:
        """The box as a GeoJSON Polygon: one closed ring, counter-clockwise (right-hand rule), lon first."""
        west, south = self.west / _MICRO, self.south / _MICRO
        east, north = self.east / _MICRO, self.north / _MICRO
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        return {"type": "Polygon", "coordinates": [ring]}


#: The rectangle of the demonstration park: invented, no real border.
DEMO_BOX = Box.degrees(114.665, 37.945, 114.755, 38.015)


def tile(units: Sequence[GridUnit], box: Box) -> tuple[GridUnit, ...]:
    """`units`, in the same order, each with a generated rectangle inside `box` in place of its geometry.

    Raises ValueError when the box is too small, or when a unit's parent is not among them.
    """
    children: dict[str | None, list[GridUnit]] = {}
    codes = {unit.code for unit in units}
    for unit in sorted(units, key=lambda u: u.code):
        if unit.parent is not None and unit.parent not in codes:
            raise ValueError(f"the parent of {unit.code} is not among the units")
        children.setdefault(unit.parent, []).append(unit)
    weights = _weights(units)
    boxes: dict[str, Box] = {}
    waiting: list[tuple[str | None, Box]] = [(None, box)]
    while waiting:
        parent, room = waiting.pop()
        if parent is not None:
            boxes[parent] = room
        siblings = [unit.code for unit in children.get(parent, [])]
        waiting += _split(siblings, room, weights)
    return tuple(replace(unit, geometry=boxes[unit.code].polygon()) for unit in units)


def _weights(units: Sequence[GridUnit]) -> dict[str, int]:
    """The number of micro-grids in each unit; at least 1."""
    weights = {unit.code: 0 for unit in units}
    for unit in units:
        if unit.level is Level.MICRO_GRID:
            for code in unit.path:
                weights[code] += 1
    for unit in sorted(units, key=lambda u: u.level, reverse=True):
        if weights[unit.code] == 0:
            weights[unit.code] = 1
    return weights


def _split(codes: list[str], room: Box, weights: dict[str, int]) -> list[tuple[str | None, Box]]:
    if not codes:
        return []
    if len(codes) == 1:
        return [(codes[0], room)]
    middle = _middle([weights[code] for code in codes])
    left = sum(weights[code] for code in codes[:middle])
    right = sum(weights[code] for code in codes[middle:])
    first, second = _cut(room, left, right)
    return _split(codes[:middle], first, weights) + _split(codes[middle:], second, weights)


def _middle(weights: list[int]) -> int:
    """The index at which to cut a list so that both parts weigh about the same, and neither is empty."""
    whole, so_far = sum(weights), 0
    best, best_gap = 1, whole
    for place, weight in enumerate(weights[:-1], start=1):
        so_far += weight
        gap = abs(whole - 2 * so_far)
        if gap < best_gap:
            best, best_gap = place, gap
    return best


def _cut(room: Box, left: int, right: int) -> tuple[Box, Box]:
    """The two parts of the box, west and east or north and south, in the proportion left : right."""
    width, height = room.east - room.west, room.north - room.south
    shrink = cos(radians((room.north + room.south) / 2 / _MICRO))  # a degree of longitude against latitude
    if width * shrink >= height:
        at = room.west + _share(width, left, right)
        return replace(room, east=at), replace(room, west=at)
    at = room.north - _share(height, left, right)
    return replace(room, south=at), replace(room, north=at)


def _share(length: int, left: int, right: int) -> int:
    if length < 2:
        raise ValueError("the box is too small for so many units")
    return min(max(length * left // (left + right), 1), length - 1)
