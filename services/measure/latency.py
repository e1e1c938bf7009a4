"""Measure how long a reporter waits: reports at a steady rate through the HTTP door, whether or not answers lag."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import httpx

from models.ids import new_id


@dataclass(frozen=True)
class Latency:
    """Milliseconds at the 50th, 95th and 99th percentile and at worst, of `count` reports, `failed` of which failed."""

    count: int
    failed: int
    p50: float
    p95: float
    p99: float
    worst: float


async def send_reports(url: str, token: str, body: dict[str, Any], *, a_second: float, seconds: float) -> Latency:
    """Send reports at fixed times (open loop): a late answer does not delay the next report."""
    waits: list[float] = []
    failed = 0

    async with httpx.AsyncClient(base_url=url, timeout=30, headers={"Authorization": f"Bearer {token}"}) as http:

        async def send_report(due: float) -> None:
            nonlocal failed
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            answer = await http.post("/api/v1/cases", json={**body, "report_id": str(new_id())})
            waits.append((time.perf_counter() - due) * 1000)
            failed += answer.status_code != 201

        await http.get("/healthz")  # the first call loads parts of the client; it is not measured
        begun = time.perf_counter() + 0.5
        async with asyncio.TaskGroup() as group:
            for number in range(int(a_second * seconds)):
                group.create_task(send_report(begun + number / a_second))
    waits.sort()
    return Latency(
        len(waits), failed, _percentile(waits, 0.5), _percentile(waits, 0.95), _percentile(waits, 0.99), waits[-1]
    )


def _percentile(waits: list[float], part: float) -> float:
    return waits[min(len(waits) - 1, int(len(waits) * part))]
