"""The timeline of a case as SVG: a lane for each party, the clock above, the future at the end.

Pure: the same input gives the same text. Colours are classes, so that print and large type can change them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from markupsafe import Markup, escape

LEFT, RIGHT, TOP = 76, 12, 26
BAND, LANE = 20, 28
#: The smallest share of the width for the time between two events.
MIN_SHARE = 0.025


@dataclass(frozen=True)
class Event:
    """An event of the case, or a forecast one (`ahead`). `title` is its tooltip, `href` its link."""

    at: datetime
    lane: str
    title: str
    href: str
    ahead: bool = False
    weighty: bool = False


@dataclass(frozen=True)
class Band:
    """An interval of a clock. `state`: `running`, `stopped`, `overdue` or `ahead`. `end` is after `start`."""

    start: datetime
    end: datetime
    state: str
    title: str


@dataclass(frozen=True)
class Drawing:
    """The content of a timeline: lanes (code, name), bands of the clock, events, and the current moment.

    `whole_bands`: those of the clock of the whole case, in a row of their own named `whole`, where there is one.
    """

    lanes: Sequence[tuple[str, str]]
    clock: str
    bands: Sequence[Band]
    events: Sequence[Event]
    now: datetime
    now_word: str
    label: str
    whole: str = ""
    whole_bands: Sequence[Band] = ()

    @property
    def top(self) -> int:
        """Where the lanes begin, below the clocks."""
        return TOP + BAND * (2 if self.whole_bands else 1) + 10


class Scale:
    """Maps moments to pixels. Intervals are scaled by their square root and have a minimum share of the width, so that
    events within a minute stay distinct beside events days apart."""

    def __init__(self, moments: Iterable[datetime], width: float) -> None:
        self._marks = sorted(set(moments))
        roots = [(b - a).total_seconds() ** 0.5 for a, b in pairwise(self._marks)]
        least = MIN_SHARE * sum(roots)
        parts = [max(root, least) for root in roots]
        whole = sum(parts) or 1.0
        self._places: list[float] = [LEFT]
        for part in parts:
            self._places.append(self._places[-1] + part / whole * (width - LEFT - RIGHT))

    def __call__(self, moment: datetime) -> float:
        """The x position of a moment; moments outside are placed at the edge."""
        if moment <= self._marks[0]:
            return round(self._places[0], 1)
        for i, (a, b) in enumerate(pairwise(self._marks)):
            if moment <= b:
                part = (moment - a) / (b - a)
                return round(self._places[i] + part * (self._places[i + 1] - self._places[i]), 1)
        return round(self._places[-1], 1)

    def days(self) -> list[datetime]:
        """The midnights (in the zone of the first mark) that lie between the marks, at most 60."""
        midnight = self._marks[0].replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        midnights: list[datetime] = []
        while midnight < self._marks[-1] and len(midnights) < 60:
            midnights.append(midnight)
            midnight += timedelta(days=1)
        return midnights


def draw_timeline(drawing: Drawing, width: int = 640) -> Markup:
    """The timeline as SVG with classes and no styles; every event is a link with a title."""
    moments = [drawing.now, *(event.at for event in drawing.events)]
    moments += [moment for band in (*drawing.bands, *drawing.whole_bands) for moment in (band.start, band.end)]
    if len(set(moments)) < 2:
        moments.append(drawing.now + timedelta(hours=1))
    scale = Scale(moments, width)
    height = drawing.top + LANE * len(drawing.lanes) + 14
    parts = [
        f'<svg class="timeline" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="group"'
        f' aria-label="{escape(drawing.label)}">',
        '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect class="hatch-ground" width="6" height="6"/><rect class="hatch-line" width="2" height="6"/></pattern>'
        "</defs>",
        *_days(scale, height),
        *_clock(drawing.clock, drawing.bands, TOP, scale),
        *(_clock(drawing.whole, drawing.whole_bands, TOP + BAND, scale) if drawing.whole_bands else ()),
        *_lanes(drawing, scale, width),
        *_now(drawing, scale, height),
        "</svg>",
    ]
    return Markup("".join(parts))  # noqa: S704 every value in it is escaped or a number


def _days(scale: Scale, height: int) -> Iterable[str]:
    last = -99.0
    for day in scale.days():
        x = scale(day)
        yield f'<line class="t-day" x1="{x}" y1="{TOP - 6}" x2="{x}" y2="{height}"/>'
        if x - last > 40:
            last = x
            yield f'<text class="t-date" x="{x + 2}" y="{TOP - 10}">{day:%m-%d}</text>'


def _clock(name: str, bands: Iterable[Band], top: int, scale: Scale) -> Iterable[str]:
    yield f'<text class="t-lane" x="0" y="{top + 14}">{escape(name)}</text>'
    for band in bands:
        x, end = scale(band.start), scale(band.end)
        fill = ' fill="url(#hatch)"' if band.state == "stopped" else ""
        yield (
            f'<rect class="t-band t-{band.state}"{fill} x="{x}" y="{top}" width="{max(1.0, round(end - x, 1))}"'
            f' height="{BAND - 4}"><title>{escape(band.title)}</title></rect>'
        )


def _lanes(drawing: Drawing, scale: Scale, width: int) -> Iterable[str]:
    for place, (code, name) in enumerate(drawing.lanes):
        y = drawing.top + LANE * place + LANE // 2
        yield f'<text class="t-lane" x="0" y="{y + 4}">{escape(name)}</text>'
        yield f'<line class="t-line" x1="{LEFT}" y1="{y}" x2="{width - RIGHT}" y2="{y}"/>'
        for event in drawing.events:
            if event.lane == code:
                yield _event(event, scale(event.at), y)


def _event(event: Event, x: float, y: int) -> str:
    if event.ahead:
        shape = f'<path class="t-ahead" d="M{x} {y - 6}l6 6l-6 6l-6 -6z"/>'
    else:
        kind = "t-dot t-weighty" if event.weighty else "t-dot"
        shape = f'<circle class="{kind}" cx="{x}" cy="{y}" r="5"/>'
    title = f"<title>{escape(event.title)}</title>"
    return (
        f'<a href="{escape(event.href)}" tabindex="-1">{title}{shape}</a>' if event.href else f"<g>{title}{shape}</g>"
    )


def _now(drawing: Drawing, scale: Scale, height: int) -> Iterable[str]:
    x = scale(drawing.now)
    anchor = "end" if x > LEFT + 80 else "start"
    yield f'<line class="t-now" x1="{x}" y1="{TOP - 8}" x2="{x}" y2="{height - 12}"/>'
    yield f'<text class="t-now-word" x="{x}" y="{height - 2}" text-anchor="{anchor}">{escape(drawing.now_word)}</text>'
