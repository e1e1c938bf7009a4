"""Bars as SVG: parts of a whole side by side, told apart by colour and by pattern, so that print shows them too.

Colours come from the classes `fill-…` of the style sheet. The patterns are defined once a page, by `patterns()`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

#: What each pattern draws over its colour, in a square of eight: lights first, then other series.
_PATTERNS = {
    "red": '<path d="M0 0L8 8M8 0L0 8" stroke="#fff" stroke-width="1.4"/>',
    "yellow": '<path d="M-2 6L6 -2M2 10L10 2" stroke="#fff" stroke-width="1.6"/>',
    "green": '<circle cx="4" cy="4" r="1.3" fill="#fff"/>',
    "grey": '<path d="M4 0V8" stroke="#fff" stroke-width="1.4"/>',
    "plain": "",
}


@dataclass(frozen=True)
class Part:
    """One part of a bar: what kind (a name of a pattern and of a class `fill-…`), how much, and what it is called."""

    kind: str
    value: float
    title: str = ""


def pattern_defs() -> Markup:
    """The definitions of all patterns, to be put once on a page that draws bars or maps."""
    made = "".join(
        f'<pattern id="p-{name}" width="8" height="8" patternUnits="userSpaceOnUse">{inner}</pattern>'
        for name, inner in _PATTERNS.items()
    )
    return Markup(f'<svg class="defs" width="0" height="0" aria-hidden="true"><defs>{made}</defs></svg>')


def stacked_bar(parts: Sequence[Part], most: float, *, width: int = 240, height: int = 16) -> Markup:
    """A bar whose parts lie side by side; `most` fills the whole width. For the eye only: the numbers stand beside it.

    A part that is more than nothing is at least two pixels wide. Raises ValueError for a negative part.
    """
    if any(part.value < 0 for part in parts):
        raise ValueError("a part of a bar is not below nothing")
    shapes, x = [], 0.0
    for part in parts:
        if not part.value or not most:
            continue
        wide = max(2.0, part.value / most * width)
        box = f'x="{x:.1f}" y="0" width="{wide:.1f}" height="{height}"'
        title = f"<title>{escape(part.title)}</title>" if part.title else ""
        shapes.append(f'<g>{title}<rect class="fill-{part.kind}" {box}/><rect fill="url(#p-{part.kind})" {box}/></g>')
        x += wide
    return Markup(
        f'<svg class="bar" viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="bar-ground" width="{width}" height="{height}"/>{"".join(shapes)}</svg>'
    )


def column_chart(values: Iterable[tuple[str, float]], *, width: int = 640, height: int = 160) -> Markup:
    """Columns side by side, each with its label underneath. For the eye only: a table stands beside it."""
    known = list(values)
    most = max((value for _, value in known), default=0) or 1
    step = width / max(len(known), 1)
    room = height - 22
    shapes = []
    for place, (label, value) in enumerate(known):
        tall = value / most * (room - 16)
        x, y = place * step + step * 0.15, room - tall
        middle = place * step + step / 2
        shapes.append(
            f'<rect class="fill-plain" x="{x:.1f}" y="{y:.1f}" width="{step * 0.7:.1f}" height="{tall:.1f}"/>'
            f'<text x="{middle:.1f}" y="{y - 4:.1f}" text-anchor="middle">{value:g}</text>'
            f'<text x="{middle:.1f}" y="{height - 6}" text-anchor="middle">{escape(label)}</text>'
        )
    return Markup(
        f'<svg class="columns-drawn" viewBox="0 0 {width} {height}" aria-hidden="true">{"".join(shapes)}</svg>'
    )
