"""What makes a drawn map readable: names on its areas, the north, and the scale."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import shapely
from markupsafe import escape

#: Metres in a degree of latitude.
METRES_PER_DEGREE = 111_320
#: The longest scale bar, as a share of the map's width.
_LONGEST_BAR = 0.25
#: The height of a line of text, and the width of a Chinese and of another character, as shares of the letter size.
_LINE, _WIDE, _NARROW = 1.15, 1.0, 0.58
_Place = Callable[[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Label:
    """The lines to write on an area, the most important last: where there is no room the first ones are left out."""

    lines: tuple[str, ...]


def draw_label(outline: Any, label: Label, place: _Place, size: float) -> str:
    """Return the text in the middle of an area, as many of its lines as fit; nothing where not even the last one
    does. `size`: of the letters, in units of the drawing."""
    middle = shapely.maximum_inscribed_circle(outline)
    (lon, lat), (edge_lon, edge_lat) = middle.coords[0], middle.coords[-1]
    x, y = place(lon, lat)
    edge_x, edge_y = place(edge_lon, edge_lat)
    radius = max(abs(edge_x - x), abs(edge_y - y), ((edge_x - x) ** 2 + (edge_y - y) ** 2) ** 0.5)
    lines = label.lines
    while lines and not _fits(lines, radius, size):
        lines = lines[1:]
    top = y - (len(lines) - 1) * size * _LINE / 2 + size * 0.36
    return "".join(
        f'<text class="area-name" x="{x:.1f}" y="{top + at * size * _LINE:.1f}">{escape(line)}</text>'
        for at, line in enumerate(lines)
    )


def _fits(lines: tuple[str, ...], radius: float, size: float) -> bool:
    """Whether the lines fit in an area in which a circle of that radius fits; a name may reach a little beyond it."""
    return max(text_width(line, size) for line in lines) <= radius * 2.5 and len(lines) * size * _LINE <= radius * 1.9


def text_width(text: str, size: float) -> float:
    """Return about how wide the text is."""
    return size * sum(_WIDE if ord(char) > 0x2E7F else _NARROW for char in text)


def scale_of(metres_per_unit: float, width: float) -> tuple[int, float]:
    """Return the length of the scale bar: in metres (1, 2 or 5 times a power of ten), and in units of the drawing."""
    longest = max(metres_per_unit * width * _LONGEST_BAR, 1.0)
    power = 1
    while power * 10 <= longest:
        power *= 10
    metres = next(power * step for step in (5, 2, 1) if power * step <= longest)
    return metres, metres / metres_per_unit


def draw_north_and_scale(width: float, height: float, metres_per_unit: float, north: str, size: float) -> str:
    """Return an arrow to the north in the upper right corner, and a scale bar in the lower left one. `north`: the
    letter on the arrow."""
    metres, length = scale_of(metres_per_unit, width)
    words = f"{metres // 1000} km" if metres >= 1000 else f"{metres} m"
    right, bottom = width - size * 1.2, height - size * 0.6
    half, top, left = size * 0.45, size * 0.4, size * 0.5
    arrow = ((0, 0), (half, size * 1.3), (0, size * 0.95), (-half, size * 1.3))
    bar = ((left, bottom - top), (left, bottom), (left + length, bottom), (left + length, bottom - top))
    return (
        f'<g class="map-marks"><polygon class="north" points="{_points((right + x, top + y) for x, y in arrow)}"/>'
        f'<text class="area-name" x="{right:.1f}" y="{size * 2.7:.1f}">{escape(north)}</text>'
        f'<polyline class="scale-bar" points="{_points(bar)}"/>'
        f'<text class="scale-name" x="{left + length / 2:.1f}" y="{bottom - size * 0.5:.1f}">{words}</text></g>'
    )


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
