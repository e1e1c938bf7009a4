"""Items of lists with the places (WGS 84, in degrees) and answers of their cases, for what draws or exports them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from models.tables import CASES
from models.views import AnswerView

T = TypeVar("T")
#: The columns that `placed` needs besides those of an item.
PLACE_COLUMNS = (CASES.c.lat, CASES.c.lon)


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """An item with the place of its case: longitude and latitude, in this order; None where only a grid is known.

    `answers`: those to the questions of its category, as the reader may read them.
    """

    item: T
    place: tuple[float, float] | None
    answers: tuple[AnswerView, ...] = ()


def placed(items: Sequence[T], rows: Sequence[Any], answers: Sequence[tuple[AnswerView, ...]]) -> tuple[Placed[T], ...]:
    """Return the items with the places of their rows, which have `PLACE_COLUMNS`, and with the answers of each."""
    return tuple(
        Placed(item, None if row.lat is None or row.lon is None else (row.lon, row.lat), given)
        for item, row, given in zip(items, rows, answers, strict=True)
    )
