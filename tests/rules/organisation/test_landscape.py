"""The made-up landscape: no gaps, no overlaps, the same every time, and no chessboard."""

from collections import defaultdict

import pytest
import shapely
from hypothesis import given, settings, strategies as st
from shapely.geometry import shape
from shapely.geometry.polygon import orient

from models.enums import Level
from rules.organisation.grid_tree import GridUnit
from rules.organisation.landscape import make_landscape
from rules.organisation.lower_levels import make_lower_levels
from rules.organisation.tiling import DEMO_BOX, tile
from services.demo.park import demo_units
from tests.rules.organisation.test_lower_levels import communities


def check_borders(units: tuple[GridUnit, ...]) -> None:
    """Siblings share exact borders, and are together exactly their parent."""
    outlines = {unit.code: shape(unit.geometry) for unit in units}
    children = defaultdict(list)
    for unit in units:
        assert outlines[unit.code].is_valid, unit.code
        if unit.parent is not None:
            children[unit.parent].append(outlines[unit.code])
    for parent, inside in children.items():
        assert shapely.coverage_is_valid(inside), parent
        assert shapely.coverage_union_all(inside).equals(outlines[parent]), parent


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 13), st.integers(30, 400))
def test_children_fill_their_parent_without_gaps_and_overlaps(count: int, target: int) -> None:
    check_borders(make_landscape(tile(make_lower_levels(communities(count), target), DEMO_BOX)))


def test_the_park_is_a_landscape() -> None:
    units = demo_units()
    check_borders(units)
    assert units == demo_units()
    corners = [
        len(unit.geometry["coordinates"][0]) for unit in units if unit.geometry and unit.level is Level.COMMUNITY
    ]
    assert min(corners) > 20, "no community is a rectangle"
    straight = sum(shape(u.geometry).equals(shapely.box(*shape(u.geometry).bounds)) for u in units if u.level > 2)
    assert 0 < straight < len(units) / 4, "only the blocks of the factory quarter are"
    for unit in units:
        assert unit.geometry is not None
        (ring,) = unit.geometry["coordinates"]
        assert ring[0] == ring[-1]
        assert all(round(value, 6) == value for point in ring for value in point)
        drawn = shape(unit.geometry)
        assert orient(drawn, 1.0).equals_exact(drawn, 0), "the outer ring runs counter-clockwise"


def test_only_rectangles_become_a_landscape() -> None:
    assert make_landscape([]) == ()
    with pytest.raises(ValueError, match="no rectangle"):
        make_landscape(communities(1))
