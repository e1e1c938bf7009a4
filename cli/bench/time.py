"""What `bench` measures of time: a deadline's arithmetic, timers at an even load, the supervisor's figures."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice

import psutil
from rich.progress import Progress

from cli.labels import UNITS, localize
from cli.output import out
from services.files.shipped import POLICY
from services.measure.deadlines import deadlines
from services.measure.supervision import compare_supervision
from services.measure.throughput import Cast
from services.measure.timers import Late, evenly, recorded, wait_open
from services.policies.files import read_policy
from services.runtime.resources import Resources

Row = tuple[str, str]
#: How many new cases a second the workers of a small machine take up.
CASES_STARTED_PER_SECOND = 15
#: When the cases that only wait fall due: long after everything is measured.
FAR_DEADLINE = timedelta(days=2)
#: How long after the last of the watched moments one is still waited for.
RECORDING_TIMEOUT = timedelta(minutes=10)


def deadline_rows() -> list[Row]:
    """Microseconds for sixty working days in each unit, by the park's calendar."""
    found = deadlines(read_policy(POLICY).calendars[0])
    return [
        (
            localize(f"60 个工作日,{UNITS[cost.unit][0]},微秒", f"60 working days in {UNITS[cost.unit][1]}, µs"),
            f"{cost.warm:.1f}",
        )
        for cost in found
    ]


async def timer_rows(resources: Resources, cast: Cast, count: int, rate: float, minutes: float) -> list[Row]:
    """`count` open cases, `rate` of them due a second for `minutes`; how late those were.

    Those that fall due are opened last, so that all the others wait on their timers by then, however long that took.
    """
    watched = min(count, int(rate * 60 * minutes))
    later = islice(evenly(datetime.now(UTC) + FAR_DEADLINE, rate), count - watched)
    with Progress(console=out) as bar:
        task = bar.add_task(localize("打开案件", "Opening cases"), total=count)
        others = await wait_open(
            resources, cast.worker, cast.grid, cast.category, list(later), lambda done: bar.update(task, completed=done)
        )
        # Room to start them all first: each is taken up by a worker before the next hundreds are started.
        since = datetime.now(UTC) + timedelta(seconds=60 + watched / CASES_STARTED_PER_SECOND)
        dues = list(islice(evenly(since, rate), watched))
        opened = await wait_open(
            resources, cast.worker, cast.grid, cast.category, dues,
            lambda done: bar.update(task, completed=len(others) + done),
        )  # fmt: skip
    late = await recorded(resources.engine, opened, dues[-1] - datetime.now(UTC) + RECORDING_TIMEOUT)
    return [*_late_rows(late, count, rate), (localize("各进程常驻内存,MiB", "resident, MiB"), _describe_memory())]


def _late_rows(late: Late, count: int, rate: float) -> list[Row]:
    what = localize(f"{count} 件未结,{rate:g}/秒到期", f"{count} open cases, {rate:g} due a second")
    waits = localize("迟到秒 p50 / p99 / 最长", "late, s: p50 / p99 / worst")
    due = localize("到期数(缺失、重复)", "due moments (missing, repeated)")
    return [
        (f"{what}: {waits}", f"{late.p50:.2f} / {late.p99:.2f} / {late.worst:.2f}"),
        (due, f"{late.count} ({late.missing}, {late.repeated})"),
    ]


def _describe_memory() -> str:
    """What Gridloop's processes hold, by what they are."""
    marks: dict[str, Callable[[list[str]], bool]] = {
        "worker": lambda line: any(part.endswith("worker.py") for part in line),
        "temporal": lambda line: "start-dev" in line,
        "web": lambda line: line[-1:] == ["web"],
    }
    found = []
    for name, fits in marks.items():
        held = [p.memory_info().rss for p in psutil.process_iter(["cmdline"]) if fits(p.info["cmdline"] or [])]
        found.append(f"{name} {sum(held) / 2**20:.0f}")
    return ", ".join(found)


async def supervision_rows(resources: Resources, closed: int) -> list[Row]:
    """The board and the overdue list over `closed` cases and over a tenth of them, in a database of its own."""
    found = await compare_supervision(resources.settings, few=closed // 10, many=closed)
    rows: list[Row] = []
    for speed in (found.few, found.many):
        over = localize(f"{speed.closed} 件已结 {speed.open} 件未结", f"{speed.closed} closed, {speed.open} open")
        board = localize("看板毫秒 p50 / p95", "board, ms p50 / p95")
        audit = localize("超期清单毫秒 p50 / p95", "overdue list, ms p50 / p95")
        rows.append((f"{board} ({over})", f"{speed.board_p50:.0f} / {speed.board_p95:.0f}"))
        rows.append((f"{audit} ({over})", f"{speed.overdue_p50:.0f} / {speed.overdue_p95:.0f}"))
    return rows
