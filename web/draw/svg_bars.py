"""Bar charts as SVG. Parts differ by colour and by pattern, so that they can be told apart in print.

Colours come from the classes `fill-…` of the style sheet. The patterns are defined once per page, by `pattern_defs()`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

#: The drawing of each pattern over its colour, in a square of 8 × 8: lights first, then other series.
_PATTERNS = {
    "red": '<path d="M0 0L8 8M8 0L0 8" stroke="#fff" stroke-width="1.4"/>',
    "yellow": '<path d="M-2 6L6 -2M2 10L10 2" stroke="#fff" stroke-width="1.6"/>',
    "green": '<circle cx="4" cy="4" r="1.3" fill="#fff"/>',
    "grey": '<path d="M4 0V8" stroke="#fff" stroke-width="1.4"/>',
    "plain": "",
}


@dataclass(frozen=True)
class Part:
    """One part of a bar. `kind` names its pattern and its class `fill-…`."""

    kind: str
    value: float
    title: str = ""


def pattern_defs() -> Markup:
    """The definitions of all patterns, needed once on a page with bars or maps."""
    content = "".join(
        f'<pattern id="p-{name}" width="8" height="8" patternUnits="userSpaceOnUse">{inner}</pattern>'
        for name, inner in _PATTERNS.items()
    )
    return Markup(f'<svg class="defs" width="0" height="0" aria-hidden="true"><defs>{content}</defs></svg>')  # noqa: S704 every value in it is escaped or a number


def stacked_bar(parts: Sequence[Part], most: float, *, width: int = 240, height: int = 16) -> Markup:
    """A bar of parts side by side; a sum of `most` fills the width. Hidden from screen readers: the numbers stand
    beside it.

    A part above zero is at least two pixels wide. Raises ValueError for a negative part.
    """
    if any(part.value < 0 for part in parts):
        raise ValueError("a part of a bar must not be negative")
    shapes, x = [], 0.0
    for part in parts:
        if not part.value or not most:
            continue
        wide = max(2.0, part.value / most * width)
        box = f'x="{x:.1f}" y="0" width="{wide:.1f}" height="{height}"'
        title = f"<title>{escape(part.title)}</title>" if part.title else ""
        shapes.append(f'<g>{title}<rect class="fill-{part.kind}" {box}/><rect fill="url(#p-{part.kind})" {box}/></g>')
        x += wide
    return Markup(  # noqa: S704 every value in it is escaped or a number
        f'<svg class="bar" viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="bar-ground" width="{width}" height="{height}"/>{"".join(shapes)}</svg>'
    )


def column_chart(values: Iterable[tuple[str, float]], *, width: int = 640, height: int = 160) -> Markup:
    """Columns with their labels underneath. Hidden from screen readers: a table stands beside it."""
    items = list(values)
    most = max((value for _, value in items), default=0) or 1
    step = width / max(len(items), 1)
    room = height - 22
    shapes = []
    for index, (label, value) in enumerate(items):
        bar_height = value / most * (room - 16)
        x, y = index * step + step * 0.15, room - bar_height
        middle = index * step + step / 2
        shapes.append(
            f'<rect class="fill-plain" x="{x:.1f}" y="{y:.1f}" width="{step * 0.7:.1f}" height="{bar_height:.1f}"/>'
            f'<text x="{middle:.1f}" y="{y - 4:.1f}" text-anchor="middle">{value:g}</text>'
            f'<text x="{middle:.1f}" y="{height - 6}" text-anchor="middle">{escape(label)}</text>'
        )
    return Markup(  # noqa: S704 every value in it is escaped or a number
        f'<svg class="columns-drawn" viewBox="0 0 {width} {height}" aria-hidden="true">{"".join(shapes)}</svg>'
    )
