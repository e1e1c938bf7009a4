"""The pages of monitoring stations: values and states, and the curves of one station."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncConnection

from models.matters.metrics import Metric, Side
from models.matters.station import Station
from rules.matters.stations.watch import clear_at
from services.matters.views import MatterItem
from services.stations.curves import PIECES, Piece, read_pieces
from services.stations.show import MetricNow, read_for, read_now, stations_of
from services.wording.matters.station import MEDIA, READING_STATES, WATCH_STATES
from web.draw.svg_curve import Line, Point, Tick, curve
from web.local_time import format_exact, format_short
from web.reader import Reader
from web.views.translation_marks import _

#: The times that the curves can cover: in the address, the length, the length between ticks, the rows of the table.
SPANS = {
    "day": (_("24 小时"), timedelta(hours=24), timedelta(hours=4), timedelta(hours=1)),
    "month": (_("30 天"), timedelta(days=30), timedelta(days=5), timedelta(days=1)),
}
#: The signs of the states: never colour alone.
STATE_SIGNS = {"normal": "■", "exceeding": "▲", "breach": "●"}


@dataclass(frozen=True)
class TableRow:
    """The readings of a piece of time: when it began, least, greatest, how many."""

    at: str
    least: str
    greatest: str
    count: int


@dataclass(frozen=True)
class Curve:
    """A metric with its drawing, its limits in words, and the same as a table."""

    now: MetricNow
    state: str
    reading_state: str
    limits: str
    drawing: Markup
    rows: tuple[TableRow, ...]


async def page_contents(connection: AsyncConnection, reader: Reader, station: Station) -> dict[str, Any]:
    """The metrics of a station as they stand, each with its curve over the time that the address names."""
    wanted = parse_qs(reader.query).get("span", ["day"])[0]
    span = wanted if wanted in SPANS else "day"
    now = await read_for(connection, reader.person, station, reader.now)
    curves = [await _curve(connection, reader, station, one, span) for one in now.metrics]
    spans = {name: reader.text(title) for name, (title, *_rest) in SPANS.items()}
    return {"now": now, "curves": curves, "span": span, "spans": spans, "signs_of": STATE_SIGNS}


async def list_contents(connection: AsyncConnection, reader: Reader, items: Sequence[MatterItem]) -> dict[str, Any]:
    """The newest values of the stations of a page of the list, by code."""
    stations = await stations_of(connection, [item.code for item in items])
    found = await read_now(connection, stations)
    words = {state: _word(WATCH_STATES, state, reader) for state in WATCH_STATES}
    media = {medium: _word(MEDIA, medium, reader) for medium in MEDIA}
    by_code = {station.code: found[station.id] for station in stations}
    return {"now": by_code, "state_words": words, "media": media, "signs_of": STATE_SIGNS}


async def _curve(connection: AsyncConnection, reader: Reader, station: Station, now: MetricNow, span: str) -> Curve:
    _title, length, between, row = SPANS[span]
    until = reader.now
    since = until - length
    pieces = await read_pieces(connection, station.id, now.metric.code, since, until)
    label = reader.text("%(name)s 的曲线,下方表格有同样的内容", name=now.metric.name)
    return Curve(
        now=now,
        state=_word(WATCH_STATES, now.state, reader),
        reading_state="" if now.reading_state is None else _word(READING_STATES, now.reading_state, reader),
        limits=limits_text(now.metric, reader),
        drawing=curve(
            [Point(p.first_at, p.least, p.greatest) for p in pieces],
            _lines(now.metric, reader),
            list(_ticks(since, until, between, reader)),
            since,
            until,
            gap=max(3 * length.total_seconds() / PIECES, station.silence_minutes * 60.0),
            label=label,
        ),
        rows=tuple(_rows(pieces, row, reader)),
    )


def limits_text(metric: Metric, reader: Reader) -> str:
    """The limits of a metric in words."""
    parts = []
    if metric.above is not None:
        parts.append(reader.text("上限 %(value)s", value=f"{metric.above:g}"))
    if metric.below is not None:
        parts.append(reader.text("下限 %(value)s", value=f"{metric.below:g}"))
    if parts:
        parts.append(reader.text("回差 %(value)s,持续 %(n)s 分钟", value=f"{metric.hysteresis:g}", n=metric.minutes))
    return " · ".join(parts) or "—"


def _lines(metric: Metric, reader: Reader) -> list[Line]:
    lines = []
    for side, limit in ((Side.ABOVE, metric.above), (Side.BELOW, metric.below)):
        if limit is None:
            continue
        value = f"{limit:g}"
        above = side is Side.ABOVE
        name = reader.text("上限 %(value)s", value=value) if above else reader.text("下限 %(value)s", value=value)
        lines.append(Line(limit, name, "limit"))
        if metric.hysteresis:
            lines.append(Line(clear_at(metric, side), reader.text("恢复"), "clear"))
    return lines


def _ticks(since: datetime, until: datetime, between: timedelta, reader: Reader) -> Sequence[Tick]:
    ticks, at = [], since.astimezone(reader.zone).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    daily = between >= timedelta(days=1)
    if daily:
        at = at.replace(hour=0) + timedelta(days=1)
    while at < until:
        ticks.append(Tick(at, at.strftime("%m-%d" if daily else "%H:%M")))
        at += between
    return ticks


def _rows(pieces: Sequence[Piece], length: timedelta, reader: Reader) -> Sequence[TableRow]:
    """The pieces gathered into rows of the table, the newest first."""
    groups: dict[datetime, list[Piece]] = {}
    for piece in pieces:
        local = piece.first_at.astimezone(reader.zone).replace(minute=0, second=0, microsecond=0)
        groups.setdefault(local.replace(hour=0) if length >= timedelta(days=1) else local, []).append(piece)
    return [
        TableRow(
            at=format_exact(at, reader)[:10] if length >= timedelta(days=1) else format_short(at, reader),
            least=f"{min(p.least for p in found):g}",
            greatest=f"{max(p.greatest for p in found):g}",
            count=sum(p.count for p in found),
        )
        for at, found in sorted(groups.items(), reverse=True)
    ]


def _word(labels: Any, code: str, reader: Reader) -> str:
    zh, en = labels[code]
    return str(en if reader.language == "en" else zh)
