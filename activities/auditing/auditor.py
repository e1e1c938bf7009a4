"""A whole audit: every case that is not archived against its workflow, and every running workflow against its case."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from activities.auditing import case_rows, sentences
from activities.auditing.case_rows import AuditContext, Row
from activities.auditing.compare import CaseComparer
from activities.auditing.looking import confirmed
from activities.auditing.matters import MatterAudit, audit_matters
from activities.auditing.part import Part, read_ids, slice_end
from activities.auditing.repair import Repairer, Repairs, subject
from activities.auditing.running_workflows import has_worker, list_running
from activities.auditing.sends import audit_sends
from infra.store.attachments import count_unnamed
from models.errors import KeysAway
from models.jobs.audit import AuditReport, Drift, Finding

#: How late a due step may be before it counts as missed, and how long a report may take to be recorded (our choice).
TOLERANCE, GRACE = timedelta(minutes=2), timedelta(minutes=1)
#: How long an upload is kept that nothing names, unless the settings say otherwise (our choice).
UNNAMED_RETENTION = timedelta(days=7)
#: How many cases are compared at once: the recording step needs connections too.
CONCURRENCY = 8
#: How many findings of a kind are listed; more are only counted (our choice: some 20 MB).
MOST_LISTED = 10_000

Progress = Callable[[str, int, int], None]
Findings = tuple[Finding, ...]
T = TypeVar("T")
#: Compares one case; whether it is for a second time.
Compare: TypeAlias = Callable[[T, bool], Awaitable[Findings]]


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
        """Compare everything, or a part. With `fix`, repair what can be repaired, page by page, and look at it again:
        the report says what is left.

        `sample`: how many workflows, drawn at random, are queried for their state (None: all). `progress` is called
        with the phase, the number done and the total.

        Raises the errors of a store that is away; what was repaired until then stays.
        """
        context = await AuditContext.read(self._engine)
        repairs = None
        if fix:
            repairer = Repairer(self._engine, self._client, self._queue, context.calendars)
            repairs = Repairs(repairer, lambda done, total: progress("repair", done, total))
        report = await self._compare_all(context, sample, part, progress, repairs)
        if repairs is None:
            return report
        return report.model_copy(update={"repaired": repairs.repaired, "failures": tuple(repairs.failures)})

    async def _compare_all(
        self,
        context: AuditContext,
        sample: int | None,
        part: Part | None,
        progress: Progress,
        repairs: Repairs | None,
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
        findings = Listing([] if worker_there else [sentences.no_worker(self._queue)])
        unmatched, cases, queried = dict(workflows), 0, 0

        def is_queried(row: Row) -> bool:
            return worker_there and (chosen is None or row.about.report_id in chosen)

        async def compare(row: Row, again: bool) -> Findings:
            if row.archived:  # it went on lately; its workflow should have ended with it
                return await comparer.compare_workflow(row.about.report_id, None)
            listed = row.about.report_id in workflows
            return await comparer.compare_row(row, listed=listed, query=is_queried(row), again=again)

        async for page in case_rows.read_pages(self._engine, context, ids):
            able = worker_there and not comparer.gave_up
            findings.add(await _settled(page, lambda row: row.about.report_id, compare, repairs, worker_there=able))
            for row in page:
                unmatched.pop(row.about.report_id, None)
            cases += len(page)
            queried += sum(is_queried(row) for row in page)
            progress("look", cases, max(total, cases))

        async def compare_workflow(report_id: UUID, _: bool) -> Findings:
            return await comparer.compare_workflow(report_id, unmatched[report_id])

        async for suspects in self._suspects(context, list(unmatched), progress):
            able = worker_there and not comparer.gave_up
            findings.add(
                await _settled(suspects, lambda report_id: report_id, compare_workflow, repairs, worker_there=able)
            )
        of_matters = await self._compare_matters(worker_there, repairs)
        findings.add(of_matters.findings)
        findings.add(await self._compare_sends(fix=repairs is not None))
        async with self._engine.connect() as connection:
            unnamed = await count_unnamed(connection, at - self._unnamed)
        if worker_there and comparer.gave_up:
            findings.add([sentences.no_worker(self._queue)])
        return AuditReport(
            at=at,
            cases=cases,
            workflows=len(workflows),
            looked_into=queried,
            whole=part is None,
            slice_end=end,
            matters=of_matters.matters,
            unnamed_files=unnamed,
            findings=tuple(findings.listed),
            unlisted=dict(findings.unlisted),
            seconds=round(time.monotonic() - started, 3),
        )

    async def _compare_matters(self, worker_there: bool, repairs: Repairs | None) -> MatterAudit:
        """Compare the matters; with `repairs`, repair them and compare all again."""

        async def look() -> MatterAudit:
            return await audit_matters(
                self._engine, self._client, self._queue, tolerance=self._tolerance, query=worker_there
            )

        found = await look()

        async def look_again(ids: frozenset[UUID | None]) -> list[Finding]:
            return [one for one in (await look()).findings if subject(one) in ids]

        if repairs is None:
            return found
        left = await repairs.settle(list(found.findings), look_again, worker_there=worker_there)
        return MatterAudit(found.matters, tuple(left))

    async def _compare_sends(self, *, fix: bool) -> Findings:
        """Find the sends without a workflow; with `fix`, begin them again."""
        try:
            lost = await audit_sends(self._engine, self._client, self._queue, fix=fix)
        except KeysAway:  # what they say can't be read now
            lost = await audit_sends(self._engine, self._client, self._queue)
        return tuple(sentences.send_lost(one.about, one.since) for one in lost)

    async def _suspects(
        self, context: AuditContext, ids: Sequence[UUID], progress: Progress
    ) -> AsyncIterator[list[UUID]]:
        """Yield, page by page, those running workflows whose case is missing in the database or archived."""
        for start in range(0, len(ids), case_rows.PAGE_SIZE):
            page = ids[start : start + case_rows.PAGE_SIZE]
            rows = await case_rows.read_rows(self._engine, context, page)
            yield [report_id for report_id in page if report_id not in rows or rows[report_id].archived]
            progress("look_back", start + len(page), len(ids))


class Listing:
    """Findings: the first ones of each kind in full, the others counted, so that a million of them fit in memory."""

    def __init__(self, findings: Iterable[Finding] = ()) -> None:
        self.listed: list[Finding] = []
        self.unlisted: Counter[Drift] = Counter()
        self._kept: Counter[Drift] = Counter()
        self.add(findings)

    def add(self, findings: Iterable[Finding]) -> None:
        """Add them."""
        for finding in findings:
            if self._kept[finding.kind] < MOST_LISTED:
                self._kept[finding.kind] += 1
                self.listed.append(finding)
            else:
                self.unlisted[finding.kind] += 1


async def _settled(
    subjects: Sequence[T], of: Callable[[T], UUID], compare: Compare[T], repairs: Repairs | None, *, worker_there: bool
) -> list[Finding]:
    """Return what is found of `subjects`, and, with `repairs`, is left after them. `of`: the id of the case."""
    found = await confirmed_findings(subjects, compare)
    if repairs is None or not found:
        return found

    async def look_again(ids: frozenset[UUID | None]) -> list[Finding]:
        again = [one for one in subjects if of(one) in ids]
        return await confirmed_findings(again, lambda one, _: compare(one, True))

    return await repairs.settle(found, look_again, worker_there=worker_there)


async def confirmed_findings(subjects: Sequence[T], compare: Compare[T]) -> list[Finding]:
    """Return the findings of `compare` for `subjects` that are still there after several comparisons."""
    limit = asyncio.Semaphore(CONCURRENCY)

    async def settle(subject: T) -> Findings:
        async def look(again: bool) -> Findings:
            async with limit:
                return await compare(subject, again)

        return await confirmed(look)

    return [finding for found in await asyncio.gather(*map(settle, subjects)) for finding in found]
