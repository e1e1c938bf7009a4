"""A small map of a case's location: its grid, the unit within it, and the spot. The page also says it in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any

from markupsafe import Markup, escape
from shapely.geometry import MultiPolygon, Polygon, shape

from web.draw.map_marks import METRES_PER_DEGREE, Label, draw_label, draw_north_and_scale

WIDTH, HEIGHT, EDGE = 280, 150, 6
#: The size of letters on the map.
_LETTERS = 11


@dataclass(frozen=True)
class Ground:
    """Outlines from the larger to the smaller (GeoJSON, degrees), their names, and the spot (lon, lat) where it is
    known."""

    outlines: Sequence[Mapping[str, Any]]
    spot: tuple[float, float] | None
    title: str
    names: Sequence[str] = ()


def draw_place(ground: Ground, north_word: str = "N") -> Markup:
    """The map; empty text if no outline is known. `north_word`: the letter on the arrow to the north."""
    shapes = [outline for geometry in ground.outlines if not (outline := shape(geometry)).is_empty]
    if not shapes:
        return Markup("")
    west, south = (min(polygon.bounds[i] for polygon in shapes) for i in (0, 1))
    east, north = (max(polygon.bounds[i] for polygon in shapes) for i in (2, 3))
    squeeze = cos(radians((south + north) / 2))
    wide, tall = max((east - west) * squeeze, 1e-9), max(north - south, 1e-9)
    scale = min((WIDTH - 2 * EDGE) / wide, (HEIGHT - 2 * EDGE) / tall)
    left, top = (WIDTH - wide * scale) / 2, (HEIGHT - tall * scale) / 2

    def at(lon: float, lat: float) -> tuple[float, float]:
        return round(left + (lon - west) * squeeze * scale, 1), round(top + (north - lat) * scale, 1)

    parts = [
        f'<path class="ground ground-{i}" d="{_path(polygon, at, 0.5 / scale)}"/>' for i, polygon in enumerate(shapes)
    ]
    parts += [_name(ground.names, shapes, at)]
    if ground.spot is not None:
        x, y = at(*ground.spot)  # a spot outside its grid is drawn at the edge
        x, y = min(max(x, EDGE), WIDTH - EDGE), min(max(y, EDGE), HEIGHT - EDGE)
        parts.append(f'<path class="spot-pin" d="M{x:g},{y:g}l-6,-13a7,7 0 1 1 12,0z"/>')
        parts.append(f'<circle class="spot" cx="{x:g}" cy="{y:g}" r="3"/>')
    parts.append(draw_north_and_scale(WIDTH, HEIGHT, METRES_PER_DEGREE / scale, north_word, _LETTERS))
    return Markup(  # noqa: S704 every value in it is escaped or a number
        f'<svg class="place-map" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(ground.title)}">'
        f"{''.join(parts)}</svg>"
    )


def _name(names: Sequence[str], shapes: Sequence[Any], at: Any) -> str:
    """The name of the larger unit along the top, that of the smaller one in it."""
    if len(names) != len(shapes):
        return ""
    inner = draw_label(shapes[-1], Label((names[-1],)), at, _LETTERS) if len(shapes) > 1 else ""
    return f'<text class="ground-name" x="{EDGE}" y="{_LETTERS + 2}">{escape(names[0])}</text>{inner}'


def _path(outline: Any, at: Any, tolerance: float) -> str:
    """The SVG path of an outline, simplified to what is visible at this size."""
    simple = outline.simplify(tolerance, preserve_topology=True)
    polygons = simple.geoms if isinstance(simple, MultiPolygon) else (simple,)
    areas = [polygon for polygon in polygons if isinstance(polygon, Polygon)]
    rings = [ring for area in areas for ring in (area.exterior, *area.interiors)]
    drawn = []
    for ring in rings:
        points = [f"{x:g} {y:g}" for x, y in (at(*point[:2]) for point in ring.coords[:-1])]
        drawn.append(f"M{'L'.join(points)}Z")
    return "".join(drawn)
