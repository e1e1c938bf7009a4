"""`bench`: measures throughput, latency, memory and storage against the running servers."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import httpx
import psutil
import typer
from rich.progress import Progress
from sqlalchemy import text
from temporalio.worker import Worker

from activities.recording import Recorder
from cli.bench.export import export_rows
from cli.bench.plans import plan_rows
from cli.bench.processes import process_rows
from cli.bench.queue import queue_rows
from cli.bench.readings import reading_rows
from cli.bench.search import search_rows
from cli.bench.time import Row, deadline_rows, storm_rows, supervision_rows, timer_rows
from cli.http import DataDir, fail
from cli.labels import localize
from cli.operator import find_person, open_resources
from cli.output import Column, out, print_table
from infra.database import open_recording_engine
from infra.event_loop import freeze_garbage_collector, run
from infra.logging import set_up_logging
from models.context import Person
from services.accounts.sessions import Origin, SessionKind
from services.accounts.sign_in import sign_in_trusted
from services.measure.host_steal import HostSteal
from services.measure.http_cases import http_cases_a_second
from services.measure.latency import Latency, send_reports
from services.measure.space import Space, measure_space
from services.measure.throughput import Compared, Participants, Ratio, compare_throughput, return_input
from services.runtime.resources import Resources
from worker import build_worker, workflow_runner
from workflows.benchmark import BareWorkflow, LocalActivityWorkflow

_COLUMNS = (localize("量", "Measure"), Column(localize("值", "Value"), justify="right"))


def bench(
    cases: Annotated[int, typer.Option(min=10, help="Cases a round")] = 100,
    abreast: Annotated[int, typer.Option(min=1, help="Cases under way at once")] = 20,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    seconds: Annotated[float, typer.Option(min=1, help="How long reports are sent")] = 30,
    rate: Annotated[float, typer.Option(min=0.1, help="Reports a second")] = 10,
    open_cases: Annotated[int, typer.Option(min=0, help="Open cases for memory and storage; 0 leaves it out")] = 10_000,
    timers: Annotated[int, typer.Option(min=0, help="Open cases that fall due; 0 leaves it out")] = 0,
    storm: Annotated[int, typer.Option(min=0, help="Cases of one place due in a minute, with mailboxes")] = 0,
    due_rate: Annotated[float, typer.Option(min=0.1, help="How many of them fall due each second")] = 10,
    minutes: Annotated[float, typer.Option(min=0.1, help="For how long they fall due")] = 5,
    closed: Annotated[int, typer.Option(min=0, help="Closed cases for board and overdue list; 0 leaves it out")] = 0,
    queue: Annotated[int, typer.Option(min=0, help="Cases for the queue page; 0 leaves it out")] = 0,
    search: Annotated[int, typer.Option(min=0, help="Cases for the search by words; 0 leaves it out")] = 0,
    export: Annotated[int, typer.Option(min=0, help="Cases of a file of each format; 0 leaves it out")] = 0,
    stations: Annotated[int, typer.Option(min=0, help="Monitoring stations that send readings; then nothing else")] = 0,
    faster: Annotated[float, typer.Option(min=0.1, help="Readings a minute of each, for --minutes")] = 1,
    workshops: Annotated[int, typer.Option(min=0, max=300, help="A year of a plan of so many; then nothing else")] = 0,
    http: Annotated[bool, typer.Option(help="Whole cases over HTTP, one and two processes; then nothing else")] = False,
    data_dir: DataDir = Path(".gridloop"),
) -> None:
    """Measure against the running demo system. It opens cases there: use a data directory of its own."""
    options = BenchOptions(
        cases, abreast, rounds, seconds, rate, open_cases, timers, storm, due_rate, minutes, closed, queue, search,
        export, stations, faster, workshops, http,
    )  # fmt: skip
    run(_bench(options, data_dir))


@dataclass(frozen=True)
class BenchOptions:
    """What to measure, and how much of it."""

    cases: int
    abreast: int
    rounds: int
    seconds: float
    rate: float
    open_cases: int
    timers: int
    storm: int
    due_rate: float
    minutes: float
    closed: int
    queue: int
    search: int
    export: int
    stations: int
    faster: float
    workshops: int
    http: bool


async def _due_rows(resources: Resources, cast: Participants, options: BenchOptions) -> list[Row]:
    """Measure cases that fall due: at an even rate, and all within a minute."""
    rows: list[Row] = []
    if options.timers:
        rows += await timer_rows(resources, cast, options.timers, options.due_rate, options.minutes)
    if options.storm:
        rows += await storm_rows(resources, cast, options.storm)
    return rows


async def _bench(options: BenchOptions, data_dir: Path) -> None:
    rows = deadline_rows()
    async with open_resources(data_dir) as resources:
        set_up_logging(resources.settings.model_copy(update={"log_level": "WARNING"}))
        cast = await _find_cast(resources)
        if options.workshops:
            out.print(localize("计划的一年 …", "A year of a plan …"))
            return print_table(_COLUMNS, await plan_rows(resources, cast.duty, cast.grid, options.workshops))
        if options.http:
            out.print(localize("经 HTTP 的案件 …", "Cases over HTTP …"))
            host = HostSteal()
            rows = await process_rows(
                data_dir, await _tokens(resources, cast), _report_body(cast),
                cases=options.cases, abreast=options.abreast, rounds=options.rounds,
            )  # fmt: skip
            return print_table(_COLUMNS, (*rows, _steal_row(localize("期间", "meanwhile"), host), _load_row()))
        if options.stations:
            out.print(localize("监测站读数 …", "Readings of stations …"))
            host = HostSteal()
            found = await reading_rows(
                resources, cast.duty, cast.grid, options.stations, options.minutes, options.faster
            )
            steal = _steal_row(localize("读数期间", "during the readings"), host)
            return print_table(_COLUMNS, (*found, steal))
        out.print(localize("上报延迟 …", "Latency of reports …"))
        host = HostSteal()
        latency = await _measure_latency(resources, cast, options.seconds, options.rate)
        rows.append(_steal_row(localize("上报期间", "during the reports"), host))
        out.print(localize("吞吐 …", "Throughput …"))
        host = HostSteal()
        compared = await _measure_throughput(resources, cast, options.cases, options.abreast, options.rounds)
        rows.append(_steal_row(localize("吞吐期间", "during the throughput"), host))
        rows.append(await _measure_http_cases(resources, cast, options.cases, options.abreast))
        space = None
        if options.closed:
            out.print(localize("看板与超期清单 …", "The board and the overdue list …"))
            rows += await supervision_rows(resources, options.closed)
        if options.queue:
            out.print(localize("队列页 …", "The queue …"))
            rows += await queue_rows(resources, options.queue)
        if options.search:
            out.print(localize("搜索 …", "The search …"))
            rows += await search_rows(resources, options.search)
        if options.export:
            out.print(localize("导出 …", "The workbook …"))
            rows += await export_rows(resources, options.export)
        rows += await _due_rows(resources, cast, options)
        if options.open_cases:
            with Progress(console=out) as bar:
                task = bar.add_task(localize("打开案件", "Opening cases"), total=options.open_cases)
                space = await measure_space(
                    resources, cast, options.open_cases, data_dir, lambda done: bar.update(task, completed=done)
                )
    _print_results(compared, latency, space, options.rate, rows)
    return None


async def _find_cast(resources: Resources) -> Participants:
    async with resources.engine.connect() as connection:
        grid = await connection.scalar(
            text("SELECT u.code FROM grid_units u JOIN grants g ON g.grid = u.parent AND g.role = 'grid_worker'"
                 " JOIN people p ON p.id = g.person AND p.username = 'grid01' WHERE u.level = 4 ORDER BY 1 LIMIT 1")
        )  # fmt: skip
    if grid is None:
        fail(localize("需要演示园区:make up", "the demo park is needed: make up"))
    return Participants(
        worker=await find_person(resources, "grid01"),
        duty=await find_person(resources, "duty"),
        handler=await find_person(resources, "labour1"),
        reviewer=await find_person(resources, "review1"),
        grid=grid,
        category="0201",
        host="labour",
    )


async def _measure_throughput(
    resources: Resources, cast: Participants, cases: int, abreast: int, rounds: int
) -> Compared:
    """Run cases and bare workflows on workers in this process, set up as `worker.py` does."""
    queue = f"bench-{uuid4()}"
    settings = resources.settings.model_copy(update={"case_queue": queue})
    own_resources = Resources(settings=settings, engine=resources.engine, temporal=resources.temporal)
    bare = Worker(
        resources.temporal,
        task_queue=f"{queue}-bare",
        workflows=[BareWorkflow, LocalActivityWorkflow],
        activities=[return_input],
        workflow_runner=workflow_runner(sandbox=settings.worker_sandbox),
        max_cached_workflows=settings.worker_cache,
        max_concurrent_workflow_tasks=100,
    )
    recording_engine = open_recording_engine(settings)
    await Recorder(recording_engine).warm_up(datetime.now(UTC))
    freeze_garbage_collector()
    try:
        async with build_worker(resources.temporal, resources.engine, settings, recording_engine), bare:
            return await compare_throughput(
                own_resources, cast, f"{queue}-bare", cases=cases, concurrency=abreast, rounds=rounds
            )
    finally:
        await recording_engine.dispose()


async def _measure_latency(resources: Resources, cast: Participants, seconds: float, rate: float) -> Latency:
    url, token = os.environ["GRIDLOOP_WEB_URL"], await _token(resources, cast.worker)
    return await send_reports(url, token, _report_body(cast), a_second=rate, seconds=seconds)


async def _measure_http_cases(resources: Resources, cast: Participants, cases: int, abreast: int) -> Row:
    """Run whole cases through the system's own API and workers."""
    tokens = await _tokens(resources, cast)
    async with httpx.AsyncClient(base_url=os.environ["GRIDLOOP_WEB_URL"], timeout=60) as http:
        rate = await http_cases_a_second([http], tokens, _report_body(cast), cases=cases, concurrency=abreast)
    return localize("经 HTTP 的一案(上报 + 4 条命令)/秒", "whole cases over HTTP a second"), f"{rate:.1f}"


