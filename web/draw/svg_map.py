"""A map of units as SVG: each outline is a link, filled with a shade and a pattern by its measure.

The outlines are simplified to what is visible at the drawn size. A table beside the map holds the same numbers, so the
map itself is hidden from screen readers and keyboards.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any

from markupsafe import Markup, escape
from shapely.geometry import MultiPolygon, Polygon, shape

from web.draw.map_marks import METRES_PER_DEGREE, Label, draw_label, draw_north_and_scale

#: Number of shades, from zero to the largest value.
SHADES = 5
_MARGIN = 4
#: The size of letters on the map.
_LETTERS = 12
#: Points are rounded to this many positions per unit of the drawing (about a pixel). With many areas each is small, and
#: half a pixel is enough. Neighbours still share their border: a point is rounded the same way in both outlines.
_FINE_GRID, _COARSE_GRID, _MANY_AREAS = 10, 2, 100


@dataclass(frozen=True)
class Area:
    """A unit: its GeoJSON outline (degrees, lon before lat), its measure, its link, its title and its short name."""

    geometry: Mapping[str, Any]
    value: float
    href: str
    title: str
    name: str = ""


def shade(value: float, most: float) -> int:
    """The shade of a value: 0 for zero, else 1 … `SHADES` - 1 by quarters of the largest value."""
    if value <= 0 or most <= 0:
        return 0
    return min(SHADES - 1, 1 + int((value / most) * (SHADES - 1) - 1e-9))


def legend_steps(most: float) -> tuple[tuple[int, int, int], ...]:
    """The legend in whole numbers: shade, from, to. Shades without a whole number are left out."""
    ranges: dict[int, tuple[int, int]] = {}
    for value in range(int(most) + 1):
        level = shade(value, most)
        ranges[level] = (ranges[level][0] if level in ranges else value, value)
    return tuple((level, low, high) for level, (low, high) in sorted(ranges.items()))


def choropleth(areas: Sequence[Area], *, width: int = 560, height: int = 360, north_word: str = "N") -> Markup:
    """The map; empty text if no area has an outline. Where there is room, an area shows its name and its measure.

    `north_word`: the letter on the arrow to the north.
    """
    outlines = [(area, shape(area.geometry)) for area in areas]
    outlines = [(area, outline) for area, outline in outlines if not outline.is_empty]
    if not outlines:
        return Markup("")
    bounds = [outline.bounds for _, outline in outlines]
    west, south = min(b[0] for b in bounds), min(b[1] for b in bounds)
    east, north = max(b[2] for b in bounds), max(b[3] for b in bounds)
    squeeze = cos(radians((south + north) / 2))
    wide, tall = max((east - west) * squeeze, 1e-9), max(north - south, 1e-9)
    scale = min((width - 2 * _MARGIN) / wide, (height - 2 * _MARGIN) / tall)
    height = int(tall * scale + 2 * _MARGIN + 0.999)
    left = (width - wide * scale) / 2
    most = max(area.value for area, _ in outlines)

    def place(lon: float, lat: float) -> tuple[float, float]:
        return left + (lon - west) * squeeze * scale, _MARGIN + (north - lat) * scale

    grid = _COARSE_GRID if len(outlines) > _MANY_AREAS else _FINE_GRID
    drawn, labels = [], []
    for area, outline in outlines:
        path = outline_path(outline, place, 0.4 / scale, grid)
        level = shade(area.value, most)
        over = f'<path class="shade-over" fill="url(#m-{level})" d="{path}"/>' if level else ""
        drawn.append(
            f'<a href="{escape(area.href)}" tabindex="-1"><title>{escape(area.title)}</title>'
            f'<path class="shade shade-{level}" d="{path}"/>{over}</a>'
        )
        if area.name and len(outlines) <= _MANY_AREAS:
            lines = Label((area.name, f"{area.value:g}"))
            labels.append(f'<g class="on-{level}">{draw_label(outline, lines, place, _LETTERS)}</g>')
    marks = draw_north_and_scale(width, height, METRES_PER_DEGREE / scale, north_word, _LETTERS)
    return Markup(  # noqa: S704 every value in it is escaped or a number
        f'<svg class="choropleth" viewBox="0 0 {width} {height}" aria-hidden="true">{_defs()}{"".join(drawn)}'
        f"{''.join(labels)}{marks}</svg>"
    )


def _defs() -> str:
    """The patterns of larger and larger dots, for print."""
    content = "".join(
        f'<pattern id="m-{level}" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<circle class="dot" cx="3" cy="3" r="{level * 0.55:.2f}"/></pattern>'
        for level in range(SHADES)
    )
    return f"<defs>{content}</defs>"


def outline_path(outline: Any, place: Any, tolerance: float, grid: int) -> str:
    """The SVG path of an outline, simplified by `tolerance` degrees without losing rings, rounded to 1/`grid`."""
    simple = outline.simplify(tolerance, preserve_topology=True)
    polygons: Iterable[Polygon] = simple.geoms if isinstance(simple, MultiPolygon) else (simple,)
    rings = [ring for polygon in polygons for ring in (polygon.exterior, *polygon.interiors)]
    return "".join(_ring([place(*point[:2]) for point in ring.coords], grid) for ring in rings)


def _ring(points: Sequence[tuple[float, float]], grid: int) -> str:
    """A closed SVG line through the points, rounded to 1/`grid`, in as few characters as SVG allows."""
    (start_x, start_y), *rest = ((round(x * grid), round(y * grid)) for x, y in points[:-1])
    x, y = start_x, start_y
    segments = ""
    for next_x, next_y in rest:
        if (next_x, next_y) != (x, y):
            segments += _format_length((next_x - x) / grid, separated=bool(segments)) + _format_length(
                (next_y - y) / grid
            )
            x, y = next_x, next_y
    return f"M{start_x / grid:g} {start_y / grid:g}{'l' if segments else ''}{segments}z"


def _format_length(length: float, *, separated: bool = True) -> str:
    """A number in an SVG path: without a leading zero, and with a space before it only where no minus separates it."""
    text = f"{length:g}".replace("0.", ".") if -1 < length < 1 else f"{length:g}"
    return f" {text}" if separated and text[0] != "-" else text
