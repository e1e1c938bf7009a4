"""The audit as a whole: every case that is not archived, every workflow that runs, each held against the other."""

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
from activities.auditing.repair import Repairer
from activities.auditing.running_workflows import has_worker, list_running
from infra.store.context import local_day
from infra.store.policies import NoPolicy, newest_version
from models.jobs.audit import AuditReport, Drift, Finding

#: How late a due step may be before it counts as missed, and how long a report may take to be recorded (our choice).
TOLERANCE, GRACE = timedelta(minutes=2), timedelta(minutes=1)
#: How many cases are looked at at once: the recording step needs connections as well.
CONCURRENCY = 8
#: How often something odd is looked at before it counts, and how far apart: what changes meanwhile is no drift.
ATTEMPTS, PAUSE = 3, timedelta(seconds=1)

Progress = Callable[[str, int, int], None]
Findings = tuple[Finding, ...]
T = TypeVar("T")


def _ignore_progress(what: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""


class Auditor:
    """Audits the cases of one database against the workflows on one queue."""

    def __init__(
        self,
        engine: AsyncEngine,
        client: Client,
        queue: str,
        *,
        tolerance: timedelta = TOLERANCE,
        grace: timedelta = GRACE,
    ) -> None:
        self._engine = engine
        self._client = client
        self._queue = queue
        self._tolerance = tolerance
        self._grace = grace

    async def audit(
        self, *, fix: bool = False, sample: int | None = None, progress: Progress = _ignore_progress
    ) -> AuditReport:
        """Looks at everything; with `fix`, repairs what can be and looks again: the report says what is left.

        `sample`: of how many cases, picked by chance, the workflow is asked what it knows (None: of all).
        `progress` is told what is being done, how much of it is done, and of how much.

        Raises what the stores raise when one of them is away.
        """
        world = await self._world()
        report = await self._look(world, sample, progress)
        fixable = _repairable(report) if fix else []
        if not fixable:
            return report
        repairer = Repairer(self._engine, self._client, self._queue, world.calendars)
        failures = await repairer.repair(fixable, lambda done, total: progress("repair", done, total))
        again = await self._look(world, sample, progress)
        return again.model_copy(update={"repaired": len(fixable) - len(failures), "failures": tuple(failures)})

    async def _world(self) -> AuditContext:
        async with self._engine.connect() as connection:
            now = datetime.now(UTC)
            try:
                return AuditContext(today=await local_day(connection, now), calendars=await newest_version(connection))
            except NoPolicy:  # then there is no case either
                return AuditContext(today=now.date(), calendars=0)

    async def _look(self, world: AuditContext, sample: int | None, progress: Progress) -> AuditReport:
        began, at = time.monotonic(), datetime.now(UTC)
        staffed = await has_worker(self._client, self._queue)
        workflows = await list_running(self._client, self._queue)
        total = await case_rows.count_cases(self._engine)
        chosen = None if sample is None else await case_rows.sample_cases(self._engine, sample)
        looker = CaseComparer(self._engine, self._client, world, tolerance=self._tolerance, grace=self._grace)
        findings = [] if staffed else [sentences.no_worker(self._queue)]
        unmatched, cases, asked = dict(workflows), 0, 0

        def is_close(row: Row) -> bool:
            return staffed and (chosen is None or row.about.report_id in chosen)

        async def look(row: Row, again: bool) -> Findings:
            listed = row.about.report_id in workflows
            return await looker.at_row(row, listed=listed, closely=is_close(row), again=again)

        async for page in case_rows.read_pages(self._engine, world):
            findings += await _confirmed_findings(page, look)
            for row in page:
                unmatched.pop(row.about.report_id, None)
            cases += len(page)
            asked += sum(is_close(row) for row in page)
            progress("look", cases, max(total, cases))
        findings += await self._without_rows(looker, world, unmatched, progress)
        if staffed and looker.gave_up:
            findings.append(sentences.no_worker(self._queue))
        return AuditReport(
            at=at,
            cases=cases,
            workflows=len(workflows),
            looked_into=asked,
            findings=tuple(findings),
            seconds=round(time.monotonic() - began, 3),
        )

    async def _without_rows(
        self, looker: CaseComparer, world: AuditContext, unmatched: dict[UUID, datetime | None], progress: Progress
    ) -> list[Finding]:
        """The reverse: workflows that run for a case that the database has not, or has archived."""
        ids, found = list(unmatched), list[Finding]()

        async def look(report_id: UUID, _: bool) -> Findings:
            return await looker.at_workflow(report_id, unmatched[report_id])

        for start in range(0, len(ids), case_rows.PAGE_SIZE):
            page = ids[start : start + case_rows.PAGE_SIZE]
            known = await case_rows.read_rows(self._engine, world, page)
            odd = [report_id for report_id in page if report_id not in known or known[report_id].archived]
            found += await _confirmed_findings(odd, look)
            progress("look_back", start + len(page), len(ids))
        return found


def _repairable(report: AuditReport) -> list[Finding]:
    """What to repair. While nobody takes the steps of cases, a word to a workflow would wait in vain."""
    deaf = any(finding.kind is Drift.NO_WORKER for finding in report.findings)
    return [f for f in report.findings if f.fixable and (not deaf or f.kind is Drift.WORKFLOW_MISSING)]


async def _confirmed_findings(subjects: Sequence[T], look: Callable[[T, bool], Awaitable[Findings]]) -> list[Finding]:
    """What `look` finds at each of `subjects`; what seems odd is looked at again, until it does not or stays so."""
    room = asyncio.Semaphore(CONCURRENCY)

    async def at(subject: T, again: bool) -> Findings:
        async with room:
            return await look(subject, again)

    odd: list[tuple[T, Findings]] = [(subject, ()) for subject in subjects]
    for again in range(ATTEMPTS):
        if again:
            await asyncio.sleep(PAUSE.total_seconds())
        seen = await asyncio.gather(*(at(subject, again > 0) for subject, _ in odd))
        odd = [(subject, found) for (subject, _), found in zip(odd, seen, strict=True) if found]
        if not odd:
            break
    return [finding for _, found in odd for finding in found]
