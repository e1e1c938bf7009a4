"""Draw bar charts as SVG without scripts; every bar has a letter and a figure, so that colour never stands alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

#: Widths and heights in SVG user units, which are CSS pixels at full size.
_WIDTH, _LABEL, _FIGURE = 760, 210, 150
_BAR, _GAP, _TOP = 15, 12, 4
_SPAN = _WIDTH - _LABEL - _FIGURE
#: One colour per policy, each with a pattern. They differ in lightness too, for print and for the colour-blind.
FILLS = ("#1f4e79", "#e0a030", "#5b8c5a", "#b0b0b0")


@dataclass(frozen=True)
class Bar:
    """One policy's bar: its length, and the figure beside it."""

    letter: str
    value: float
    figure: str


@dataclass(frozen=True)
class Row:
    """What is counted, in both languages, with a bar per policy."""

    name_zh: str
    name_en: str
    bars: tuple[Bar, ...]


def draw_bar_chart(title: str, rows: Sequence[Row]) -> Markup:
    """Return a horizontal bar chart; without rows it is empty."""
    longest = max((bar.value for row in rows for bar in row.bars), default=0) or 1
    parts: list[Markup] = []
    y = _TOP
    for row in rows:
        height = max(len(row.bars) * _BAR, 2 * _BAR)
        parts.append(_label(row, y + height / 2))
        start = y + (height - len(row.bars) * _BAR) / 2
        parts += [_bar(bar, place, start + place * _BAR, longest) for place, bar in enumerate(row.bars)]
        y += height + _GAP
    height = max(y - _GAP + _TOP, _BAR)
    axis = Markup('<line x1="{x}" y1="0" x2="{x}" y2="{y}" class="axis"/>').format(x=_LABEL, y=height)
    head = Markup(
        '<svg viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-label="{title}" class="chart">{defs}'
    ).format(w=_WIDTH, h=height, title=title, defs=_patterns())
    return head + Markup("").join(parts) + axis + Markup("</svg>")


def draw_legend(letters: Sequence[str]) -> Sequence[tuple[str, Markup]]:
    """Return a swatch per policy."""
    swatch = Markup('<svg width="26" height="14" aria-hidden="true">{}<rect {} width="26" height="14"/></svg>')
    return [(letter, swatch.format(_patterns(), _fill(place))) for place, letter in enumerate(letters)]


def _label(row: Row, middle: float) -> Markup:
    text = Markup('<text x="{x}" y="{y}" class="{css}">{text}</text>')
    zh, en = _cut(row.name_zh, 30), _cut(row.name_en, 34)
    if row.name_en == row.name_zh:
        return text.format(x=_LABEL - 8, y=_round(middle + 4), css="zh", text=zh)
    upper = text.format(x=_LABEL - 8, y=_round(middle - 3), css="zh", text=zh)
    return upper + text.format(x=_LABEL - 8, y=_round(middle + 11), css="en", text=en)


def _bar(bar: Bar, place: int, y: float, longest: float) -> Markup:
    width = max(bar.value / longest * _SPAN, 1 if bar.value else 0)
    return Markup(
        '<rect x="{x}" y="{y}" width="{w}" height="{h}" {fill}/><text x="{tx}" y="{ty}" class="figure">{text}</text>'
    ).format(
        x=_LABEL, y=_round(y + 1), w=_round(width), h=_BAR - 2, fill=_fill(place),
        tx=_round(_LABEL + width + 6), ty=_round(y + _BAR - 3.5), text=f"{bar.letter}  {bar.figure}",
    )  # fmt: skip


def _fill(place: int) -> Markup:
    if place == 0:
        return Markup('fill="{}"').format(FILLS[0])
    return Markup('fill="url(#p{})" stroke="{}"').format(place, _EDGES[place])


_EDGES = ("#1f4e79", "#8a5a00", "#2f5a2e", "#555555")


def _patterns() -> Markup:
    """Return stripes, dots and a cross-hatch, for the second to the fourth policy."""
    return Markup(
        '<defs><pattern id="p1" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="6" height="6" fill="{one}"/><rect width="2" height="6" fill="{edge1}"/></pattern>'
        '<pattern id="p2" width="5" height="5" patternUnits="userSpaceOnUse"><rect width="5" height="5" fill="{two}"/>'
        '<circle cx="2.5" cy="2.5" r="1.2" fill="#ffffff"/></pattern>'
        '<pattern id="p3" width="6" height="6" patternUnits="userSpaceOnUse">'
        '<rect width="6" height="6" fill="{three}"/><path d="M0 0H6M0 0V6" stroke="#555555" stroke-width="1.4"/>'
        "</pattern></defs>"
    ).format(one=FILLS[1], edge1=_EDGES[1], two=FILLS[2], three=FILLS[3])


def _cut(text: str, width: int) -> str:
    """Return as much of a text as fits, wide characters counting twice."""
    used = 0
    for place, char in enumerate(text):
        used += 2 if ord(char) > 0x2E7F else 1
        if used > width:
            return text[: max(place - 1, 1)] + "…"
    return text


def _round(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
