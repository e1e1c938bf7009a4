"""What the scheduled audit mends by itself: a workflow that has not taken note of what is recorded or due is woken, as
`reconcile --fix` does.

Its recording step then returns every fact that it does not know and records what has fallen due, as any command would:
nothing is recorded that would not have been, and nothing twice. Everything else is left to people: a missing workflow
may have been ended on purpose, and a store that was restored must not be written over.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from activities.auditing.auditor import Progress, confirmed_findings
from activities.auditing.case_rows import AuditContext
from activities.auditing.compare import CaseComparer
from activities.auditing.matters import compare_matter_again
from activities.auditing.repair import Repairer, subject
from models.jobs.audit import AuditReport, Drift, Finding

#: The kinds of findings that are mended by waking.
MENDED_BY_WAKING = frozenset({Drift.WORKFLOW_BEHIND, Drift.OUTLIVED, Drift.STEP_MISSED, Drift.WAKE_UP_DIFFERS})
#: At most so many by one audit (our choice): after an outage the timers themselves have much to do.
MOST = 200

_Key = tuple[Drift, UUID | None]


class Mender:
    """Mends findings of audits. `tolerance`: how long a finding must have been there; a step may be in flight."""

    def __init__(self, engine: AsyncEngine, client: Client, queue: str, *, tolerance: timedelta) -> None:
        self._engine = engine
        self._client = client
        self._queue = queue
        self._tolerance = tolerance

    async def mend(self, report: AuditReport, progress: Progress) -> AuditReport:
        """Mend what can be mended by waking; return the report with what is left and what was mended.

        A finding that is gone by itself when looked at again is left out. Raises the errors of a store that is away.
        """
        if any(finding.kind is Drift.NO_WORKER for finding in report.findings):
            return report  # waking would wait in vain
        chosen = await self._choose(report.findings)
        if not chosen:
            return report
        context = await AuditContext.read(self._engine)
        standing = await self._look_again(context, chosen, progress)
        waking = await self._choose(standing)
        repairer = Repairer(self._engine, self._client, self._queue, context.calendars)
        failed = await repairer.repair(waking, lambda done, total: progress("repair", done, total))
        failures = tuple(message for _, message in failed)
        after = await self._look_again(context, waking, progress)
        left = [finding for finding in report.findings if finding not in chosen]
        for finding in (*(one for one in standing if one not in waking), *after):
            if _key(finding) not in map(_key, left):
                left.append(finding)
        ill = {_key(finding) for finding in left}
        mended = tuple(one for one in waking if not {_key(one), (Drift.UNANSWERED, subject(one))} & ill)
        return report.model_copy(update={"findings": tuple(left), "mended": mended, "failures": failures})

    async def _choose(self, findings: Sequence[Finding]) -> list[Finding]:
        """Return those to mend: of these kinds, and old enough by the clock of the database."""
        async with self._engine.connect() as connection:
            now: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
        ripe = (
            finding
            for finding in findings
            if finding.kind in MENDED_BY_WAKING and finding.fixable
            if finding.since is not None and finding.since <= now - self._tolerance
        )
        return list(ripe)[:MOST]

    async def _look_again(
        self, context: AuditContext, findings: Sequence[Finding], progress: Progress
    ) -> list[Finding]:
        """Return what is found now of the cases and matters that `findings` are about; the same findings where the
        workflows do not answer any more.
        """
        comparer = CaseComparer(self._engine, self._client, context, tolerance=self._tolerance, grace=self._tolerance)
        done = 0

        async def compare(finding: Finding, _: bool) -> tuple[Finding, ...]:
            nonlocal done
            if finding.matter_id is not None:
                found = await compare_matter_again(self._engine, self._client, finding.matter_id, self._tolerance)
            elif finding.report_id is not None:
                found = await comparer.compare_again(finding.report_id)
            else:
                found = ()
            done += 1
            progress("look again", done, len(findings))
            return found

        found = await confirmed_findings(findings, compare)
        return list(findings) if comparer.gave_up else found


def _key(finding: Finding) -> _Key:
    return finding.kind, subject(finding)
