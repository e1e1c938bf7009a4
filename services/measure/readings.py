"""Measure what monitoring stations cost: each sends a reading at a steady rate through the HTTP door (open loop)."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
import psutil

from models.context import Person
from models.ids import new_id
from models.matters.base import MatterKind
from models.matters.metrics import Metric
from models.matters.station import Medium, RegisterStation
from services.matters.send import create
from services.runtime.resources import Resources
from services.stations.keys import give_key

#: Every so many stations one is in breach in the second half of the measurement, and opens a case.
BREACH_EVERY = 20
_METRIC = Metric(code="voc", name="VOC", unit="mg/m³", above=2, hysteresis=0.2, minutes=0, category="0309")


@dataclass(frozen=True)
class ReadingCost:
    """Milliseconds of a request at the 50th, 95th and 99th percentile and at worst, of `count` requests, of which
    `failed` failed; and the share of the machine's processors that the whole system took, and that PostgreSQL took."""

    count: int
    failed: int
    p50: float
    p95: float
    p99: float
    worst: float
    system_share: float
    postgres_share: float


async def measure_readings(
    resources: Resources, officer: Person, grid: str, url: str, *, stations: int, seconds: float, every: float
) -> ReadingCost:
    """Register `stations` stations; each then sends one reading every `every` seconds, spread evenly, for `seconds`."""
    keys = [await _register(resources, officer, grid, number) for number in range(stations)]
    processes = _processes(url)
    waits: list[float] = []
    failed = 0

    async with httpx.AsyncClient(base_url=url, timeout=30) as http:

        async def send(number: int, due: float) -> None:
            nonlocal failed
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            code, key = keys[number]
            in_breach = number % BREACH_EVERY == 0 and due > half_way
            reading = {"metric": "voc", "at": datetime.now(UTC).isoformat(), "value": 3.0 if in_breach else 1.0}
            headers = {"Authorization": f"Bearer {key}"}
            body = {"readings": [reading]}
            answer = await http.post(f"/api/v1/stations/{code}/readings", json=body, headers=headers)
            waits.append((time.perf_counter() - due) * 1000)
            failed += answer.status_code != 200

        await http.get("/healthz")  # the first call loads parts of the client; it is not measured
        before = _used(processes)
        begun = time.perf_counter() + 0.5
        half_way = begun + seconds / 2
        async with asyncio.TaskGroup() as group:
            for round_ in range(int(seconds / every)):
                for number in range(stations):
                    group.create_task(send(number, begun + (round_ + number / stations) * every))
        took = time.perf_counter() - begun
        processes = {**_processes(url), **processes}  # PostgreSQL may have begun more of its own
        after = _used(processes)
    waits.sort()
    cores = psutil.cpu_count() or 1
    return ReadingCost(
        len(waits), failed, _percentile(waits, 0.5), _percentile(waits, 0.95), _percentile(waits, 0.99), waits[-1],
        sum(after[pid] - before.get(pid, 0.0) for pid in after) / took / cores,
        sum(after[pid] - before.get(pid, 0.0) for pid in after if "postgres" in processes[pid]) / took / cores,
    )  # fmt: skip


async def _register(resources: Resources, officer: Person, grid: str, number: int) -> tuple[str, str]:
    id_ = new_id()
    code = f"BENCH-{id_.hex[-8:]}-{number}"
    command = RegisterStation(code=code, name=f"测量 {number}", grid=grid, medium=Medium.AIR, metrics=(_METRIC,))
    await create(resources, officer, MatterKind.STATION, command, id_=id_)
    given = await give_key(resources, officer, code, new_id(), datetime.now(UTC))
    assert given.key is not None
    return code, given.key


def _processes(url: str) -> dict[int, str]:
    """The processes of the system that answers at `url`, with their names: those beside the one that listens there."""
    port = urlsplit(url).port
    listening = [
        c.pid for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.laddr and c.laddr[1] == port
    ]
    web = psutil.Process(next(pid for pid in listening if pid is not None))
    parent = web.parent()
    family = [web] if parent is None else [parent, *parent.children(recursive=True)]
    return {process.pid: process.name() for process in family}


def _used(processes: dict[int, str]) -> dict[int, float]:
    """The processor seconds that each has used; one that has ended counts no more."""
    found = {}
    for pid in processes:
        try:
            times = psutil.Process(pid).cpu_times()
        except psutil.NoSuchProcess:
            found[pid] = 0.0
        else:
            found[pid] = times.user + times.system
    return found


def _percentile(waits: list[float], part: float) -> float:
    return waits[min(len(waits) - 1, int(len(waits) * part))]
