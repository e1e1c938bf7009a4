"""The four-level tree: every fault is found, named by its line, and nothing passes beside it."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from models.enums import Level, UnitType
from rules.organisation.grid_tree import GridUnit, UnitLine, check, code_length

PARK = UnitLine(2, "130172100", "丘头镇", "street")
COMMUNITY = UnitLine(3, "130172100001", "丘头社区", "community", "130172100")
GRID = UnitLine(4, "130172100001001", "第1网格", "grid", "130172100001")
MICRO = UnitLine(5, "130172100001001001", "1号", "micro_grid", "130172100001001", households=12)
TREE = (PARK, COMMUNITY, GRID, MICRO)


def test_a_sound_tree_becomes_units_with_their_paths() -> None:
    checked = check(TREE)
    assert checked.problems == ()
    assert [unit.level for unit in checked.units] == list(Level)
    micro = checked.units[-1]
    assert micro.path == ("130172100", "130172100001", "130172100001001", "130172100001001001")
    assert micro.parent == "130172100001001"
    assert checked.units[0].parent is None


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (replace(COMMUNITY, parent_code=""), "the parent code is missing"),
        (replace(COMMUNITY, parent_code="130172199"), "there is no parent unit “130172199”"),
        (replace(COMMUNITY, code="130172100001", level="grid"), "should be 15 digits"),
        (replace(MICRO, parent_code="130172100001"), "is of level 2, not exactly one level above 4"),
        (replace(MICRO, code="130172100002001001"), "does not extend its parent's code"),
        (replace(GRID, level="网格"), "level “网格” is none of"),
        (replace(GRID, name="  "), "the name is empty"),
        (replace(GRID, name="a\x00b"), "control characters"),
        (replace(GRID, name="长" * 121), "over 120 characters"),
        (replace(GRID, code="13017210000100x"), "should be 15 digits"),
        (replace(GRID, code="13017210000100１"), "should be 15 digits"),
        (replace(GRID, type="专属"), "neither territorial nor dedicated"),
        (replace(GRID, type="dedicated"), "does not fit its type"),
        (replace(COMMUNITY, type="dedicated"), "only grids and micro-grids can be dedicated"),
        (replace(MICRO, households=9), "this has 9"),
        (replace(MICRO, households=16), "this has 16"),
        (replace(MICRO, households=None), "this has -"),
        (replace(MICRO, enterprise="恒泽化工"), "not both"),
        (replace(PARK, parent_code="140000"), "does not extend its parent's code"),
    ],
)
def test_each_fault_names_its_line_and_reason_and_nothing_is_given(broken: UnitLine, reason: str) -> None:
    lines = [broken if line.line == broken.line else line for line in TREE]
    checked = check(lines)
    assert checked.units == ()
    assert any(p.line == broken.line and reason in p.en for p in checked.problems)
    assert all(p.zh and p.en for p in checked.problems)


def test_all_problems_are_collected_in_the_order_of_the_lines() -> None:
    lines = (PARK, replace(COMMUNITY, name=""), replace(GRID, parent_code="x"), replace(MICRO, households=1))
    found = [problem.line for problem in check(lines).problems]
    assert set(found) == {3, 4, 5}
    assert found == sorted(found)


def test_a_duplicate_names_the_line_it_repeats() -> None:
    checked = check((*TREE, replace(MICRO, line=6)))
    assert [(p.line, "line 5" in p.en) for p in checked.problems] == [(6, True)]


def test_a_wrong_level_word_is_told_once_not_again_for_every_child() -> None:
    checked = check((PARK, replace(COMMUNITY, level="区"), GRID, MICRO))
    assert [p.line for p in checked.problems] == [3]


def test_lines_above_the_tree_are_skipped_and_counted() -> None:
    above = (UnitLine(2, "1301", "市", "city"), UnitLine(3, "130172", "区", "district", "1301"))
    checked = check((*above, replace(PARK, line=4, parent_code="130172")))
    assert checked.skipped == 2
    assert [unit.code for unit in checked.units] == ["130172100"]
    assert checked.problems == ()


def test_a_unit_stored_already_may_be_the_parent() -> None:
    known = {"130172100001001": Level.GRID}
    assert check([MICRO]).problems
    assert check([MICRO], known).problems == ()


def test_the_type_is_read_off_the_code_when_the_file_does_not_say() -> None:
    plant = replace(GRID, code="130172100001901")
    house = replace(MICRO, code="130172100001901001", parent_code=plant.code, households=None, enterprise="甲厂")
    units = check((PARK, COMMUNITY, plant, house)).units
    assert [unit.type for unit in units[2:]] == [UnitType.DEDICATED] * 2
    assert units[-1].enterprise == "甲厂"


def test_villages_and_towns_are_communities_and_parks() -> None:
    units = check((replace(PARK, level="town"), replace(COMMUNITY, level="village"))).units
    assert [unit.level for unit in units] == [Level.PARK, Level.COMMUNITY]


@given(
    st.lists(
        st.builds(
            UnitLine,
            line=st.integers(2, 99),
            code=st.text("0129x", max_size=19),
            name=st.text(max_size=3),
            level=st.sampled_from(["park", "community", "grid", "micro_grid", "city", "x", ""]),
            parent_code=st.text("0129", max_size=16),
            type=st.sampled_from(["", "territorial", "dedicated", "y"]),
            households=st.none() | st.integers(0, 20),
            enterprise=st.sampled_from(["", "甲"]),
        ),
        max_size=8,
    )
)
def test_whatever_is_written_either_makes_a_tree_or_says_why_not(lines: list[UnitLine]) -> None:
    checked = check(lines)
    assert not (checked.units and checked.problems)
    codes = {unit.code for unit in checked.units}
    assert len(codes) == len(checked.units)
    for unit in checked.units:
        assert _sound(unit)
        assert unit.parent is None or unit.parent in codes


def _sound(unit: GridUnit) -> bool:
    return len(unit.code) == code_length(unit.level) and bool(unit.name) and unit.path[-1] == unit.code
