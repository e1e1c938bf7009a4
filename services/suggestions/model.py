"""A trained model: what it suggests for a text, with which certainty, and the words that speak for it."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.suggestions import Target
from services.suggestions.features import Read, category_feature, grams, grid_feature

Floats = NDArray[np.float32]
#: The share of the strength of the strongest place that a word must have, how many words are told, and how long one is.
_STRONG, MOST_WORDS, LONGEST_WORD = 0.3, 3, 16
#: How much the category and the unit of a case weigh beside its words, whose weights have the length 1.
CONTEXT_WEIGHT = 0.5


@dataclass(frozen=True)
class Head:
    """What is learnt of one target: a weight for each feature and value (`weights`: features by values), one for each
    value alone, and the temperature by which the certainty is calibrated."""

    target: Target
    values: tuple[str, ...]
    weights: Floats
    alone: Floats
    temperature: float


@dataclass(frozen=True)
class Guess:
    """A value with its certainty, 0 … 1."""

    value: str
    certainty: float


@dataclass(frozen=True)
class Context:
    """What is known of a case besides its words."""

    category: str | None = None
    grid: str | None = None


@dataclass(frozen=True)
class Model:
    """The model of one park. `features`: texts of characters, and what `Context` says; `rarity`: the weight of each."""

    features: tuple[str, ...]
    rarity: Floats
    heads: tuple[Head, ...]

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The number of each feature."""
        return {feature: place for place, feature in enumerate(self.features)}

    def head(self, target: Target) -> Head | None:
        """Return what is learnt of that target; None when nothing is."""
        return next((one for one in self.heads if one.target is target), None)

    def guess(
        self, target: Target, read: Read, context: Context, allowed: Collection[str] | None = None
    ) -> tuple[Guess, ...]:
        """Return the values, the likeliest first; none when nothing of the text is known.

        `allowed`: the values that may be suggested (None: all). The certainty of the others is not given to them.
        """
        head = self.head(target)
        places, strengths = self._vector(target, read, context)
        if head is None or not len(places):
            return ()
        scores = (strengths @ head.weights[places] + head.alone) / head.temperature
        chances = np.exp(scores - scores.max())
        chances /= chances.sum()
        order = np.argsort(-chances, kind="stable")
        guesses = (Guess(head.values[place], float(chances[place])) for place in order)
        return tuple(one for one in guesses if allowed is None or one.value in allowed)

    def words_for(self, target: Target, value: str, read: Read) -> tuple[str, ...]:
        """Return the words of the text that speak most for that value, in the order of their strength."""
        head = self.head(target)
        if head is None or value not in head.values:
            return ()
        column = head.values.index(value)
        known = [(one, self.places[one.text]) for one in grams(read.form) if one.text in self.places]
        if not known:
            return ()
        rows = np.array([place for _, place in known])
        others = (head.weights[rows].sum(axis=1) - head.weights[rows, column]) / max(1, len(head.values) - 1)
        speaks = (head.weights[rows, column] - others) * self.rarity[rows]
        strength = np.zeros(len(read.form), dtype=np.float64)
        for (gram, _), each in zip(known, speaks, strict=True):
            strength[gram.start : gram.end] += each / (gram.end - gram.start)
        return _strongest(read, strength)

    def _vector(self, target: Target, read: Read, context: Context) -> tuple[NDArray[np.int64], Floats]:
        """Return the numbers of the features of a case and their weights."""
        counts = Counter(place for one in grams(read.form) if (place := self.places.get(one.text)) is not None)
        places = list(counts)
        weights = [(1 + math.log(counts[place])) * float(self.rarity[place]) for place in places]
        length = math.sqrt(sum(weight * weight for weight in weights)) or 1.0
        strengths = [weight / length for weight in weights]
        if not places:
            return np.array([], dtype=np.int64), np.array([], dtype=np.float32)
        for feature in context_features(target, context):
            if feature in self.places:
                places.append(self.places[feature])
                strengths.append(CONTEXT_WEIGHT)
        return np.array(places, dtype=np.int64), np.array(strengths, dtype=np.float32)


def context_features(target: Target, context: Context) -> list[str]:
    """Return the features of what is known besides the words, as far as that target may use it."""
    known: list[str] = []
    if target is not Target.CATEGORY and context.category is not None:
        known.append(category_feature(context.category))
    if target is Target.HOST and context.grid is not None:
        known.append(grid_feature(context.grid))
    return known


def _strongest(read: Read, strength: NDArray[np.float64]) -> tuple[str, ...]:
    """Return the runs of strong places, a whole word of letters each time, the strongest first and each once."""
    least = float(strength.max()) * _STRONG
    if least <= 0:
        return ()
    found: dict[str, float] = {}
    for start, end in _runs(read, strength, least):
        word = read.shown[start:end].strip()
        if word and len(word) <= LONGEST_WORD:
            found[word] = max(found.get(word, 0.0), float(strength[start:end].sum()))
    return tuple(sorted(found, key=lambda word: -found[word])[:MOST_WORDS])


def _runs(read: Read, strength: NDArray[np.float64], least: float) -> Sequence[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    place, end = 0, len(read.form)
    while place < end:
        if strength[place] < least or read.form[place] == " ":
            place += 1
            continue
        start = place
        while place < end and strength[place] >= least and read.form[place] != " ":
            place += 1
        while start > 0 and _joined(read.form, start - 1):
            start -= 1
        while place < end and _joined(read.form, place - 1):
            place += 1
        runs.append((start, place))
    return runs


def _joined(form: str, place: int) -> bool:
    """Return whether the character and the next belong to one word of letters."""
    return place + 1 < len(form) and all(one.isascii() and one != " " for one in form[place : place + 2])
