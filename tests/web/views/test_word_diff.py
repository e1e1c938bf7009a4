"""What two reports say alike and what only one of them says."""

import pytest

from web.views.case.word_diff import Piece, compare_words


@pytest.mark.parametrize(
    ("one", "other", "left", "right"),
    [
        ("井盖缺失", "井盖不见了", (("井盖", True), ("缺失", False)), (("井盖", True), ("不见了", False))),
        ("same", "same", (("same", True),), (("same", True),)),
        ("", "新", (), (("新", False),)),
        ("No 12 gate", "No 13 gate",
         (("No ", True), ("12", False), (" gate", True)), (("No ", True), ("13", False), (" gate", True))),
    ],
)  # fmt: skip
def test_pieces(one: str, other: str, left: tuple[Piece, ...], right: tuple[Piece, ...]) -> None:
    assert compare_words(one, other) == (left, right)


def test_long_texts_are_compared_by_their_beginnings() -> None:
    left, _ = compare_words("甲乙丙丁" * 3_000, "丁丙乙甲" * 3_000)
    assert sum(len(text) for text, _ in left) == 600
