"""The small map of a case's location: outlines, the spot, and nothing if no outline is known."""

import re

from tests.builders import rectangle
from web.draw.svg_place import HEIGHT, WIDTH, Ground, draw_place

GRID = rectangle((117.00, 38.00, 117.02, 38.01))
MICRO = rectangle((117.00, 38.00, 117.01, 38.01))


def numbers(svg: str, pattern: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(pattern, svg)]


def test_everything_lies_within_the_picture_and_the_spot_where_it_is() -> None:
    svg = draw_place(Ground((GRID, MICRO), (117.005, 38.0025), "<第一微网格>"))
    corners = numbers(svg, r"[ML](-?[\d.]+) (-?[\d.]+)")
    assert len(corners) == 8
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in corners)
    ((x, y),) = numbers(svg, r'cx="([\d.]+)" cy="([\d.]+)"')
    west, east = min(x for x, _ in corners), max(x for x, _ in corners)
    north, south = min(y for _, y in corners), max(y for _, y in corners)
    assert abs((x - west) / (east - west) - 0.25) < 0.01
    assert abs((south - y) / (south - north) - 0.25) < 0.01
    assert "&lt;第一微网格&gt;" in svg
    named = draw_place(Ground((GRID, MICRO), (117.005, 38.0025), "x", ("第一网格", "<一号>")), "北")
    assert all(words in named for words in (">第一网格<", ">&lt;一号&gt;<", ">北<", ">500 m<"))
    assert "style" not in svg


def test_a_spot_beyond_the_grid_is_at_the_edge() -> None:
    svg = draw_place(Ground((MICRO,), (118.0, 38.005), "x"))
    ((x, y),) = numbers(svg, r'cx="([\d.]+)" cy="([\d.]+)"')
    assert (0 <= x <= WIDTH, 0 <= y <= HEIGHT) == (True, True)


def test_without_outlines_there_is_no_picture() -> None:
    assert draw_place(Ground((), (117.0, 38.0), "x")) == ""


def test_without_a_spot_only_outlines() -> None:
    assert "<circle" not in draw_place(Ground((GRID,), None, "x"))
