"""A whole audit: every case that is not archived against its workflow, and every running workflow against its case."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from activities.auditing import case_rows, sentences
from activities.auditing.case_rows import AuditContext, Row
from activities.auditing.compare import CaseComparer
from activities.auditing.matters import audit_matters
from activities.auditing.part import Part, read_ids, slice_end
from activities.auditing.repair import Repairer
from activities.auditing.running_workflows import has_worker, list_running
from infra.store.attachments import count_unnamed
from models.jobs.audit import AuditReport, Drift, Finding

#: How late a due step may be before it counts as missed, and how long a report may take to be recorded (our choice).
TOLERANCE, GRACE = timedelta(minutes=2), timedelta(minutes=1)
#: How long an upload is kept that nothing names, unless the settings say otherwise (our choice).
UNNAMED_RETENTION = timedelta(days=7)
#: How many cases are compared at once: the recording step needs connections too.
CONCURRENCY = 8
#: How often a difference must be seen before it is a finding, and the pause between: a change in progress is no drift.
ATTEMPTS, PAUSE = 3, timedelta(seconds=1)

Progress = Callable[[str, int, int], None]
Findings = tuple[Finding, ...]
T = TypeVar("T")


def ignore_progress(what: str, done: int, total: int) -> None:
    """Ignore progress."""


class Auditor:
    """Audits the cases of one database against the workflows on one task queue.

    `unnamed`: how long an upload is kept that nothing names.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        client: Client,
        queue: str,
        *,
        tolerance: timedelta = TOLERANCE,
        grace: timedelta = GRACE,
        unnamed: timedelta = UNNAMED_RETENTION,
    ) -> None:
        self._engine = engine
        self._client = client
        self._queue = queue
        self._tolerance = tolerance
        self._grace = grace
        self._unnamed = unnamed

    async def audit(
        self,
        *,
        fix: bool = False,
        sample: int | None = None,
        part: Part | None = None,
        progress: Progress = ignore_progress,
    ) -> AuditReport:
        """Compare everything, or a part. With `fix`, repair what can be repaired and compare again: the report says
        what is left.

        `sample`: how many workflows, drawn at random, are queried for their state (None: all). `progress` is called
        with the phase, the number done and the total.

        Raises the errors of a store that is away.
        """
        context = await AuditContext.read(self._engine)
        report = await self._compare_all(context, sample, part, progress)
        fixable = _repairable(report) if fix else []
        if not fixable:
            return report
        repairer = Repairer(self._engine, self._client, self._queue, context.calendars)
        failures = await repairer.repair(fixable, lambda done, total: progress("repair", done, total))
        again = await self._compare_all(context, sample, part, progress)
        return again.model_copy(update={"repaired": len(fixable) - len(failures), "failures": tuple(failures)})

    async def _compare_all(
        self, context: AuditContext, sample: int | None, part: Part | None, progress: Progress
    ) -> AuditReport:
        started, at = time.monotonic(), datetime.now(UTC)
        worker_there = await has_worker(self._client, self._queue)
        end = None if part is None else await slice_end(self._engine, part)
        # At the end of a round every running workflow is looked up, so that one without a case is found.
        workflows = await list_running(self._client, self._queue, None if part is None or end is None else part.since)
        ids = None if part is None else await read_ids(self._engine, part, at - self._tolerance)
        total = await case_rows.count_cases(self._engine) if ids is None else len(ids)
        chosen = None if sample is None else await case_rows.sample_cases(self._engine, sample, ids)
        comparer = CaseComparer(self._engine, self._client, context, tolerance=self._tolerance, grace=self._grace)
        findings = [] if worker_there else [sentences.no_worker(self._queue)]
        unmatched, cases, queried = dict(workflows), 0, 0

        def is_queried(row: Row) -> bool:
            return worker_there and (chosen is None or row.about.report_id in chosen)

        async def compare(row: Row, again: bool) -> Findings:
            if row.archived:  # it went on lately; its workflow should have ended with it
                return await comparer.compare_workflow(row.about.report_id, None)
            listed = row.about.report_id in workflows
            return await comparer.compare_row(row, listed=listed, query=is_queried(row), again=again)

        async for page in case_rows.read_pages(self._engine, context, ids):
            findings += await confirmed_findings(page, compare)
            for row in page:
                unmatched.pop(row.about.report_id, None)
            cases += len(page)
            queried += sum(is_queried(row) for row in page)
            progress("look", cases, max(total, cases))
        findings += await self._compare_unmatched(comparer, context, unmatched, progress)
        of_matters = await audit_matters(
            self._engine, self._client, self._queue, tolerance=self._tolerance, query=worker_there
        )
        findings += of_matters.findings
        async with self._engine.connect() as connection:
            unnamed = await count_unnamed(connection, at - self._unnamed)
        if worker_there and comparer.gave_up:
            findings.append(sentences.no_worker(self._queue))
        return AuditReport(
            at=at,
            cases=cases,
            workflows=len(workflows),
            looked_into=queried,
            whole=part is None,
            slice_end=end,
            matters=of_matters.matters,
            unnamed_files=unnamed,
            findings=tuple(findings),
            seconds=round(time.monotonic() - started, 3),
        )

    async def _compare_unmatched(
        self, comparer: CaseComparer, context: AuditContext, unmatched: dict[UUID, datetime | None], progress: Progress
    ) -> list[Finding]:
        """Return the findings of running workflows whose case is missing in the database or archived."""
        ids, found = list(unmatched), list[Finding]()

        async def compare(report_id: UUID, _: bool) -> Findings:
            return await comparer.compare_workflow(report_id, unmatched[report_id])

        for start in range(0, len(ids), case_rows.PAGE_SIZE):
            page = ids[start : start + case_rows.PAGE_SIZE]
            rows = await case_rows.read_rows(self._engine, context, page)
            suspects = [report_id for report_id in page if report_id not in rows or rows[report_id].archived]
            found += await confirmed_findings(suspects, compare)
            progress("look_back", start + len(page), len(ids))
        return found


def _repairable(report: AuditReport) -> list[Finding]:
    """Return the findings to repair. Without a worker, only missing workflows: an update would wait in vain."""
    no_worker = any(finding.kind is Drift.NO_WORKER for finding in report.findings)
    return [f for f in report.findings if f.fixable and (not no_worker or f.kind is Drift.WORKFLOW_MISSING)]


async def confirmed_findings(subjects: Sequence[T], compare: Callable[[T, bool], Awaitable[Findings]]) -> list[Finding]:
    """Return the findings of `compare` for `subjects` that are still there after several comparisons."""
    limit = asyncio.Semaphore(CONCURRENCY)

    async def compare_limited(subject: T, again: bool) -> Findings:
        async with limit:
            return await compare(subject, again)

    suspects: list[tuple[T, Findings]] = [(subject, ()) for subject in subjects]
    for attempt in range(ATTEMPTS):
        if attempt:
            await asyncio.sleep(PAUSE.total_seconds())
        results = await asyncio.gather(*(compare_limited(subject, attempt > 0) for subject, _ in suspects))
        suspects = [(subject, found) for (subject, _), found in zip(suspects, results, strict=True) if found]
        if not suspects:
            break
    return [finding for _, found in suspects for finding in found]
