"""`bench --http`: whole cases over HTTP with one and two APIs and workers, and the processor time of each part."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import psutil

from cli.bench.time import Row
from cli.http import fail
from cli.labels import localize
from infra.embedded.ports import free_ports
from infra.embedded.system import ROOT
from infra.metrics import MULTIPROC_DIR_VARIABLE
from services.measure.http_cases import http_cases_a_second
from services.measure.processor_time import Times, parts_of, times_between, times_of

#: Seconds within which a process that is started must be ready.
READY_SECONDS = 120.0
#: APIs and workers, in the order in which they are measured: each step starts or ends one process.
SETUPS = ((1, 1), (2, 1), (2, 2), (1, 2))
_PARTS = {
    "web": ("网页与接口", "web"), "worker": ("工作进程", "worker"), "temporal": ("Temporal", "Temporal"),
    "postgresql": ("PostgreSQL", "PostgreSQL"), "client": ("测量端", "client"),
}  # fmt: skip


async def process_rows(
    data_dir: Path, tokens: Mapping[str, str], report: dict[str, Any], *, cases: int, abreast: int, rounds: int
) -> list[Row]:
    """Measure `rounds` times each setup in turn. The second API and the second worker are started here, beside the
    running system, and ended again.
    """
    rates: dict[tuple[int, int], list[float]] = defaultdict(list)
    times: dict[tuple[int, int], list[Times]] = defaultdict(list)
    for _ in range(rounds):
        async with AsyncExitStack() as second_worker, AsyncExitStack() as second_api:
            more: dict[str, list[psutil.Process]] = {"web": [], "worker": []}
            urls = [os.environ["GRIDLOOP_WEB_URL"]]
            for apis, workers in SETUPS:
                if apis == 2 and not more["web"]:
                    process, url = await second_api.enter_async_context(_started(["-m", "web"], "WEB_PORT"))
                    more["web"].append(process)
                    urls.append(url)
                if workers == 2 and not more["worker"]:
                    process, _url = await second_worker.enter_async_context(_started(["worker.py"], "WORKER_PORT"))
                    more["worker"].append(process)
                if apis == 1 and more["web"]:
                    await second_api.aclose()
                    more["web"].clear()
                    del urls[1:]
                rate, took = await _measure(data_dir, more, urls, tokens, report, cases, abreast)
                rates[apis, workers].append(rate)
                times[apis, workers].append(took)
    return [row for setup in SETUPS for row in _rows(setup, rates, times[setup], cases)]


async def _measure(
    data_dir: Path, more: Mapping[str, Sequence[psutil.Process]], urls: Sequence[str], tokens: Mapping[str, str],
    report: dict[str, Any], cases: int, abreast: int,
) -> tuple[float, Times]:  # fmt: skip
    parts = parts_of(data_dir)
    for part, processes in more.items():
        parts[part] = [*parts.get(part, ()), *processes]
    async with AsyncExitStack() as stack:
        doors = [await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=60)) for url in urls]
        # A process that has just started loads parts of itself with its first cases; they are not measured.
        await http_cases_a_second(doors, tokens, report, cases=abreast, concurrency=abreast)
        before = times_of(parts)
        rate = await http_cases_a_second(doors, tokens, report, cases=cases, concurrency=abreast)
        return rate, times_between(before, times_of(parts))


@asynccontextmanager
async def _started(command: list[str], port_setting: str) -> AsyncIterator[tuple[psutil.Process, str]]:
    """Run a process with our own settings until the block ends; it is ready when the block begins."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    surroundings = {name: value for name, value in os.environ.items() if name != MULTIPROC_DIR_VARIABLE}
    surroundings |= {f"GRIDLOOP_{port_setting}": str(port), "GRIDLOOP_LOG_LEVEL": "WARNING"}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603 our own programs
            [sys.executable, *command], cwd=ROOT, env=surroundings, stdout=log, stderr=log
        )
        try:
            await _until_ready(process, url)
            yield psutil.Process(process.pid), url
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait)


async def _until_ready(process: "subprocess.Popen[bytes]", url: str) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
        try:
            async with asyncio.timeout(READY_SECONDS):
                while process.poll() is None:
                    try:
                        if (await http.get(f"{url}/readyz")).is_success:
                            return
                    except httpx.TransportError:
                        pass
                    await asyncio.sleep(0.1)
        except TimeoutError:
            pass
    fail(localize("另一个进程未能启动", "the second process did not get ready"))


def _rows(
    setup: tuple[int, int], rates: Mapping[tuple[int, int], Sequence[float]], times: Sequence[Times], cases: int
) -> list[Row]:
    apis, workers = setup
    name = localize(f"{apis} 个接口、{workers} 个工作进程", f"APIs {apis}, workers {workers}")
    ratios = [own / one for own, one in zip(rates[setup], rates[SETUPS[0]], strict=True)]
    shown = f"{median(rates[setup]):.1f}, × {median(ratios):.2f} ({min(ratios):.2f} … {max(ratios):.2f})"
    spent = ", ".join(
        f"{localize(*_PARTS[part])} {median(one[part] for one in times) / cases * 1_000:.0f}"
        for part in _PARTS
        if all(part in one for one in times)
    )
    return [
        (localize(f"{name}:案/秒,与各一个之比", f"{name}: cases a second, ratio to one of each"), shown),
        (localize(f"{name}:每案处理器毫秒", f"{name}: processor ms a case"), spent),
    ]
