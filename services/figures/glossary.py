"""The definitions of figures and indicators, for the doors."""

from services.figures.definitions import FIGURES
from services.figures.indicators import INDICATORS
from services.figures.views import Definitions, FigureView, IndicatorView


def definitions(language: str) -> Definitions:
    """Return every figure and indicator, in the reader's language."""
    return Definitions(
        figures=tuple(
            FigureView(key=f.key, name=f.name(language), means=f.means(language), timed=f.timed)
            for f in FIGURES.values()
        ),
        indicators=tuple(
            IndicatorView(
                key=i.key,
                name=i.name(language),
                formula=i.formula(language),
                numerator=i.numerator,
                denominator=i.denominator,
                source=i.source,
            )
            for i in INDICATORS.values()
        ),
    )