async def _tokens(resources: Resources, cast: Participants) -> dict[str, str]:
    people = {"worker": cast.worker, "duty": cast.duty, "handler": cast.handler, "reviewer": cast.reviewer}
    return {part: await _token(resources, person) for part, person in people.items()}


async def _token(resources: Resources, person: Person) -> str:
    origin = Origin(SessionKind.API, "", "bench")
    token = await sign_in_trusted(
        resources.engine, resources.settings, person.id, person.username, origin, datetime.now(UTC)
    )
    return token.access_token


def _report_body(cast: Participants) -> dict[str, str]:
    return {"category": cast.category, "title": "测量用上报", "grid": cast.grid}


def _format_ratio(ratio: Ratio) -> str:
    return f"{ratio.median:.2f} ({ratio.lowest:.2f} … {ratio.highest:.2f})"


def _load_row() -> Row:
    """How many processes wanted a processor in the last minutes, ours among them."""
    one, five, _ = psutil.getloadavg()
    what = localize("机器负载(1、5 分钟)/核数", "load (1, 5 minutes) / cores")
    return what, f"{one:.1f}, {five:.1f} / {os.cpu_count()}"


def _steal_row(when: str, host: HostSteal) -> Row:
    what = localize("被宿主机占用的处理器时间", "processor time taken by the host")
    return f"{what} ({when})", f"{host.share_so_far():.0%}"


