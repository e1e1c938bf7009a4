"""`bench`: deadline arithmetic, timers under an even load, the supervisor's board and overdue list."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

import psutil
from rich.progress import Progress

from cli.labels import UNITS, localize
from cli.output import out
from services.files.shipped import POLICY
from services.measure.deadlines import measure_deadlines
from services.measure.many_cases import compare_supervision
from services.measure.storm import measure_storm, tell_everybody
from services.measure.throughput import Participants
from services.measure.timers import Lateness, even_times, measure_lateness, open_waiting_cases
from services.policies.files import read_policy
from services.runtime.resources import Resources

Row = tuple[str, str]
#: New cases a second that the workers of a small machine can start.
CASES_STARTED_PER_SECOND = 15
#: When cases that only wait fall due: long after the measurement.
FAR_DEADLINE = timedelta(days=2)
#: The step of the park's ladders that reaches the supervisor of the community.
STEP_OF_THE_HEAD = 3
#: How long to wait for recordings after the last due moment.
RECORDING_TIMEOUT = timedelta(minutes=10)


def deadline_rows() -> list[Row]:
    """Measure microseconds for sixty working days in each unit, by the park's calendar."""
    found = measure_deadlines(read_policy(POLICY).calendars[0])
    return [
        (
            localize(f"60 个工作日,{UNITS[cost.unit][0]},微秒", f"60 working days in {UNITS[cost.unit][1]}, µs"),
            f"{cost.warm:.1f}",
        )
        for cost in found
    ]


async def timer_rows(resources: Resources, cast: Participants, count: int, rate: float, minutes: float) -> list[Row]:
    """Open `count` cases, `rate` of them due a second for `minutes`, and measure how late those are recorded.

    The cases that fall due are opened last, so that all the others wait on their timers by then.
    """
    due_count = min(count, int(rate * 60 * minutes))
    later = islice(even_times(datetime.now(UTC) + FAR_DEADLINE, rate), count - due_count)
    with Progress(console=out) as bar:
        task = bar.add_task(localize("打开案件", "Opening cases"), total=count)
        others = await open_waiting_cases(
            resources, cast.worker, cast.grid, cast.category, list(later), lambda done: bar.update(task, completed=done)
        )
        # Leave time to start all of them before the first falls due.
        since = datetime.now(UTC) + timedelta(seconds=60 + due_count / CASES_STARTED_PER_SECOND)
        dues = list(islice(even_times(since, rate), due_count))
        opened = await open_waiting_cases(
            resources, cast.worker, cast.grid, cast.category, dues,
            lambda done: bar.update(task, completed=len(others) + done),
        )  # fmt: skip
    late = await measure_lateness(resources.engine, opened, dues[-1] - datetime.now(UTC) + RECORDING_TIMEOUT)
    return [*_late_rows(late, count, rate), (localize("各进程常驻内存,MiB", "resident, MiB"), _describe_memory())]


async def storm_rows(resources: Resources, cast: Participants, count: int) -> list[Row]:
    """Let `count` cases of one place fall due within a minute, each with the step that reaches the community's head,
    and measure how late those are recorded and what the mailboxes make of it."""
    await tell_everybody(resources.engine)
    since = datetime.now(UTC) + timedelta(seconds=60 + count / CASES_STARTED_PER_SECOND)
    dues = list(islice(even_times(since, count / 60), count))
    with Progress(console=out) as bar:
        task = bar.add_task(localize("打开案件", "Opening cases"), total=count)
        opened = await open_waiting_cases(
            resources, cast.worker, cast.grid, cast.category, dues,
            lambda done: bar.update(task, completed=done), step=STEP_OF_THE_HEAD,
        )  # fmt: skip
    late = await measure_lateness(resources.engine, opened, dues[-1] - datetime.now(UTC) + RECORDING_TIMEOUT)
    told = await measure_storm(resources.engine, opened, since, dues[-1])
    return [
        *_late_rows(late, count, count / 60),
        (
            localize("站外:人数、事项、消息(其中汇总)", "mailboxes: people, items, messages (summaries)"),
            f"{told.heads}, {told.items}, {told.messages} ({told.summaries})",
        ),
        (
            localize("每份汇总说的件数、列出的件数;仍在等的", "each summary speaks of, names; still waiting"),
            f"{_range(told.amounts)}, {_range(told.named)}; {told.waiting}",
        ),
        (
            localize(
                "最后一条在末次到期后几秒;每人每分钟最多几条(超出上限)",
                "last message after the last due, s; most a minute (over caps)",
            ),
            f"{told.after:.1f}; {told.most_a_minute} ({told.over_caps})",
        ),
    ]


def _range(numbers: Sequence[int]) -> str:
    return "–".join(str(one) for one in sorted({min(numbers), max(numbers)})) if numbers else "0"


def _late_rows(late: Lateness, count: int, rate: float) -> list[Row]:
    what = localize(f"{count} 件未结,{rate:g}/秒到期", f"{count} open cases, {rate:g} due a second")
    waits = localize("迟到秒 p50 / p99 / 最长", "late, s: p50 / p99 / worst")
    due = localize("到期数(缺失、重复)", "due moments (missing, repeated)")
    return [
        (f"{what}: {waits}", f"{late.p50:.2f} / {late.p99:.2f} / {late.worst:.2f}"),
        (due, f"{late.count} ({late.missing}, {late.repeated})"),
    ]


def _describe_memory() -> str:
    """Return the resident memory of Gridloop's processes, by kind."""
    kinds: dict[str, Callable[[list[str]], bool]] = {
        "worker": lambda line: any(part.endswith("worker.py") for part in line),
        "temporal": lambda line: "start-dev" in line,
        "web": lambda line: line[-1:] == ["web"],
    }
    found = []
    for name, matches in kinds.items():
        sizes = [p.memory_info().rss for p in psutil.process_iter(["cmdline"]) if matches(p.info["cmdline"] or [])]
        found.append(f"{name} {sum(sizes) / 2**20:.0f}")
    return ", ".join(found)


async def supervision_rows(resources: Resources, closed: int) -> list[Row]:
    """Measure board, overdue list and ranking over `closed` cases and over a tenth of them, and the lists of cases over
    all of them, in a database of its own.
    """
    found = await compare_supervision(resources.settings, few=closed // 10, many=closed)
    rows: list[Row] = []
    for speed in (found.few, found.many):
        over = localize(f"{speed.closed} 件已结 {speed.open} 件未结", f"{speed.closed} closed, {speed.open} open")
        board = localize("看板毫秒 p50 / p95", "board, ms p50 / p95")
        overdue = localize("超期清单毫秒 p50 / p95", "overdue list, ms p50 / p95")
        rows.append((f"{board} ({over})", f"{speed.board_p50:.0f} / {speed.board_p95:.0f}"))
        rows.append((f"{overdue} ({over})", f"{speed.overdue_p50:.0f} / {speed.overdue_p95:.0f}"))
        rows.append((f"{localize('排名毫秒 p50', 'ranking, ms p50')} ({over})", f"{speed.ranking_p50:.0f}"))
    waits = localize("首页与计数毫秒 p50 / 最长", "first page and count, ms p50 / worst")
    rows += [(f"{localize(*one.name)}: {waits}", f"{one.p50:.0f} / {one.worst:.0f}") for one in found.lists]
    return rows
