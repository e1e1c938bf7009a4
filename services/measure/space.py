"""Measure what a case takes: memory of a worker that holds many open ones, and bytes in either store."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.case_client import open_case
from services.measure.throughput import Participants, make_start
from services.runtime.resources import Resources

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Space:
    """Resident bytes of the worker before and after, and bytes per open case in each store."""

    cases: int
    worker_before: int
    worker_after: int
    postgresql: float
    temporal: float


async def measure_space(
    resources: Resources, cast: Participants, count: int, data_dir: Path, progress: Callable[[int], None]
) -> Space:
    """Open `count` cases on a queue of their own, with a worker process of their own, and measure their size."""
    queue = f"{resources.settings.case_queue}-space-{os.getpid()}"
    worker = subprocess.Popen(
        [sys.executable, "worker.py"],
        cwd=ROOT,
        env={**os.environ, "GRIDLOOP_CASE_QUEUE": queue, "GRIDLOOP_LOG_LEVEL": "WARNING"},
    )
    try:
        process = psutil.Process(worker.pid)
        await open_case(resources.temporal, make_start(cast), queue=queue)
        before = process.memory_info().rss
        before_bytes = await _table_bytes(resources.engine), _temporal_bytes(data_dir)
        slots, opened = asyncio.Semaphore(20), 0

        async def open_one() -> None:
            nonlocal opened
            async with slots:
                await open_case(resources.temporal, make_start(cast), queue=queue)
                opened += 1
                progress(opened)

        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(open_one())
        postgresql = (await _table_bytes(resources.engine) - before_bytes[0]) / count
        temporal = (_temporal_bytes(data_dir) - before_bytes[1]) / count
        return Space(count, before, process.memory_info().rss, postgresql, temporal)
    finally:
        worker.terminate()
        await asyncio.to_thread(worker.wait)


async def _table_bytes(engine: AsyncEngine) -> int:
    sizes = " + ".join(f"pg_total_relation_size('{table}')" for table in ("cases", "facts", "tasks"))
    async with engine.connect() as connection:
        return int(await connection.scalar(text(f"SELECT {sizes}")) or 0)


def _temporal_bytes(data_dir: Path) -> int:
    return sum(file.stat().st_size for file in (data_dir / "temporal").glob("temporal.db*"))
