"""`bench`: what the system costs, measured against the running servers, as ratios where machines differ."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import text
from temporalio.worker import Worker

from activities.recording import Recorder
from cli.bench.export import export_rows
from cli.bench.queue import queue_rows
from cli.bench.time import Row, deadline_rows, supervision_rows, timer_rows
from cli.http import DataDir, fail
from cli.labels import localize
from cli.operator import find_person, open_resources
from cli.output import out
from infra.database import open_recording_engine
from infra.event_loop import freeze_garbage_collector, run
from infra.logging import set_up_logging
from services.accounts.sign_in import issue_token
from services.measure.host_steal import Stolen
from services.measure.latency import Waited, reports_at
from services.measure.space import Space, open_many
from services.measure.throughput import Cast, Compared, Ratio, compare, nothing
from services.runtime.resources import Resources
from worker import build_worker, workflow_runner
from workflows.bare import BareWorkflow, WayWorkflow


def bench(
    cases: Annotated[int, typer.Option(min=10, help="Cases a round")] = 100,
    abreast: Annotated[int, typer.Option(min=1, help="Cases under way at once")] = 20,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    seconds: Annotated[float, typer.Option(min=1, help="How long reports are sent")] = 30,
    rate: Annotated[float, typer.Option(min=0.1, help="Reports a second")] = 10,
    open_cases: Annotated[int, typer.Option(min=0, help="Open cases to weigh; 0 leaves it out")] = 10_000,
    timers: Annotated[int, typer.Option(min=0, help="Open cases that fall due; 0 leaves it out")] = 0,
    due_rate: Annotated[float, typer.Option(min=0.1, help="So many of them due a second")] = 10,
    minutes: Annotated[float, typer.Option(min=0.1, help="How long their lateness is watched")] = 5,
    closed: Annotated[
        int, typer.Option(min=0, help="Closed cases under the supervisor's figures; 0 leaves it out")
    ] = 0,
    queue: Annotated[int, typer.Option(min=0, help="Cases under the queue; 0 leaves it out")] = 0,
    export: Annotated[int, typer.Option(min=0, help="Cases of a workbook; 0 leaves it out")] = 0,
    data_dir: DataDir = Path(".gridloop"),
) -> None:
    """Measure against the running demo system. It opens cases there: use a data directory of its own."""
    wanted = BenchOptions(
        cases, abreast, rounds, seconds, rate, open_cases, timers, due_rate, minutes, closed, queue, export
    )
    run(_bench(wanted, data_dir))


@dataclass(frozen=True)
class BenchOptions:
    """What is to be measured, and how much of it."""

    cases: int
    abreast: int
    rounds: int
    seconds: float
    rate: float
    open_cases: int
    timers: int
    due_rate: float
    minutes: float
    closed: int
    queue: int
    export: int


async def _bench(wanted: BenchOptions, data_dir: Path) -> None:
    rows = deadline_rows()
    async with open_resources(data_dir) as resources:
        set_up_logging(resources.settings.model_copy(update={"log_level": "WARNING"}))
        cast = await _find_cast(resources)
        out.print(localize("上报等待 …", "Waiting for a report …"))
        host = Stolen()
        waited = await _measure_latency(resources, cast, wanted.seconds, wanted.rate)
        rows.append(_steal_row(localize("上报期间", "during the reports"), host))
        out.print(localize("吞吐 …", "Throughput …"))
        host = Stolen()
        compared = await _measure_throughput(resources, cast, wanted.cases, wanted.abreast, wanted.rounds)
        rows.append(_steal_row(localize("吞吐期间", "during the throughput"), host))
        space = None
        if wanted.closed:
            out.print(localize("看板与超期清单 …", "The board and the overdue list …"))
            rows += await supervision_rows(resources, wanted.closed)
        if wanted.queue:
            out.print(localize("队列页 …", "The queue …"))
            rows += await queue_rows(resources, wanted.queue)
        if wanted.export:
            out.print(localize("导出 …", "The workbook …"))
            rows += await export_rows(resources, wanted.export)
        if wanted.timers:
            rows += await timer_rows(resources, cast, wanted.timers, wanted.due_rate, wanted.minutes)
        if wanted.open_cases:
            with Progress(console=out) as bar:
                task = bar.add_task(localize("打开案件", "Opening cases"), total=wanted.open_cases)
                space = await open_many(
                    resources, cast, wanted.open_cases, data_dir, lambda done: bar.update(task, completed=done)
                )
    _print_results(compared, waited, space, wanted.rate, rows)


async def _find_cast(resources: Resources) -> Cast:
    async with resources.engine.connect() as connection:
        grid = await connection.scalar(
            text("SELECT u.code FROM grid_units u JOIN grants g ON g.grid = u.parent AND g.role = 'grid_worker'"
                 " JOIN people p ON p.id = g.person AND p.username = 'grid01' WHERE u.level = 4 ORDER BY 1 LIMIT 1")
        )  # fmt: skip
    if grid is None:
        fail(localize("需要演示园区:make up", "the demo park is needed: make up"))
    return Cast(
        worker=await find_person(resources, "grid01"),
        duty=await find_person(resources, "duty"),
        handler=await find_person(resources, "labour1"),
        reviewer=await find_person(resources, "review1"),
        grid=grid,
        category="0201",
        host="labour",
    )


async def _measure_throughput(resources: Resources, cast: Cast, cases: int, abreast: int, rounds: int) -> Compared:
    """All kinds on workers in this process, with the same settings, made ready as `worker.py` does."""
    ours = f"bench-{uuid4()}"
    settings = resources.settings.model_copy(update={"case_queue": ours})
    here = Resources(settings=settings, engine=resources.engine, temporal=resources.temporal)
    bare = Worker(
        resources.temporal,
        task_queue=f"{ours}-bare",
        workflows=[BareWorkflow, WayWorkflow],
        activities=[nothing],
        workflow_runner=workflow_runner(sandbox=settings.worker_sandbox),
        max_cached_workflows=settings.worker_cache,
        max_concurrent_workflow_tasks=100,
    )
    record = open_recording_engine(settings)
    await Recorder(record).warm_up(datetime.now(UTC))
    freeze_garbage_collector()
    try:
        async with build_worker(resources.temporal, resources.engine, settings, record), bare:
            return await compare(here, cast, f"{ours}-bare", cases=cases, abreast=abreast, rounds=rounds)
    finally:
        await record.dispose()


async def _measure_latency(resources: Resources, cast: Cast, seconds: float, rate: float) -> Waited:
    token = issue_token(resources.settings, cast.worker.id, cast.worker.username, datetime.now(UTC)).access_token
    body = {"category": cast.category, "title": "测量用上报", "grid": cast.grid}
    return await reports_at(os.environ["GRIDLOOP_WEB_URL"], token, body, a_second=rate, seconds=seconds)


def _format_ratio(ratio: Ratio) -> str:
    return f"{ratio.median:.2f} ({ratio.lowest:.2f} … {ratio.highest:.2f})"


def _steal_row(when: str, host: Stolen) -> Row:
    what = localize("被宿主机占用的处理器时间", "processor time taken by the host")
    return f"{what} ({when})", f"{host.so_far():.0%}"


def _print_results(compared: Compared, waited: Waited, space: Space | None, rate: float, more: list[Row]) -> None:
    table = Table(box=None, padding=(0, 2))
    table.add_column(localize("量", "Measure"))
    table.add_column(localize("值", "Value"), justify="right")
    rows = [
        (localize("一案(上报 + 4 条命令)/秒", "whole cases (report + 4 commands) a second"), f"{compared.ours:.1f}"),
        (localize("空工作流(5 次更新)/秒", "bare workflows (5 updates) a second"), f"{compared.bare:.1f}"),
        (localize("比值(最低…最高)", "ratio (lowest … highest)"), _format_ratio(compared.ratio)),
        (localize("只走流程不留记录时的比值", "that of the same way without a record"), _format_ratio(compared.way)),
        (localize(f"上报 {rate:g}/秒:p50 / p95 / p99 / 最长,毫秒", f"reports at {rate:g}/s: p50 / p95 / p99 / worst, ms"),
         f"{waited.p50:.0f} / {waited.p95:.0f} / {waited.p99:.0f} / {waited.worst:.0f}"),
        (localize("上报数(失败)", "reports (failed)"), f"{waited.count} ({waited.failed})"),
    ]  # fmt: skip
    if space is not None:
        rows += [
            (localize(f"{space.cases} 件未结时工作进程内存,MiB", f"worker with {space.cases} open cases, MiB"),
             f"{space.worker_after / 2**20:.0f} ({space.worker_before / 2**20:.0f})"),
            (localize("每案 PostgreSQL 字节", "bytes a case, PostgreSQL"), f"{space.postgresql:.0f}"),
            (localize("每案 Temporal 字节", "bytes a case, Temporal"), f"{space.temporal:.0f}"),
        ]  # fmt: skip
    for row in (*rows, *more):
        table.add_row(*row)
    out.print(table, highlight=False)
