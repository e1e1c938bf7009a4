"""Bars, sparklines and maps as SVG: to scale, without styles, with escaped names."""

import gzip
import re
from xml.etree import ElementTree

import pytest

from web.draw.svg_bars import Part, column_chart, pattern_defs, stacked_bar
from web.draw.svg_map import SHADES, Area, choropleth, legend_steps, shade
from web.draw.svg_spark import sparkline

_SQUARE = {
    "type": "Polygon",
    "coordinates": [[[117.0, 38.0], [117.01, 38.0], [117.01, 38.01], [117.0, 38.01], [117.0, 38.0]]],
}
_NEXT = {
    "type": "Polygon",
    "coordinates": [[[117.01, 38.0], [117.02, 38.0], [117.02, 38.01], [117.01, 38.01], [117.01, 38.0]]],
}
_NS = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> ElementTree.Element:
    """Parse the drawing; check that it is well-formed and sets no style."""
    assert "style=" not in svg
    return ElementTree.fromstring(str(svg).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def test_a_bar_is_to_scale_and_every_part_has_its_pattern() -> None:
    svg = stacked_bar([Part("red", 30), Part("yellow", 0), Part("green", 10)], 80, width=240)
    rects = parsed(svg).findall(f".//{_NS}g/{_NS}rect")
    assert [float(rect.get("width", "0")) for rect in rects] == [90, 90, 30, 30]
    assert [rect.get("fill") for rect in rects[1::2]] == ["url(#p-red)", "url(#p-green)"]
    assert all(f'id="p-{name}"' in pattern_defs() for name in ("red", "yellow", "green", "grey"))


def test_a_part_that_is_there_can_be_seen_and_none_is_negative() -> None:
    assert 'width="2.0"' in stacked_bar([Part("red", 1)], 100_000)
    assert "<g>" not in stacked_bar([Part("red", 0)], 0)
    with pytest.raises(ValueError, match="must not be negative"):
        stacked_bar([Part("red", -1)], 10)


def test_names_cannot_break_out_of_a_drawing() -> None:
    evil = '"><script>alert(1)</script>'
    drawings = (
        stacked_bar([Part("red", 1, evil)], 1),
        column_chart([(evil, 1)]),
        choropleth([Area(_SQUARE, 1, f"/cases?x={evil}", evil)]),
    )
    for svg in drawings:
        assert "<script" not in svg
        parsed(svg)


def test_a_sparkline_needs_two_numbers() -> None:
    assert sparkline([]) == sparkline([3]) == ""
    points = parsed(sparkline([0, 5, 10], width=106, height=26)).find(f"{_NS}polyline")
    assert points is not None
    assert points.get("points") == "3.0,23.0 53.0,13.0 103.0,3.0"


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (1, 1), (25, 1), (26, 2), (50, 2), (75, 3), (76, 4), (100, 4)])
def test_shades_go_by_quarters_of_the_most(value: float, expected: int) -> None:
    assert shade(value, 100) == expected
    assert expected < SHADES


def test_the_legend_covers_every_whole_number_once() -> None:
    for most in (0, 1, 3, 4, 17, 100):
        numbers = [n for _, low, high in legend_steps(most) for n in range(low, high + 1)]
        assert numbers == list(range(most + 1))
        assert all(shade(n, most) == at for at, low, high in legend_steps(most) for n in (low, high))


def test_a_map_keeps_its_proportions_and_links_every_unit() -> None:
    areas = [Area(_SQUARE, 3, "/cases?grid=a", "甲 3"), Area(_NEXT, 0, "/cases?grid=b", "乙 0")]
    drawn = parsed(choropleth(areas, width=560, height=360))
    links = drawn.findall(f"{_NS}a")
    assert [link.get("href") for link in links] == ["/cases?grid=a", "/cases?grid=b"]
    assert all(link.get("tabindex") == "-1" for link in links)
    classes = [path.get("class") for link in links for path in link.findall(f"{_NS}path")]
    assert classes == ["shade shade-4", "shade-over", "shade shade-0"], "nothing overdue has no dots over it"
    wide, tall = (float(n) for n in drawn.get("viewBox", "").split()[2:])
    assert 1.4 < (wide - 8) / (tall - 8) < 1.6 + 0.1  # two squares of a degree at 38° north: 2 · cos 38° = 1.576
    assert choropleth([]) == ""


def test_many_points_on_a_straight_line_cost_nothing() -> None:
    edge = [[117.0 + n / 10_000, 38.0] for n in range(101)]
    ring = [*edge, [117.01, 38.01], [117.0, 38.01], [117.0, 38.0]]
    many = choropleth([Area({"type": "Polygon", "coordinates": [ring]}, 1, "/x", "x")])
    few = choropleth([Area(_SQUARE, 1, "/x", "x")])
    assert len(many) <= len(few) + 40


def test_six_hundred_units_stay_small() -> None:
    areas = []
    for n in range(600):
        west, south = 117 + n % 30 / 100, 38 + n // 30 / 100
        box = [[west, south], [west + 0.01, south], [west + 0.01, south + 0.01], [west, south + 0.01], [west, south]]
        areas.append(
            Area({"type": "Polygon", "coordinates": [box]}, n % 7, f"/cases?figure=overdue&grid={n}", f"网格 {n}")
        )
    svg = choropleth(areas)
    assert len(re.findall("<a ", svg)) == 600
    assert len(gzip.compress(svg.encode())) < 25_000
