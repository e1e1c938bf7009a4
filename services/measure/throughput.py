"""A whole case beside a bare workflow, and beside the way to a record without the record: cases a second, the same
client, server, worker settings and load."""

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
from workflows.bare import NOTHING


@dataclass(frozen=True)
class Cast:
    """Who plays in a measured case, and where it happens."""

    worker: Person
    duty: Person
    handler: Person
    reviewer: Person
    grid: str
    category: str
    host: str


@dataclass(frozen=True)
class Ratio:
    """A median over the rounds, beside the bare workflow of the same round, with its spread."""

    median: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Compared:
    """Medians over the rounds in cases a second; `ratio` is ours / bare, `way` what the way there leaves of bare."""

    ours: float
    bare: float
    ratio: Ratio
    way: Ratio


@activity.defn(name=NOTHING)
async def nothing(given: dict[str, str]) -> dict[str, str]:
    """The activity of `workflows.bare.WayWorkflow`: answers what it is given."""
    return given


async def compare(
    resources: Resources, cast: Cast, bare_queue: str, *, cases: int, abreast: int, rounds: int
) -> Compared:
    """Runs `rounds` of all three in turn, `cases` each, `abreast` at once."""
    ours: list[float] = []
    bare: list[float] = []
    way: list[float] = []
    for _ in range(rounds):
        bare.append(await rate(lambda: bare_workflow(resources, bare_queue), cases, abreast))
        way.append(await rate(lambda: way_workflow(resources, bare_queue), cases, abreast))
        ours.append(await rate(lambda: whole_case(resources, cast), cases, abreast))
    return Compared(median(ours), median(bare), _ratio(ours, bare), _ratio(way, bare))


def _ratio(mine: list[float], theirs: list[float]) -> Ratio:
    ratios = [one / other for one, other in zip(mine, theirs, strict=True)]
    return Ratio(median(ratios), min(ratios), max(ratios))


async def rate(one: Callable[[], Awaitable[None]], count: int, abreast: int) -> float:
    """How many a second, `count` of them with `abreast` under way at once."""
    room = asyncio.Semaphore(abreast)

    async def guarded() -> None:
        async with room:
            await one()

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(guarded())
    return count / (time.perf_counter() - begun)


async def whole_case(resources: Resources, cast: Cast) -> None:
    """A report and four commands to closure."""
    start = a_start(cast)
    report_id = start.report.report_id
    await open_case(resources.temporal, start, queue=resources.settings.case_queue)
    steps: list[tuple[Person, HumanCommand]] = [
        (cast.duty, Accept()),
        (cast.duty, Dispatch(host=cast.host)),
        (cast.handler, Complete(result="已处理完毕")),
        (cast.reviewer, PassReview(note="现场核实")),
    ]
    for person, command in steps:
        await act(resources.temporal, report_id, Act(id=new_id(), actor=Actor(person=person.id), command=command))


def a_start(cast: Cast) -> CaseStart:
    """A report of about 300 bytes."""
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


async def bare_workflow(resources: Resources, queue: str) -> None:
    """A start and five updates, the first with the start, as ours."""
    await _five_updates(resources, queue, "Bare", "take")


async def way_workflow(resources: Resources, queue: str) -> None:
    """The same of the workflow that goes the way of ours, and records nothing."""
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
