"""Monitoring stations of the demonstration: their last thirty days, one breach with its case, and live readings."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
import yaml
from pydantic import TypeAdapter
from pydantic_core import to_json

from infra.database import is_away, transaction
from infra.store.driver import first_row, run
from models.base import Frozen
from models.context import Person
from models.enums import Role
from models.errors import DomainError
from models.ids import derived_id
from models.matters.base import MatterKind
from models.matters.metrics import Metric
from models.matters.station import Medium, RegisterStation
from services.demo.town import DemoTown
from services.demo.work.values import Shape
from services.files.shipped import DEPLOY
from services.matters.send import create
from services.runtime.resources import Resources
from services.stations.intake import take_readings
from services.stations.keys import give_key, make_key

log = structlog.get_logger(__name__)

FILE = DEPLOY / "demo" / "stations.yaml"
#: How much past each station has, and how often a reading of it was taken.
PAST, EVERY = timedelta(days=30), timedelta(minutes=5)
#: The station and metric that is in breach when the demonstration is loaded, by how much, and since how many minutes.
BREACH = ("AIR-SOUTH", "voc", 2.4, 12)
#: How long it lasts from then on, while live readings are sent.
BREACH_LASTS = timedelta(minutes=20)
#: The minutes before now that are sent with the station's key, like live readings.
RECENT = 30
#: How often each station sends while the demonstration runs.
LIVE_SECONDS = 60.0
_STATION = """
    SELECT s.matter_id, EXISTS (SELECT 1 FROM readings r WHERE r.station = s.matter_id) FROM stations s
    WHERE s.code = %(code)s
"""
_STORE = """
    INSERT INTO readings (station, metric, at, value, state, received_at)
    SELECT %(station)s, r.metric, r.at, r.value, 'evaluated', r.at
    FROM jsonb_to_recordset(%(readings)s) AS r (metric text, at timestamptz, value float8) ON CONFLICT DO NOTHING
"""


class DemoMetric(Metric, Shape):
    """A metric and what its readings look like."""

    @property
    def metric(self) -> Metric:
        """The metric alone."""
        return Metric.model_validate(self.model_dump(include=set(Metric.model_fields)))


class DemoStation(Frozen):
    """A station of the file."""

    code: str
    name: str
    medium: Medium
    place: str
    metrics: tuple[DemoMetric, ...]


def read_stations() -> tuple[DemoStation, ...]:
    """Return the stations of the file."""
    content = yaml.safe_load(FILE.read_text("utf-8"))["stations"]
    return TypeAdapter(tuple[DemoStation, ...]).validate_python(content)


async def make_stations(resources: Resources, town: DemoTown, begun_at: datetime) -> None:
    """Register the stations with their keys, and give them their past."""
    officer = duty_officer(town)
    grids = sorted(town.paths)
    for number, station in enumerate(read_stations()):
        grid = grids[(number * 211) % len(grids)]
        command = RegisterStation(
            code=station.code,
            name=station.name,
            grid=grid,
            medium=station.medium,
            place=station.place,
            metrics=tuple(metric.metric for metric in station.metrics),
            department="environment",
        )
        await create(resources, officer, MatterKind.STATION, command, id_=derived_id("demo-station", station.code))
        await give_key(resources, officer, station.code, _key_id(station), datetime.now(UTC))
        await _load_past(resources, station)


def duty_officer(town: DemoTown) -> Person:
    """The park's first duty officer, who does what is done once."""
    return next(
        person
        for person in town.people
        if any(grant.role is Role.DUTY_OFFICER and len(grant.path) == 1 for grant in person.grants)
    )


def _key_id(station: DemoStation) -> Any:
    return derived_id("demo-station-key", station.code)


async def _load_past(resources: Resources, station: DemoStation) -> None:
    """Unless it has one, store the past, then send the last minutes as the station would, the breach among them."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    recent = now - timedelta(minutes=RECENT)
    async with transaction(resources.engine) as connection:
        row = await first_row(connection, _STATION, {"code": station.code})
        if row[1]:
            return
        readings = [
            {"metric": metric.code, "at": at, "value": _within(metric, metric.at(at, station.code + metric.code))}
            for metric in station.metrics
            for at in _moments(now - PAST, recent)
        ]
        await run(connection, _STORE, {"station": row[0], "readings": to_json(readings).decode()})
    for minute in range(RECENT, 0, -1):
        await send(resources, station, now - timedelta(minutes=minute), breach=minute <= BREACH[3])


def _moments(first: datetime, last: datetime) -> Iterator[datetime]:
    at = first
    while at < last:
        yield at
        at += EVERY


def _within(metric: Metric, value: float) -> float:
    """The value, kept within the limits and the plausible range: the past had no breach."""
    most = min(v for v in (metric.above, metric.highest, float("inf")) if v is not None)
    least = max(v for v in (metric.below, metric.lowest, float("-inf")) if v is not None)
    return min(max(value, least), most)


async def send(resources: Resources, station: DemoStation, at: datetime, *, breach: bool = False) -> None:
    """Send a reading of each metric, with the station's own key."""
    readings = [
        {
            "metric": metric.code,
            "at": at.isoformat(),
            "value": BREACH[2]
            if breach and (station.code, metric.code) == BREACH[:2]
            else _within(metric, metric.at(at, station.code + metric.code)),
        }
        for metric in station.metrics
    ]
    key = make_key(resources.settings, _key_id(station))
    await take_readings(resources, station.code, key, readings, datetime.now(UTC), "en")


async def send_live(resources: Resources) -> None:
    """Send a reading of each station every minute, until cancelled. A station whose key was changed sends no more."""
    stations = read_stations()
    async with resources.reading.connect() as connection:
        row = await first_row(connection, "SELECT min(created_at) FROM matters WHERE kind = 'station'", {})
    breach_until = datetime.min.replace(tzinfo=UTC) if row[0] is None else row[0] + BREACH_LASTS
    while True:
        now = datetime.now(UTC)
        for station in stations:
            try:
                await send(resources, station, now, breach=now < breach_until)
            except DomainError as error:
                log.info("demo station sends nothing", station=station.code, code=error.code)
            except Exception as error:
                if not is_away(error):
                    raise
                log.warning("database away, the demo stations wait", error=type(error).__name__)
                break
        await asyncio.sleep(LIVE_SECONDS - datetime.now(UTC).timestamp() % 1)
