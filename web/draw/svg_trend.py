"""The last days as a chart: reports as columns, closings as a line. Each column links to the cases of its day."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_TOP, _BOTTOM = 14, 18


@dataclass(frozen=True)
class Day:
    """One day: its short name, what was reported and closed, the link to its reports, and a title that says all."""

    name: str
    reported: int
    closed: int
    href: str
    title: str


def trend(days: Sequence[Day], label: str, *, width: int = 520, height: int = 110) -> Markup:
    """The chart, after a text for those who do not see it: `label` says the same. Empty without days."""
    if not days:
        return Markup("")
    most = max(1, *(max(day.reported, day.closed) for day in days))
    step, floor = width / len(days), height - _BOTTOM

    def y(value: int) -> float:
        return floor - value / most * (floor - _TOP)

    columns = "".join(
        f'<a href="{escape(day.href)}" tabindex="-1"><title>{escape(day.title)}</title>'
        f'<rect class="trend-room" x="{at * step:.1f}" y="0" width="{step:.1f}" height="{height}"/>'
        f'<rect class="fill-plain" x="{at * step + step * 0.2:.1f}" y="{y(day.reported):.1f}" width="{step * 0.6:.1f}"'
        f' height="{floor - y(day.reported):.1f}"/>'
        f'<text x="{(at + 0.5) * step:.1f}" y="{y(day.reported) - 3:.1f}">{day.reported}</text>'
        f'<text x="{(at + 0.5) * step:.1f}" y="{height - 5}">{escape(day.name)}</text></a>'
        for at, day in enumerate(days)
    )
    line = " ".join(f"{(at + 0.5) * step:.1f},{y(day.closed):.1f}" for at, day in enumerate(days))
    return Markup(  # noqa: S704 every value in it is escaped or a number
        f'<p class="sr">{escape(label)}</p>'
        f'<svg class="trend" viewBox="0 0 {width} {height}" aria-hidden="true">{columns}'
        f'<polyline class="trend-line" points="{line}"/></svg>'
    )
