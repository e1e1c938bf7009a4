"""Items of lists with the places of their cases, for what draws or exports them; WGS 84, in degrees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from models.tables import CASES

T = TypeVar("T")
#: The columns that `placed` needs besides those of an item.
PLACE_COLUMNS = (CASES.c.lat, CASES.c.lon)


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """An item with the place of its case: longitude and latitude, in this order; None where only a grid is known."""

    item: T
    place: tuple[float, float] | None


def placed(items: Sequence[T], rows: Sequence[Any]) -> tuple[Placed[T], ...]:
    """Return the items with the places of their rows, which have `PLACE_COLUMNS`."""
    return tuple(
        Placed(item, None if row.lat is None or row.lon is None else (row.lon, row.lat))
        for item, row in zip(items, rows, strict=True)
    )
