"""What people see of stations: each metric with its newest reading, its state and its limits."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.driver import all_rows
from models.base import STORED, Frozen, Instant
from models.context import Person
from models.errors import UnknownMetric
from models.matters.base import MatterKind
from models.matters.metrics import Metric, Watch, WatchState
from models.matters.readings import ReadingState
from models.matters.station import Station
from rules.matters.registry import RULES
from services.matters.case_numbers import readable_cases, sees_all_numbers
from services.matters.queries import find_matter
from services.matters.views import parts_of

_NOW = """
    SELECT s.matter_id, s.heard_at, m.metric, w.watch, r.at, r.value, r.state
    FROM stations s CROSS JOIN LATERAL jsonb_array_elements(s.metrics) WITH ORDINALITY AS e (metric, place)
    CROSS JOIN LATERAL (SELECT e.metric ->> 'code' AS metric) m
    LEFT JOIN station_watches w ON w.station = s.matter_id AND w.metric = m.metric
    LEFT JOIN LATERAL (SELECT at, value, state FROM readings
        WHERE station = s.matter_id AND metric = m.metric ORDER BY at DESC LIMIT 1) r ON true
    WHERE s.matter_id = ANY (%(stations)s) ORDER BY s.matter_id, e.place
"""


class MetricNow(Frozen):
    """A metric as it stands: its newest reading (None: there is none), and what the readings have come to.

    `since`: when the run beyond the limit, or the breach, began. `case_no`: its last case.
    """

    metric: Metric
    state: WatchState
    at: Instant | None = None
    value: float | None = None
    reading_state: ReadingState | None = None
    since: Instant | None = None
    peak: float | None = None
    case_no: str | None = None


class StationNow(Frozen):
    """A station as it stands. `heard_at`: when a reading of it was last evaluated."""

    code: str
    heard_at: Instant | None
    silent_since: Instant | None
    metrics: tuple[MetricNow, ...]


async def read_now(connection: AsyncConnection, stations: Sequence[Station]) -> dict[UUID, StationNow]:
    """Return each of these stations as it stands."""
    found: dict[UUID, list[MetricNow]] = {}
    heard: dict[UUID, datetime | None] = {}
    known = {station.id: station for station in stations}
    for row in await all_rows(connection, _NOW, {"stations": list(known)}):
        id_, heard[id_] = row[0], row[1]
        metric, case = known[id_].metric(row[2]), known[id_].case_of(row[2])
        if metric is not None:
            case_no = None if case is None else case.case_no
            found.setdefault(id_, []).append(_metric_now(metric, Watch.model_validate(row[3] or {}), row[4:], case_no))
    return {
        station.id: StationNow(
            code=station.code,
            heard_at=heard.get(station.id),
            silent_since=station.silent_since,
            metrics=tuple(found.get(station.id, ())),
        )
        for station in stations
    }


def _metric_now(metric: Metric, watch: Watch, newest: Sequence[object], case_no: str | None) -> MetricNow:
    at, value, state = newest
    since = watch.began_at if watch.state is WatchState.BREACH else watch.since
    return MetricNow.model_validate(
        {
            "metric": metric, "state": watch.state, "at": at, "value": value, "reading_state": state,
            "since": since, "peak": watch.peak, "case_no": case_no,
        }
    )  # fmt: skip


async def read_for(connection: AsyncConnection, person: Person, station: Station, now: datetime) -> StationNow:
    """Return the station as it stands, with the numbers of those cases that `person` may see, or all in their area."""
    found = (await read_now(connection, [station]))[station.id]
    day, rules = await local_day(connection, now), RULES[MatterKind.STATION]
    if sees_all_numbers(person, rules, parts_of(person, rules, station, day)):
        return found
    readable = await readable_cases(connection, person, day, [one.case_no for one in found.metrics if one.case_no])
    bare = {"case_no": None}
    metrics = [one if one.case_no in readable else one.model_copy(update=bare) for one in found.metrics]
    return found.model_copy(update={"metrics": tuple(metrics)})


async def find_station(connection: AsyncConnection, person: Person, code: str, now: datetime) -> Station:
    """Return a station that `person` may see. Raises NoSuchMatter."""
    _, station = await find_matter(connection, person, MatterKind.STATION, code, now)
    assert isinstance(station, Station)
    return station


def metric_of(station: Station, code: str) -> Metric:
    """Return the metric of that code. Raises UnknownMetric."""
    metric = station.metric(code)
    if metric is None:
        known = ", ".join(metric.code for metric in station.metrics)
        raise UnknownMetric(metric=code, known=known, pointer="/query/metric")
    return metric


async def stations_of(connection: AsyncConnection, codes: Sequence[str]) -> list[Station]:
    """Return the stations of these codes, which the caller has found in scope."""
    query = "SELECT state FROM matters WHERE kind = %(kind)s AND code = ANY (%(codes)s)"
    rows = await all_rows(connection, query, {"kind": MatterKind.STATION, "codes": list(codes)})
    return [Station.model_validate(row[0], context=STORED) for row in rows]
