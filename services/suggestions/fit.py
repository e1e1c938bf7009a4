"""The training: learns from examples, and says on the newest of them how often it would have been right.

Only here scikit-learn is used; it is imported when something is learnt, in a process of its own (`fit_process`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from models.base import Frozen
from models.suggestions import Band, ModelFigures, Target, TargetFigures
from services.suggestions.features import Read, gram_texts
from services.suggestions.model import CONTEXT_WEIGHT, Context, Floats, Head, Model, context_features

#: In how many cases a feature must occur, and how many features are kept (our choice): what occurs in fewer could tell
#: of one person's case.
LEAST_CASES, MOST_FEATURES = 5, 20_000
#: In how many cases a value must occur to be learnt.
LEAST_OF_VALUE = 5
#: How strongly weights may grow (scikit-learn's C).
STRENGTH = 10.0
#: The parts of the cases, the oldest first: to learn from, to calibrate by; the rest tests.
LEARN, CALIBRATE = 0.6, 0.2
#: The bounds of the bands of certainty.
BANDS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


class Example(Frozen):
    """A closed case: its text in the form of `features.Read`, and what it came to. `rule_host`: what the rules gave."""

    form: str
    category: str | None = None
    severity: str | None = None
    host: str | None = None
    grid: str | None = None
    rule_host: str | None = None

    def value(self, target: Target) -> str | None:
        """Return what the case came to."""
        return {Target.CATEGORY: self.category, Target.SEVERITY: self.severity, Target.HOST: self.host}[target]

    @property
    def context(self) -> Context:
        """What was known besides the text."""
        return Context(self.category, self.grid)


@dataclass(frozen=True)
class Fitted:
    """A model and its figures."""

    model: Model
    figures: ModelFigures


def fit(examples: Sequence[Example], certainty: float) -> Fitted | None:
    """Return the model of the examples, which come in the order of time, and its held-out figures; None when there is
    nothing to learn: no target has two values with enough cases.

    The model has learnt from all examples; the figures are those of one that had not seen the newest.
    """
    figures: list[TargetFigures] = []
    temperatures: dict[Target, float] = {}
    for target in Target:
        measured = _measure(examples, target, certainty)
        if measured is not None:
            temperatures[target], told = measured
            figures.append(told)
    if not figures:
        return None
    return Fitted(_learn(examples, temperatures), ModelFigures(targets=tuple(figures)))


def _measure(examples: Sequence[Example], target: Target, certainty: float) -> tuple[float, TargetFigures] | None:
    """Return the temperature of a target, and its held-out figures."""
    known = [one for one in examples if one.value(target) is not None]
    learnt, middle = round(len(known) * LEARN), round(len(known) * (LEARN + CALIBRATE))
    oldest, calibrating, newest = known[:learnt], known[learnt:middle], known[middle:]
    if not newest or not calibrating or len(_values(oldest, target)) < 2:
        return None
    model = _learn(oldest, {target: 1.0})
    temperature = _temperature(model, calibrating, target)
    head = model.heads[0]
    calibrated = Model(
        model.features, model.rarity, (Head(target, head.values, head.weights, head.alone, temperature),)
    )
    return temperature, _figures(calibrated, oldest, calibrating, newest, target, certainty)


def _values(examples: Sequence[Example], target: Target) -> list[str]:
    counts = Counter(one.value(target) for one in examples)
    return sorted(value for value, count in counts.items() if value is not None and count >= LEAST_OF_VALUE)


def _learn(examples: Sequence[Example], temperatures: dict[Target, float]) -> Model:
    from scipy.sparse import csr_matrix, hstack
    from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
    from sklearn.linear_model import LogisticRegression

    counter = CountVectorizer(analyzer=gram_texts, min_df=LEAST_CASES, max_features=MOST_FEATURES)
    counts = counter.fit_transform(one.form for one in examples)
    weighing = TfidfTransformer(sublinear_tf=True)
    words: Any = weighing.fit_transform(counts)
    texts = [str(one) for one in counter.get_feature_names_out()]
    around = sorted({one for each in examples for one in context_features(Target.HOST, each.context)})
    places = {feature: place for place, feature in enumerate(around)}
    heads: list[Head] = []
    for target, temperature in temperatures.items():
        values = _values(examples, target)
        rows = np.array([place for place, one in enumerate(examples) if one.value(target) in set(values)])
        pairs = [
            (line, places[feature])
            for line, row in enumerate(rows)
            for feature in context_features(target, examples[row].context)
        ]
        lines, columns = ([one[0] for one in pairs], [one[1] for one in pairs])
        beside = csr_matrix((np.full(len(pairs), CONTEXT_WEIGHT), (lines, columns)), shape=(len(rows), len(around)))
        linear = LogisticRegression(C=STRENGTH, max_iter=300)
        linear.fit(hstack([words[rows], beside]).tocsr(), [examples[row].value(target) for row in rows])
        heads.append(_head(target, linear, temperature))
    rarity = np.concatenate([weighing.idf_, np.ones(len(around))]).astype(np.float32)
    return Model((*texts, *around), rarity, tuple(heads))


def _head(target: Target, linear: Any, temperature: float) -> Head:
    weights, alone = linear.coef_, linear.intercept_
    if len(linear.classes_) == 2:  # one column of weights stands for both values
        weights, alone = np.vstack([-weights, weights]) / 2, np.concatenate([-alone, alone]) / 2
    kept: Floats = np.ascontiguousarray(weights.T, dtype=np.float32)
    return Head(target, tuple(map(str, linear.classes_)), kept, alone.astype(np.float32), temperature)


def _temperature(model: Model, examples: Sequence[Example], target: Target) -> float:
    """Return the temperature under which the certainties of these cases are most likely true."""
    from scipy.optimize import minimize_scalar

    logs: list[Floats] = []
    rights: list[int] = []
    values = model.heads[0].values
    for one in examples:
        guesses = {each.value: each.certainty for each in model.guess(target, _read(one), one.context)}
        if guesses and one.value(target) in guesses:
            logs.append(np.log(np.maximum([guesses[value] for value in values], 1e-12)).astype(np.float32))
            rights.append(values.index(str(one.value(target))))
    if not logs:
        return 1.0
    scores, right = np.array(logs, dtype=np.float64), np.array(rights)

    def loss(log_temperature: float) -> float:
        cooled = scores / np.exp(log_temperature)
        cooled -= cooled.max(axis=1, keepdims=True)
        chances = cooled - np.log(np.exp(cooled).sum(axis=1, keepdims=True))
        return float(-chances[np.arange(len(right)), right].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def _figures(
    model: Model,
    oldest: Sequence[Example],
    calibrating: Sequence[Example],
    newest: Sequence[Example],
    target: Target,
    certainty: float,
) -> TargetFigures:
    usual = Counter(one.value(target) for one in oldest).most_common(1)[0][0]
    first = among_three = covered = covered_right = 0
    bands = [[0, 0] for _ in BANDS[1:]]
    for one in newest:
        guesses = model.guess(target, _read(one), one.context)
        value = one.value(target)
        if not guesses:
            continue
        right = guesses[0].value == value
        first += right
        among_three += any(each.value == value for each in guesses[:3])
        band = bands[_band(guesses[0].certainty)]
        band[0] += 1
        band[1] += right
        if guesses[0].certainty >= certainty:
            covered += 1
            covered_right += right
    by_rule = None
    if target is Target.HOST and any(one.rule_host for one in newest):
        by_rule = sum(one.rule_host == one.host for one in newest)
    frequent = sum(one.value(target) == usual for one in newest)
    return TargetFigures(
        target=target, values=len(model.heads[0].values), learnt=len(oldest), calibrated=len(calibrating),
        tested=len(newest), first=first, among_three=among_three, frequent=frequent, by_rule=by_rule,
        certainty=certainty, covered=covered, covered_right=covered_right,
        bands=tuple(
            Band(low=low, high=high, shown=shown, right=right)
            for (low, high), (shown, right) in zip(pairwise(BANDS), bands, strict=True)
        ),
        speaks=covered > 0 and covered_right >= certainty * covered and first > max(frequent, by_rule or 0),
    )  # fmt: skip


def _band(certainty: float) -> int:
    return next((place for place, high in enumerate(BANDS[1:]) if certainty < high), len(BANDS) - 2)


def _read(example: Example) -> Read:
    return Read(example.form, example.form)
