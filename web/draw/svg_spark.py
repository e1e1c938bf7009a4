"""Sparklines: a series of numbers as a small line chart."""

from collections.abc import Sequence

from markupsafe import Markup


def sparkline(values: Sequence[float], *, width: int = 120, height: int = 28, kind: str = "plain") -> Markup:
    """The numbers as a line with a dot on the last. Hidden from screen readers; empty for fewer than two numbers."""
    if len(values) < 2:
        return Markup("")
    most, least = max(values), min(0.0, *values)
    span = (most - least) or 1
    edge = 3
    step = (width - 2 * edge) / (len(values) - 1)
    points = [
        (edge + place * step, height - edge - (value - least) / span * (height - 2 * edge))
        for place, value in enumerate(values)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return Markup(  # noqa: S704 every value in it is escaped or a number
        f'<svg class="spark" viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-hidden="true">'
        f'<polyline class="line-{kind}" points="{line}" fill="none"/>'
        f'<circle class="fill-{kind}" cx="{x:.1f}" cy="{y:.1f}" r="2.4"/></svg>'
    )
