"""The timeline of a case: its facts, the intervals of its clocks, and the forecast."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from models.views import ClockView
from services.cases.forecast import Ahead, Forecast
from services.desk.case_page import CasePageView
from services.wording import vocabulary
from web.draw.svg_timeline import Band, Drawing, Event
from web.local_time import format_short
from web.reader import Visitor
from web.views.case.fact_sentences import LANES, FactLine, ladder_of

#: How far the timeline reaches into the future (our choice): people look for the next step.
AHEAD = timedelta(days=10)
_WEIGHTY = frozenset(
    {"received", "accepted", "dispatched", "completed", "review_passed", "review_failed", "closed", "overdue"}
)


def timeline(page: CasePageView, lines: Sequence[FactLine], visitor: Visitor) -> Drawing:
    """The timeline of a case at the reader's moment, in their zone."""
    local = visitor.zone
    events = [
        Event(
            at=line.at.astimezone(local),
            lane=line.lane,
            title=f"{format_short(line.at, visitor)} {line.who} {line.what}",
            href=f"#e{line.seq}",
            weighty=line.kind in _WEIGHTY,
        )
        for line in lines
    ]
    events += list(_forecast_events(page.forecast, visitor))
    lanes = [(code, visitor.text(name)) for code, name in LANES.items() if any(e.lane == code for e in events)]
    stages = [clock for clock in page.case.clocks if clock.stage is not None]
    whole = [clock for clock in page.case.clocks if clock.stage is None]
    return Drawing(
        lanes=lanes,
        clock=visitor.text("计时"),
        bands=[band for clock in stages for band in _bands(clock, visitor)],
        whole=visitor.text("全程"),
        whole_bands=[band for clock in whole for band in _bands(clock, visitor)],
        events=events,
        now=visitor.now.astimezone(local),
        now_word=visitor.text("现在"),
        label=visitor.text("时间轴图:下方列表有同样的内容"),
    )


def _forecast_events(forecast: Forecast | None, visitor: Visitor) -> Iterator[Event]:
    for event in forecast.if_nobody_acts if forecast else ():
        if event.at <= visitor.now + AHEAD:
            title = f"{format_short(event.at, visitor)} {forecast_text(event, visitor)}"
            yield Event(at=event.at.astimezone(visitor.zone), lane="clock", title=title, href="#ahead", ahead=True)


def forecast_text(event: Ahead, visitor: Visitor) -> str:
    """A forecast event, which happens if nobody acts, in words."""
    what = vocabulary.fact_label(event.kind, visitor.language, by_system=True)
    parts = [f"{what} {vocabulary.label_of(vocabulary.LIGHTS, event.light, visitor.language)}" if event.light else what]
    numbered = {"urge" if event.kind == "step_fired" else "number": event.urge}
    about = ladder_of(event.kind, {**event.model_dump(include={"request", "whole", "stage"}), **numbered}, visitor)
    if about:
        parts.append(about)
    if event.department:
        parts.append(event.department)
    if event.step is not None:
        parts.append(visitor.text("第 %(n)s 步", n=event.step))
    for reached in event.reached:
        role = vocabulary.label_of(vocabulary.ROLES, reached.role, visitor.language) if reached.role else ""
        mode = vocabulary.label_of(vocabulary.ESCALATION_MODES, reached.mode, visitor.language)
        parts.append(f"{mode} {reached.name} {role}".strip())
    return " · ".join(parts)


def _bands(clock: ClockView, visitor: Visitor) -> Iterator[Band]:
    """The bands of one clock, up to its end; of an open clock, to its deadline or now, whichever is later."""
    if clock.stage is None:
        stage = visitor.text("全程")
    else:
        stage = vocabulary.label_of(vocabulary.STAGES, str(clock.stage), visitor.language)
    due = clock.overdue_at or clock.due_at
    end = clock.ended_at or max(visitor.now, clock.due_at or visitor.now)
    for interval in clock.intervals:
        yield from _split_interval(interval.start, interval.end or end, due, stage, visitor)
    stops = [(a.end, b.start) for a, b in pairwise(clock.intervals) if a.end is not None]
    last = clock.intervals[-1].end
    if last is not None:
        stops.append((last, clock.ended_at or visitor.now))
    for start, until in stops:
        if until > start:
            yield _band(start, until, "stopped", f"{stage} {visitor.text('停表')}", visitor)


def _split_interval(
    start: datetime, end: datetime, due: datetime | None, stage: str, visitor: Visitor
) -> Iterator[Band]:
    now = min(max(visitor.now, start), end)
    late = min(max(due, start), now) if due is not None else now
    if late > start:
        yield _band(start, late, "running", f"{stage} {visitor.text('计时')}", visitor)
    if now > late:
        yield _band(late, now, "overdue", f"{stage} {visitor.text('超期')}", visitor)
    if end > now:
        yield _band(now, end, "ahead", f"{stage} {visitor.text('余下时间')}", visitor)


def _band(start: datetime, end: datetime, state: str, what: str, visitor: Visitor) -> Band:
    title = f"{what}: {format_short(start, visitor)} – {format_short(end, visitor)}"
    return Band(start.astimezone(visitor.zone), end.astimezone(visitor.zone), state, title)
