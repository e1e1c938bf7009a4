"""The readings of a station over a time: a band from the least to the greatest value, its limits as lines across."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 8, 12, 22


@dataclass(frozen=True)
class Point:
    """The readings of a short time: their moment, least and greatest value."""

    at: datetime
    least: float
    greatest: float


@dataclass(frozen=True)
class Line:
    """A line across: a limit (`kind` limit), or the value at which a breach ends (`kind` clear). `name` says which."""

    value: float
    name: str
    kind: str


@dataclass(frozen=True)
class Tick:
    """A moment on the axis and what it is called."""

    at: datetime
    name: str


def curve(
    points: Sequence[Point],
    lines: Sequence[Line],
    ticks: Sequence[Tick],
    since: datetime,
    until: datetime,
    *,
    gap: float,
    label: str,
    width: int = 760,
    height: int = 220,
) -> Markup:
    """The chart. A time of more than `gap` seconds without readings leaves a gap. Hidden from screen readers, who get
    `label`; a table beside it says the same. Empty without points."""
    if not points:
        return Markup("")
    values = [*(p.least for p in points), *(p.greatest for p in points), *(line.value for line in lines)]
    least, most = min(values), max(values)
    room = (most - least) * 0.08 or abs(most) * 0.1 or 1.0
    least, most = least - room, most + room
    span = (until - since).total_seconds() or 1.0

    def x(at: datetime) -> float:
        return _LEFT + (at - since).total_seconds() / span * (width - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _TOP + (most - value) / (most - least) * (height - _TOP - _BOTTOM)

    drawn = [_axis(y, least, most, width), *(_tick(tick, x(tick.at), height) for tick in ticks)]
    drawn += [_across(line, y(line.value), width) for line in lines]
    for run in _runs(points, gap):
        upper = [f"{x(p.at):.1f},{y(p.greatest):.1f}" for p in run]
        lower = [f"{x(p.at):.1f},{y(p.least):.1f}" for p in reversed(run)]
        drawn.append(f'<polygon class="curve-band" points="{" ".join(upper + lower)}"/>')
        drawn.append(f'<polyline class="curve-line" points="{" ".join(upper)}"/>')
    return Markup(  # noqa: S704 every value in it is escaped or a number
        f'<p class="sr">{escape(label)}</p>'
        f'<svg class="curve" viewBox="0 0 {width} {height}" aria-hidden="true">{"".join(drawn)}</svg>'
    )


def _runs(points: Sequence[Point], gap: float) -> list[list[Point]]:
    """The points in pieces, each without a gap."""
    runs: list[list[Point]] = []
    for point in points:
        if runs and (point.at - runs[-1][-1].at).total_seconds() <= gap:
            runs[-1].append(point)
        else:
            runs.append([point])
    return runs


def _axis(y: Callable[[float], float], least: float, most: float, width: int) -> str:
    middle = (least + most) / 2
    return "".join(
        f'<line class="curve-grid" x1="{_LEFT}" x2="{width - _RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
        f'<text x="{_LEFT - 4}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.3g}</text>'
        for value in (least, middle, most)
    )


def _tick(tick: Tick, x: float, height: int) -> str:
    return (
        f'<line class="curve-grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{height - _BOTTOM}"/>'
        f'<text x="{x:.1f}" y="{height - 6}" text-anchor="middle">{escape(tick.name)}</text>'
    )


def _across(line: Line, y: float, width: int) -> str:
    end = width - _RIGHT
    return (
        f'<line class="curve-{escape(line.kind)}" x1="{_LEFT}" x2="{end}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="curve-name" x="{end - 2}" y="{y - 4:.1f}" text-anchor="end">{escape(line.name)}</text>'
    )
