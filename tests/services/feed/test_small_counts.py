"""Which counts of small places are withheld, and that no sum gives one away."""

import pytest

from services.feed.small_counts import LEAST_COUNT, withheld


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"a": 0, "b": 0}, ""), ({"a": 5, "b": 12}, ""), ({"a": 1}, "a"), ({"a": 4, "b": 3, "c": 9}, "ab"),
        ({"a": 4, "b": 9, "c": 6}, "ac"), ({"a": 4, "b": 0, "c": 6}, "ac"), ({"a": 4, "b": 0, "c": 0}, "ab"), ({}, ""),
    ],
)  # fmt: skip
def test_a_small_count_is_withheld_and_one_beside_it(counts: dict[str, int], expected: str) -> None:
    hidden = withheld({place: {"n": count} for place, count in counts.items()})
    assert {place for place, _ in hidden} == set(expected)
    total, told = sum(counts.values()), [count for place, count in counts.items() if (place, "n") not in hidden]
    if len(counts) > 1 and hidden:
        assert len(counts) - len(told) > 1
    assert not [count for count in told if 0 < count < LEAST_COUNT]
    assert total >= sum(told)


def test_what_is_left_of_a_rate_is_withheld_as_well() -> None:
    counts = {"a": {"part": 8, "whole": 10}, "b": {"part": 10, "whole": 10}, "c": {"part": 10, "whole": 20}}
    hidden = withheld(counts, [("part", "whole")])
    assert hidden == {("a", "part"), ("b", "part")}
