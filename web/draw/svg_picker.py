"""A map of communities on which a place is pointed at: a script turns the point into degrees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any

from markupsafe import Markup, escape
from shapely.geometry import shape

from web.draw.map_marks import METRES_PER_DEGREE, Label, draw_label, draw_north_and_scale
from web.draw.svg_map import outline_path

WIDTH, EDGE = 560, 4
_LETTERS = 20
#: How many times per unit of the drawing points are rounded, and the pixels by which outlines are simplified.
_GRID, _TOLERANCE = 2, 1.0


@dataclass(frozen=True)
class Community:
    """A unit: its code, its short name, and its outline (GeoJSON, degrees)."""

    code: str
    name: str
    geometry: Mapping[str, Any]


def draw_picker(communities: Sequence[Community], north_word: str = "N") -> Markup:
    """The map; empty text without an outline. `data-box` has its west, south, east and north, in degrees."""
    shapes = [(one, outline) for one in communities if not (outline := shape(one.geometry)).is_empty]
    if not shapes:
        return Markup("")
    bounds = [outline.bounds for _, outline in shapes]
    west, south = min(b[0] for b in bounds), min(b[1] for b in bounds)
    east, north = max(b[2] for b in bounds), max(b[3] for b in bounds)
    squeeze = cos(radians((south + north) / 2))
    scale = (WIDTH - 2 * EDGE) / max((east - west) * squeeze, 1e-9)
    height = round((north - south) * scale + 2 * EDGE)

    def place(lon: float, lat: float) -> tuple[float, float]:
        return EDGE + (lon - west) * squeeze * scale, EDGE + (north - lat) * scale

    drawn = "".join(
        f'<path data-unit="{escape(one.code)}" d="{outline_path(outline, place, _TOLERANCE / scale, _GRID)}"/>'
        for one, outline in shapes
    )
    names = "".join(draw_label(outline, Label((one.name,)), place, _LETTERS) for one, outline in shapes)
    marks = draw_north_and_scale(WIDTH, height, METRES_PER_DEGREE / scale, north_word, _LETTERS)
    box = ",".join(f"{edge:.6f}" for edge in (west, south, east, north))
    return Markup(  # noqa: S704 every value in it is escaped or a number
        f'<svg class="picker" viewBox="0 0 {WIDTH} {height}" data-box="{box}" data-edge="{EDGE}" aria-hidden="true">'
        f'{drawn}{names}{marks}<path class="spot-pin" d="" hidden/></svg>'
    )
