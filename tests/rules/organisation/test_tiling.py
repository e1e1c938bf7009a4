"""Made-up rectangles: children fill their parent exactly, and the GeoJSON is as the standard wants it."""

from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st
from shapely.geometry import shape
from shapely.geometry.polygon import orient

from models.enums import Level
from rules.organisation.grid_tree import GridUnit
from rules.organisation.lower_levels import make_lower_levels
from rules.organisation.tiling import DEMO_BOX, Box, tile
from tests.rules.organisation.test_lower_levels import communities

Bounds = tuple[int, int, int, int]


def bounds(unit: GridUnit) -> Bounds:
    """West, south, east, north in whole micro-degrees."""
    assert unit.geometry is not None
    west, south, east, north = (round(side * 1_000_000) for side in shape(unit.geometry).bounds)
    return west, south, east, north


def area(box: Bounds) -> int:
    """In square micro-degrees, exactly."""
    return (box[2] - box[0]) * (box[3] - box[1])


def overlap(a: Bounds, b: Bounds) -> bool:
    """Whether two boxes share more than a border."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 13), st.integers(30, 400))
def test_a_parent_is_exactly_its_childrens_union(count: int, target: int) -> None:
    units = tile(make_lower_levels(communities(count), target), DEMO_BOX)
    boxes = {unit.code: bounds(unit) for unit in units}
    children: dict[str, list[Bounds]] = {}
    for unit in units:
        if unit.parent is not None:
            children.setdefault(unit.parent, []).append(boxes[unit.code])
    for parent, inside in children.items():
        whole = boxes[parent]
        assert sum(map(area, inside)) == area(whole)
        assert all(b[0] >= whole[0] and b[1] >= whole[1] and b[2] <= whole[2] and b[3] <= whole[3] for b in inside)
        assert not any(overlap(a, b) for i, a in enumerate(inside) for b in inside[:i])


def test_the_rings_are_closed_counter_clockwise_and_of_six_decimals() -> None:
    for unit in tile(make_lower_levels(communities(13), 1837), DEMO_BOX):
        assert unit.geometry is not None
        (ring,) = unit.geometry["coordinates"]
        assert ring[0] == ring[-1]
        assert len(ring) == 5
        assert all(a != b for a, b in pairwise(ring))
        assert all(round(value, 6) == value for point in ring for value in point)
        assert all(114 < lon < 115 and 37 < lat < 39 for lon, lat in ring)
        drawn = shape(unit.geometry)
        assert drawn.is_valid
        assert orient(drawn, 1.0).equals_exact(drawn, 0), "the outer ring runs counter-clockwise"


def test_the_order_is_kept_and_parks_share_the_box() -> None:
    units = [GridUnit(f"33060200{n}", f"街道{n}", Level.PARK) for n in (3, 1, 2)]
    tiled = tile(units, Box.degrees(120, 29, 121, 30))
    assert [unit.code for unit in tiled] == [unit.code for unit in units]
    assert sum(area(bounds(unit)) for unit in tiled) == 10**12


def test_a_box_too_small_or_inside_out_is_refused() -> None:
    with pytest.raises(ValueError, match="too small"):
        tile(make_lower_levels(communities(3)), Box(0, 0, 3, 3))
    with pytest.raises(ValueError, match="west < east"):
        Box.degrees(115, 37, 114, 38)


def test_a_unit_without_its_parent_is_refused() -> None:
    with pytest.raises(ValueError, match="parent of 130172100001"):
        tile(communities(1)[1:], DEMO_BOX)
