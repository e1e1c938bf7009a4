"""Made-up grids and micro-grids: the right number, always the same, and a sound tree."""

from collections import Counter

import pytest
from hypothesis import given, settings, strategies as st

from models.enums import Level, UnitType
from rules.organisation.grid_tree import GridUnit, UnitLine, check
from rules.organisation.lower_levels import make_lower_levels


def communities(count: int) -> tuple[GridUnit, ...]:
    """A park with that many communities."""
    park = GridUnit("130172100", "丘头镇", Level.PARK)
    below = (GridUnit(f"130172100{n:03}", f"第{n}社区居民委员会", Level.COMMUNITY) for n in range(1, count + 1))
    return (park, *below)


def lines(units: tuple[GridUnit, ...]) -> list[UnitLine]:
    """The units as a registry would write them."""
    return [
        UnitLine(n, u.code, u.name, u.level.name.lower(), u.parent or "", u.type, u.households, u.enterprise or "")
        for n, u in enumerate(units, start=2)
    ]


def test_the_demonstration_has_1837_micro_grids() -> None:
    made = make_lower_levels(communities(13), 1837)
    micro = [unit for unit in made if unit.level is Level.MICRO_GRID]
    grids = [unit for unit in made if unit.level is Level.GRID]
    territorial = Counter(unit.parent for unit in grids if unit.type is UnitType.TERRITORIAL)
    dedicated = [unit for unit in grids if unit.type is UnitType.DEDICATED]
    enterprises = [unit for unit in micro if unit.enterprise]

    assert len(micro) == 1837
    assert len(territorial) == 13
    assert set(territorial.values()) <= set(range(4, 9))
    assert len(dedicated) == 10
    assert all(unit.code[12] == "9" for unit in dedicated)
    assert len(enterprises) == 183
    assert len({unit.enterprise for unit in enterprises}) == 183
    assert len({unit.code for unit in made}) == len(made)


def test_without_a_target_each_community_gets_four_grids_of_six() -> None:
    made = make_lower_levels(communities(5))
    assert Counter(unit.level for unit in made) == {
        Level.PARK: 1,
        Level.COMMUNITY: 5,
        Level.GRID: 20,
        Level.MICRO_GRID: 120,
    }


def test_a_community_that_has_grids_keeps_them() -> None:
    own = GridUnit("130172100001007", "自划网格", Level.GRID)
    made = make_lower_levels((*communities(2), own))
    assert [u.name for u in made if u.level is Level.GRID and u.parent == "130172100001"] == ["自划网格"]
    assert sum(1 for u in made if u.parent == "130172100002") == 4


@pytest.mark.parametrize(("count", "target"), [(3, 2), (0, 5), (1, 10_000)])
def test_a_target_that_does_not_fit_is_refused(count: int, target: int) -> None:
    with pytest.raises(ValueError, match=r"cannot be spread|does not fit"):
        make_lower_levels(communities(count), target)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 20), st.data())
def test_any_target_is_met_exactly_by_a_tree_that_passes_the_checks(count: int, data: st.DataObject) -> None:
    target = data.draw(st.integers(count * 2, count * 300))
    units = communities(count)
    made = make_lower_levels(units, target)
    assert sum(1 for unit in made if unit.level is Level.MICRO_GRID) == target
    assert check(lines(made)).problems == ()
    assert make_lower_levels(tuple(reversed(units)), target) == made, "always the same, in any order"
