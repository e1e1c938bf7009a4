"""Withhold small counts of small places: who knows the place could tell from them who is meant.

The threshold and the method are our choice, after the usual practice of statistical offices: a count of 1 … 4 is
withheld, and where a sum would give it away, the next smallest one beside it as well.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

#: Counts from this one on are told.
LEAST_COUNT = 5

P = TypeVar("P", bound=Hashable)
C = TypeVar("C", bound=Hashable)


def withheld(counts: Mapping[P, Mapping[C, int]], parts: Sequence[tuple[C, C]] = ()) -> set[tuple[P, C]]:
    """Return which counts are withheld, of the places of one sum. Each place has the same counts.

    `parts`: pairs of which the first is a part of the second: one is withheld as well where the rest of it is small.
    """
    hidden: set[tuple[P, C]] = set()
    names = list(next(iter(counts.values()), {}))
    for place, own in counts.items():
        hidden |= {(place, name) for name in names if 0 < own[name] < LEAST_COUNT}
        hidden |= {(place, part) for part, whole in parts if 0 < own[whole] - own[part] < LEAST_COUNT}
    for name in names:
        alone = [place for place in counts if (place, name) in hidden]
        others = sorted(
            (place for place in counts if (place, name) not in hidden), key=lambda place: counts[place][name]
        )
        if len(alone) == 1 and others:
            beside = next((place for place in others if counts[place][name] > 0), others[0])
            hidden.add((beside, name))
    return hidden
