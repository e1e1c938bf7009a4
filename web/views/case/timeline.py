"""What the timeline of a case draws: its facts, the stretches of its clocks, and what is to come."""

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
from web.views.case.fact_sentences import LANES, FactLine

#: How far into the future the picture reaches (our choice): the next step is what people look for.
AHEAD = timedelta(days=10)
_WEIGHTY = frozenset(
    {"received", "accepted", "dispatched", "completed", "review_passed", "review_failed", "closed", "overdue"}
)


def timeline(page: CasePageView, told: Sequence[FactLine], visitor: Visitor) -> Drawing:
    """The drawing of a case as of the reader's moment, in their zone."""
    local = visitor.zone
    events = [
        Event(
            at=one.at.astimezone(local),
            lane=one.lane,
            title=f"{format_short(one.at, visitor)} {one.who} {one.what}",
            href=f"#e{one.seq}",
            weighty=one.kind in _WEIGHTY,
        )
        for one in told
    ]
    events += list(_forecast_events(page.forecast, visitor))
    lanes = [(code, visitor.text(name)) for code, name in LANES.items() if any(e.lane == code for e in events)]
    clocks = [clock for clock in page.case.clocks if clock.stage is not None]
    return Drawing(
        lanes=lanes,
        clock=visitor.text("计时"),
        bands=[band for clock in clocks for band in _bands(clock, visitor)],
        events=events,
        now=visitor.now.astimezone(local),
        now_word=visitor.text("现在"),
        label=visitor.text("时间轴图:下方列表有同样的内容"),
    )


def _forecast_events(forecast: Forecast | None, visitor: Visitor) -> Iterator[Event]:
    for one in forecast.if_nobody_acts if forecast else ():
        if one.at <= visitor.now + AHEAD:
            title = f"{format_short(one.at, visitor)} {forecast_text(one, visitor)}"
            yield Event(at=one.at.astimezone(visitor.zone), lane="clock", title=title, href="#ahead", ahead=True)


def forecast_text(one: Ahead, visitor: Visitor) -> str:
    """What will happen if nobody acts, in words."""
    what = vocabulary.label_of(vocabulary.FACTS, one.kind, visitor.language)
    told = [f"{what} {vocabulary.label_of(vocabulary.LIGHTS, one.light, visitor.language)}" if one.light else what]
    if one.step is not None:
        told.append(visitor.text("第 %(n)s 步", n=one.step))
    for reached in one.reached:
        role = vocabulary.label_of(vocabulary.ROLES, reached.role, visitor.language) if reached.role else ""
        mode = vocabulary.label_of(vocabulary.ESCALATION_MODES, reached.mode, visitor.language)
        told.append(f"{mode} {reached.name} {role}".strip())
    return " · ".join(told)


def _bands(clock: ClockView, visitor: Visitor) -> Iterator[Band]:
    """The stretches of one clock, up to its end, or (open) to its deadline or now."""
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
