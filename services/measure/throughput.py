"""Measure cases per second: a whole case, a bare workflow, and a workflow that does all but record.

All have the same client, server, worker settings and load.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from uuid import uuid4

from temporalio import activity
from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

from infra.case_client import act, open_case
from models.commands import Accept, Complete, Dispatch, HumanCommand, PassReview, Report
from models.context import Person
from models.enums import Source
from models.facts import Actor
from models.ids import new_id
from models.messages import Act, CaseStart
from services.runtime.resources import Resources
from workflows.benchmark import NOTHING


@dataclass(frozen=True)
class Participants:
    """The people of a measured case, and its place and category."""

    worker: Person
    duty: Person
    handler: Person
    reviewer: Person
    grid: str
    category: str
    host: str


@dataclass(frozen=True)
class Ratio:
    """The median over the rounds of the ratio to the bare workflow of the same round, with its spread."""

    median: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Compared:
    """Medians over the rounds in cases per second; `ratio` is ours / bare, `way` the workflow without a record /
    bare.
    """

    ours: float
    bare: float
    ratio: Ratio
    way: Ratio


@activity.defn(name=NOTHING)
async def return_input(given: dict[str, str]) -> dict[str, str]:
    """The activity of `workflows.benchmark.LocalActivityWorkflow`: returns its input."""
    return given


async def compare_throughput(
    resources: Resources, cast: Participants, bare_queue: str, *, cases: int, concurrency: int, rounds: int
) -> Compared:
    """Run `rounds` of all three in turn, `cases` each, `concurrency` at the same time."""
    ours: list[float] = []
    bare: list[float] = []
    way: list[float] = []
    for _ in range(rounds):
        bare.append(await measure_rate(lambda: run_bare_workflow(resources, bare_queue), cases, concurrency))
        way.append(await measure_rate(lambda: run_way_workflow(resources, bare_queue), cases, concurrency))
        ours.append(await measure_rate(lambda: run_whole_case(resources, cast), cases, concurrency))
    return Compared(median(ours), median(bare), _ratio(ours, bare), _ratio(way, bare))


def _ratio(ours: list[float], bare: list[float]) -> Ratio:
    ratios = [own_rate / bare_rate for own_rate, bare_rate in zip(ours, bare, strict=True)]
    return Ratio(median(ratios), min(ratios), max(ratios))


async def measure_rate(run: Callable[[], Awaitable[None]], count: int, concurrency: int) -> float:
    """Return how many run per second, of `count` with `concurrency` at the same time."""
    slots = asyncio.Semaphore(concurrency)

    async def run_in_slot() -> None:
        async with slots:
            await run()

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(run_in_slot())
    return count / (time.perf_counter() - begun)


async def run_whole_case(resources: Resources, cast: Participants) -> None:
    """Run a report and four commands to closure."""
    start = make_start(cast)
    report_id = start.report.report_id
    await open_case(resources.temporal, start, queue=resources.settings.case_queue)
    steps: list[tuple[Person, HumanCommand]] = [
        (cast.duty, Accept()),
        (cast.duty, Dispatch(host=cast.host)),
        (cast.handler, Complete(result="已处理完毕", answer="您反映的问题已处理完毕。")),
        (cast.reviewer, PassReview(note="现场核实")),
    ]
    for person, command in steps:
        await act(resources.temporal, report_id, Act(id=new_id(), actor=Actor(person=person.id), command=command))


def make_start(cast: Participants) -> CaseStart:
    """Return the start of a case with a report of about 300 bytes."""
    now = datetime.now(UTC)
    report = Report(
        report_id=new_id(),
        category=cast.category,
        title="测量用上报",
        description="三个月工资未发,涉及十一人。" * 4,
        grid=cast.grid,
        occurred_at=now,
        reported_at=now,
        source=Source.GRID_WORKER,
        content_hash="0" * 64,
    )
    return CaseStart(report=report, actor=Actor(person=cast.worker.id))


async def run_bare_workflow(resources: Resources, queue: str) -> None:
    """Run a start and five updates, the first with the start, as a case does."""
    await _five_updates(resources, queue, "Bare", "take")


async def run_way_workflow(resources: Resources, queue: str) -> None:
    """Run the same on the workflow that does what a case does, without recording."""
    await _five_updates(resources, queue, "Way", "receipt")


async def _five_updates(resources: Resources, queue: str, name: str, first: str) -> None:
    id_ = f"{name.lower()}-{uuid4()}"
    body = {"description": "三个月工资未发,涉及十一人。" * 4}
    operation: WithStartWorkflowOperation[object, object] = WithStartWorkflowOperation(
        name, body, id=id_, task_queue=queue, id_conflict_policy=WorkflowIDConflictPolicy.FAIL
    )
    await resources.temporal.execute_update_with_start_workflow(first, body, start_workflow_operation=operation)
    handle = resources.temporal.get_workflow_handle(id_)
    for _ in range(4):
        await handle.execute_update("take", body)
