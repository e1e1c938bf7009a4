"""English nouns after a number."""

import pytest

from models.english import counted


@pytest.mark.parametrize(
    ("number", "noun", "told"),
    [
        (1, "case", "1 case"), ("1", "case", "1 case"), (0, "case", "0 cases"), ("10000+", "case", "10000+ cases"),
        (2, "category", "2 categories"), (1, "category", "1 category"), (3, "day", "3 days"),
        (21, "open case", "21 open cases"),
    ],
)  # fmt: skip
def test_the_noun_follows_the_number(number: int | str, noun: str, told: str) -> None:
    assert counted(number, noun) == told


def test_a_plural_of_its_own() -> None:
    assert (counted(1, "person", "people"), counted(2, "person", "people")) == ("1 person", "2 people")
