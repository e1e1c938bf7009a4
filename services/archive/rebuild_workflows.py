"""Give a workflow to every case, matter and send that should have one and has none, as after Temporal was lost.

Safe to stop, to repeat and to run several times at once: a workflow that runs is left alone.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import TextClause, text
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.auditing.running_workflows import WorkflowSilent, latest_run, query_state
from activities.auditing.sends import audit_sends
from infra.store.cases import read_case, read_facts
from infra.store.reporters import read_reporter
from infra.store.workers import place_of, worker_elsewhere
from models.base import Frozen
from models.english import counted
from models.ids import matter_workflow_id, workflow_id
from models.jobs.export import EXPORT_WORKFLOW, ExportOrder
from models.jobs.rebuild import RebuildFault, WorkflowsRebuilt
from models.matters.base import MatterKind
from models.matters.messages import MatterStart
from models.wire_names import CASE_WORKFLOW, MATTER_WORKFLOW
from rules.restart import restart
from services.archive.schedule import schedule_archive
from services.auditing.schedule import schedule_audits
from services.bulletins.schedules import schedule_bulletins
from services.history.schedule import schedule_anchors
from services.policies.publish import catch_up_rollouts
from services.runtime.resources import Resources

log = structlog.get_logger(__name__)

#: Workflows started at once, and rows read at once.
CONCURRENCY, PAGE = 16, 500
#: Called with the number of cases and matters done, and of all.
Progress = Callable[[int, int], None]

_CASES = text("""
    SELECT report_id AS id, case_no AS number FROM cases WHERE archived_at IS NULL AND report_id > :after
    ORDER BY report_id LIMIT :limit
""")
_MATTERS = text("""
    SELECT id, code AS number, kind, seq, wake_at FROM matters WHERE ended_at IS NULL AND id > :after
    ORDER BY id LIMIT :limit
""")
_COUNT = text("""
    SELECT (SELECT count(*) FROM cases WHERE archived_at IS NULL) AS cases,
        (SELECT count(*) FROM matters WHERE ended_at IS NULL) AS matters
""")
_EXPORTS = text("SELECT id FROM exports WHERE status IN ('waiting', 'making')")


class OtherNamespace(Exception):
    """A worker elsewhere works on this database; two namespaces must never hold its workflows at once."""


class _Work:
    """One rebuilding."""

    def __init__(self, resources: Resources, total: int, progress: Progress) -> None:
        self.resources = resources
        self.client: Client = resources.temporal
        self.queue = resources.settings.case_queue
        self.running = self.started = self.done = 0
        self.faults: list[RebuildFault] = []
        self._total, self._progress = total, progress
        self._room = asyncio.Semaphore(CONCURRENCY)

    async def one(self, number: str, start: Callable[[], Awaitable[bool]]) -> None:
        """Run `start`, which says whether it started a workflow, and count."""
        async with self._room:
            try:
                if await start():
                    self.started += 1
                else:
                    self.running += 1
            except (ValueError, WorkflowSilent, _KnowsMore) as error:
                reason = str(error) or type(error).__name__
                self.faults.append(RebuildFault(number=number, zh=f"流程未启动:{reason}", en=f"not started: {reason}"))
                log.error("workflow not started", number=number, reason=reason)
        self.done += 1
        self._progress(self.done, self._total)

    async def start(self, workflow: str, start: Frozen, id_: str) -> bool:
        """Start a workflow; return False when it runs already."""
        try:
            await self.client.start_workflow(
                workflow, start, id=id_, task_queue=self.queue,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL, id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            )  # fmt: skip
        except WorkflowAlreadyStartedError:
            return False
        return True


class _KnowsMore(Exception):
    """The last workflow of the case had more facts than the database."""


async def rebuild_workflows(resources: Resources, progress: Progress = lambda done, total: None) -> WorkflowsRebuilt:
    """Start what is missing: cases, matters, exports under way, sends, rollouts, schedules.

    Raises OtherNamespace while a worker with another namespace works on this database; RPCError when Temporal can't be
    reached, and what a database raises that is away.
    """
    began, now = time.monotonic(), datetime.now(UTC)
    elsewhere = await worker_elsewhere(resources.engine, await place_of(resources.temporal), now)
    if elsewhere is not None:
        raise OtherNamespace(elsewhere)
    async with resources.engine.connect() as connection:
        total = (await connection.execute(_COUNT)).one()
        exports = (await connection.scalars(_EXPORTS)).all()
    work = _Work(resources, total.cases + total.matters, progress)
    async for page in _pages(resources, _CASES):
        await asyncio.gather(*(work.one(row.number, partial(_start_case, work, row.id)) for row in page))
    async for page in _pages(resources, _MATTERS):
        await asyncio.gather(*(work.one(row.number, partial(_start_matter, work, row)) for row in page))
    for id_ in exports:
        await work.start(EXPORT_WORKFLOW, ExportOrder(id=id_), f"export-{id_}")
    await audit_sends(resources.engine, work.client, work.queue, fix=True, older_than_seconds=0)
    await catch_up_rollouts(resources.engine, work.client, work.queue)
    await schedule_audits(work.client, work.queue)
    await schedule_archive(work.client, work.queue)
    await schedule_anchors(work.client, work.queue)
    await schedule_bulletins(work.client, resources.engine, work.queue)
    return WorkflowsRebuilt(
        at=now, cases=total.cases, matters=total.matters, running=work.running, started=work.started,
        faults=tuple(work.faults), seconds=round(time.monotonic() - began, 1),
    )  # fmt: skip


async def _pages(resources: Resources, query: TextClause) -> AsyncIterator[list[Any]]:
    after = UUID(int=0)
    while True:
        async with resources.engine.connect() as connection:
            page = list((await connection.execute(query, {"after": after, "limit": PAGE})).all())
        if not page:
            return
        yield page
        after = page[-1].id


async def _start_case(work: _Work, id_: UUID) -> bool:
    async with work.resources.engine.connect() as connection:
        case, facts = await read_case(connection, id_), await read_facts(connection, id_)
        reporter = None
        if case is not None and case.reporter_ref is not None:
            reporter = await read_reporter(connection, case.reporter_ref)
    if case is None or case.archived_at is not None:
        return False
    run = await latest_run(work.client, id_)
    if run.is_running:
        return False
    if run.status is not None and run.status is not WorkflowExecutionStatus.FAILED:
        known = await query_state(work.client, id_)
        if known is not None and known.seq > case.seq:
            raise _KnowsMore(f"its last workflow had {counted(known.seq, 'fact')}, the database has {case.seq}")
    sealed = None if reporter is None else reporter.sealed
    return await work.start(CASE_WORKFLOW, restart(case, facts, sealed), workflow_id(id_))


async def _start_matter(work: _Work, row: Any) -> bool:
    kind, id_ = MatterKind(row.kind), row.id
    start = MatterStart(matter_kind=kind, matter_id=id_, known=row.seq, wake_at=row.wake_at)
    return await work.start(MATTER_WORKFLOW, start, matter_workflow_id(kind, id_))
