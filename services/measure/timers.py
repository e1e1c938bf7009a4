"""Measure how late due moments of many open cases are recorded, and that each is recorded once.

The cases are received by the rules and stored in bulk; each then waits in a workflow of its own, like one that has
continued in a new run.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

from infra.store.cases import insert_cases, next_sequence
from infra.store.context import read_context
from models.case import Case
from models.commands import Report
from models.context import Person
from models.facts import Actor, Fact, Received
from models.ids import new_id, workflow_id
from models.messages import CaseStart, Step
from models.plan import Plan
from models.wire_names import CASE_WORKFLOW
from rules.case_number import case_number
from rules.decide import decide
from rules.evolve import evolve
from services.runtime.resources import Resources

#: Cases stored in one transaction, and starts at the same time.
BATCH, CONCURRENCY = 500, 40


@dataclass(frozen=True)
class Lateness:
    """How late, in seconds, `count` due moments were recorded; how many never were, and how many more than once."""

    count: int
    missing: int
    repeated: int
    p50: float
    p99: float
    worst: float


async def open_waiting_cases(
    resources: Resources,
    reporter: Person,
    grid: str,
    category: str,
    dues: Sequence[datetime],
    progress: Callable[[int], None] = lambda done: None,
    *,
    step: int | None = None,
) -> list[UUID]:
    """Open one case for each time of `dues`, at which its acceptance falls due, and start its workflow.

    `step`: the step of the ladder that then fires as well, from 1; None: none does.
    """
    pattern = await _pattern(resources.engine, reporter, grid, category)
    slots, started = asyncio.Semaphore(CONCURRENCY), 0
    opened: list[UUID] = []

    async def start(case: Case) -> None:
        nonlocal started
        async with slots:
            report = pattern.report.model_copy(update={"report_id": case.report_id})
            await resources.temporal.start_workflow(
                CASE_WORKFLOW,
                CaseStart(report=report, actor=Actor(person=reporter.id), case=case),
                id=workflow_id(case.report_id),
                task_queue=resources.settings.case_queue,
            )
            started += 1
            progress(started)

    remaining = iter(dues)
    while batch := list(islice(remaining, BATCH)):
        async with resources.engine.begin() as connection:
            received = await _receive(connection, pattern, batch, step)
            await insert_cases(connection, [((fact,), case) for fact, case in received])
        await _wait_for_workers(resources)
        async with asyncio.TaskGroup() as group:
            for _, case in received:
                group.create_task(start(case))
        opened += [case.report_id for _, case in received]
    return opened


@dataclass(frozen=True)
class _Pattern:
    report: Report
    fact: Fact
    park: str


async def _pattern(engine: AsyncEngine, reporter: Person, grid: str, category: str) -> _Pattern:
    """Return a report of this kind, decided by the rules in force."""
    now = datetime.now(UTC)
    report = Report(
        report_id=new_id(), category=category, title="测量用上报", grid=grid, occurred_at=now, reported_at=now,
        content_hash="-",
    )  # fmt: skip
    step = Step(
        report_id=report.report_id,
        known=0,
        id=report.report_id,
        at=now,
        actor=Actor(person=reporter.id),
        command=report,
    )
    async with engine.connect() as connection:
        context = await read_context(connection, step, None)
    (fact,) = decide(None, step, context.model_copy(update={"case_no": "-"}))
    return _Pattern(report, fact, context.units[-1].code)


async def _receive(
    connection: AsyncConnection, pattern: _Pattern, dues: Sequence[datetime], step: int | None
) -> list[tuple[Fact, Case]]:
    body = pattern.fact.body
    assert isinstance(body, Received)
    day = pattern.fact.at.date()
    last = await next_sequence(connection, pattern.park, day, len(dues))
    received = []
    for sequence, due_at in enumerate(dues, last - len(dues) + 1):
        report_id = new_id()
        due = body.due.model_copy(
            update={"due_at": due_at, "plan": Plan(calendars=1, rungs=() if step is None else (due_at,))}
        )
        number = case_number(pattern.park, day, sequence)
        received_body = body.model_copy(update={"report_id": report_id, "case_no": number, "due": due})
        fact = pattern.fact.model_copy(update={"command_id": report_id, "body": received_body})
        case = evolve(None, fact)
        if step is not None and case.clock is not None:
            case = case.model_copy(update={"clock": case.clock.model_copy(update={"last_step": step - 1})})
        received.append((fact, case))
    return received


async def _wait_for_workers(resources: Resources) -> None:
    """Wait until the workers have started nearly all cases: a case that still waits for them has not set its timer
    yet.
    """
    request = DescribeTaskQueueRequest(
        namespace=resources.temporal.namespace,
        task_queue=TaskQueue(name=resources.settings.case_queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        report_stats=True,
    )
    while True:
        answer = await resources.temporal.workflow_service.describe_task_queue(request)
        if answer.stats.approximate_backlog_count < BATCH:
            return
        await asyncio.sleep(0.5)


async def measure_lateness(engine: AsyncEngine, cases: Sequence[UUID], timeout: timedelta) -> Lateness:
    """Wait until all of `cases` are recorded as overdue, or for `timeout`; then return how late each was."""
    deadline = datetime.now(UTC) + timeout
    while datetime.now(UTC) < deadline:
        if await _count_waiting(engine, cases) == 0:
            break
        await asyncio.sleep(0.5)
    async with engine.connect() as connection:
        rows = await connection.execute(
            text(
                "SELECT report_id, extract(epoch FROM at - (body ->> 'due_at')::timestamptz) AS late FROM facts"
                " WHERE kind = 'overdue' AND report_id = ANY (:cases)"
            ),
            {"cases": list(cases)},
        )
        found = rows.all()
    seen = {report_id for report_id, _ in found}
    waits = sorted(float(late) for _, late in found)
    return Lateness(
        count=len(waits),
        missing=len(cases) - len(seen),
        repeated=len(found) - len(seen),
        p50=_percentile(waits, 0.5),
        p99=_percentile(waits, 0.99),
        worst=waits[-1] if waits else 0.0,
    )


async def _count_waiting(engine: AsyncEngine, cases: Sequence[UUID]) -> int:
    async with engine.connect() as connection:
        waiting = await connection.scalar(
            text("SELECT count(*) FROM cases WHERE report_id = ANY (:cases) AND overdue_at IS NULL"),
            {"cases": list(cases)},
        )
    return int(waiting or 0)


def even_times(since: datetime, a_second: float) -> Iterator[datetime]:
    """Yield times at an even rate from `since` on, without end."""
    number = 0
    while True:
        yield since + timedelta(seconds=number / a_second)
        number += 1


def _percentile(waits: list[float], part: float) -> float:
    return waits[min(len(waits) - 1, int(len(waits) * part))] if waits else 0.0