def _print_results(compared: Compared, latency: Latency, space: Space | None, rate: float, more: list[Row]) -> None:
    at_rate = localize(f"上报 {rate:g}/秒", f"reports at {rate:g}/s")
    rows = [
        (localize("一案(上报 + 4 条命令)/秒", "whole cases (report + 4 commands) a second"), f"{compared.ours:.1f}"),
        (localize("空工作流(5 次更新)/秒", "bare workflows (5 updates) a second"), f"{compared.bare:.1f}"),
        (localize("比值(最低…最高)", "ratio (lowest … highest)"), _format_ratio(compared.ratio)),
        (localize("只走流程不留记录时的比值", "that of the same way without a record"), _format_ratio(compared.way)),
        (f"{at_rate}: p50 / p95 / p99 / {localize('最长,毫秒', 'worst, ms')}",
         f"{latency.p50:.0f} / {latency.p95:.0f} / {latency.p99:.0f} / {latency.worst:.0f}"),
        (localize("上报数(失败)", "reports (failed)"), f"{latency.count} ({latency.failed})"),
    ]  # fmt: skip
    if space is not None:
        rows += [
            (localize(f"{space.cases} 件未结时工作进程内存,MiB", f"worker with {space.cases} open cases, MiB"),
             f"{space.worker_after / 2**20:.0f} ({space.worker_before / 2**20:.0f})"),
            (localize("每案 PostgreSQL 字节", "bytes a case, PostgreSQL"), f"{space.postgresql:.0f}"),
            (localize("每案 Temporal 字节", "bytes a case, Temporal"), f"{space.temporal:.0f}"),
        ]  # fmt: skip
    print_table(_COLUMNS, (*rows, *more))
