"""A map of units as SVG: each outline filled by its measure, told apart by shade and by pattern, each a link.

The outlines are simplified to what can be seen at the size drawn. A table beside it holds the same numbers: the map
itself is for the eye and the mouse only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any

from markupsafe import Markup, escape
from shapely.geometry import MultiPolygon, Polygon, shape

#: Shades, from nothing to most.
SHADES = 5
_MARGIN = 4
#: Where a point may lie: so many places in a unit of the drawing, about a pixel. Of many units, each is small, and half
#: a pixel tells their outlines as well; neighbours share theirs as before, for each point goes where it goes with both.
_FINE_GRID, _COARSE_GRID, _MANY_AREAS = 10, 2, 100


@dataclass(frozen=True)
class Area:
    """A unit: its GeoJSON outline (degrees, lon before lat), the measure, where it leads, and what it says."""

    geometry: Mapping[str, Any]
    value: float
    href: str
    title: str


def shade(value: float, most: float) -> int:
    """0 for nothing, else 1 … `SHADES` - 1 by quarters of the largest."""
    if value <= 0 or most <= 0:
        return 0
    return min(SHADES - 1, 1 + int((value / most) * (SHADES - 1) - 1e-9))


def legend_steps(most: float) -> tuple[tuple[int, int, int], ...]:
    """The legend of whole numbers: shade, from, to; shades that hold no whole number are left out."""
    found: dict[int, tuple[int, int]] = {}
    for value in range(int(most) + 1):
        at = shade(value, most)
        found[at] = (found[at][0] if at in found else value, value)
    return tuple((at, low, high) for at, (low, high) in sorted(found.items()))


def choropleth(areas: Sequence[Area], *, width: int = 560, height: int = 360) -> Markup:
    """The map; empty text when no area has an outline."""
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

    finest = _COARSE_GRID if len(outlines) > _MANY_AREAS else _FINE_GRID
    drawn = []
    for area, outline in outlines:
        path = _path(outline, place, 0.4 / scale, finest)
        level = shade(area.value, most)
        over = f'<path class="shade-over" fill="url(#m-{level})" d="{path}"/>' if level else ""
        drawn.append(
            f'<a href="{escape(area.href)}" tabindex="-1"><title>{escape(area.title)}</title>'
            f'<path class="shade shade-{level}" d="{path}"/>{over}</a>'
        )
    return Markup(
        f'<svg class="choropleth" viewBox="0 0 {width} {height}" aria-hidden="true">{_defs()}{"".join(drawn)}</svg>'
    )


def _defs() -> str:
    """Dots that grow denser, for print."""
    made = "".join(
        f'<pattern id="m-{level}" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<circle class="dot" cx="3" cy="3" r="{level * 0.55:.2f}"/></pattern>'
        for level in range(SHADES)
    )
    return f"<defs>{made}</defs>"


def _path(outline: Any, place: Any, tolerance: float, finest: int) -> str:
    """The SVG path of an outline; rings that would vanish are kept as they are."""
    simple = outline.simplify(tolerance, preserve_topology=True)
    polygons: Iterable[Polygon] = simple.geoms if isinstance(simple, MultiPolygon) else (simple,)
    rings = [ring for polygon in polygons for ring in (polygon.exterior, *polygon.interiors)]
    return "".join(_ring([place(*point[:2]) for point in ring.coords], finest) for ring in rings)


def _ring(points: Sequence[tuple[float, float]], finest: int) -> str:
    """A closed line through the points, each at a whole `finest`th, as few signs as SVG allows."""
    (start_x, start_y), *rest = ((round(x * finest), round(y * finest)) for x, y in points[:-1])
    x, y = start_x, start_y
    steps_ = ""
    for next_x, next_y in rest:
        if (next_x, next_y) != (x, y):
            steps_ += _format_length((next_x - x) / finest, parted=bool(steps_)) + _format_length((next_y - y) / finest)
            x, y = next_x, next_y
    return f"M{start_x / finest:g} {start_y / finest:g}{'l' if steps_ else ''}{steps_}z"


def _format_length(length: float, *, parted: bool = True) -> str:
    """A number after another: without the nought before its point, with a space only where no sign parts the two."""
    told = f"{length:g}".replace("0.", ".") if -1 < length < 1 else f"{length:g}"
    return f" {told}" if parted and told[0] != "-" else told
