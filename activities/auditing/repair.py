"""Repairs findings of an audit through the workflows. Nothing here writes to the database directly.

Each repair is one call of Temporal that is safe to repeat: a run that is stopped leaves nothing half done, and two runs
at the same moment do no harm to each other.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from activities.auditing.matters import repair_matter
from infra.case_client import NO_ANSWER_ERRORS, act_as_system, restart_case
from infra.store.cases import read_case, read_facts
from infra.store.reporters import read_reporter
from models.commands import Recompute, WakeUp
from models.errors import DomainError
from models.ids import new_id
from models.jobs.audit import Drift, Finding
from models.messages import SystemAct
from rules.restart import restart

#: How many cases are repaired at once, and how long one may take.
CONCURRENCY, CASE_TIMEOUT = 8, timedelta(seconds=30)


class Repairer:
    """Repairs cases. `version`: the policy version whose calendars are in force."""

    def __init__(self, engine: AsyncEngine, client: Client, queue: str, version: int) -> None:
        self._engine = engine
        self._client = client
        self._queue = queue
        self._version = version

    async def repair(
        self, findings: Sequence[Finding], progress: Callable[[int, int], None]
    ) -> list[tuple[Finding, str]]:
        """Repair `findings`; return those that failed, each with a message. Only a new look shows what is left."""
        room, done, failures = asyncio.Semaphore(CONCURRENCY), 0, list[tuple[Finding, str]]()

        async def one(finding: Finding) -> None:
            nonlocal done
            async with room:
                failure = await self._try_repair(finding)
            if failure is not None:
                message = f"{finding.case_no or finding.matter_code or finding.report_id}: {failure}"
                failures.append((finding, message))
            done += 1
            progress(done, len(findings))

        await asyncio.gather(*(one(finding) for finding in findings))
        return failures

    async def _try_repair(self, finding: Finding) -> str | None:
        if finding.matter_id is not None or finding.kind is Drift.EFFECT_STUCK:
            return await repair_matter(self._engine, self._client, self._queue, finding)
        if finding.report_id is None:
            return "-"
        try:
            async with asyncio.timeout(CASE_TIMEOUT.total_seconds()):
                await self._repair(finding.kind, finding.report_id)
        except (DomainError, ValueError) as error:
            return str(error)
        except NO_ANSWER_ERRORS as error:
            return str(error) or f"no answer within {CASE_TIMEOUT.total_seconds():.0f} s"
        return None

    async def _repair(self, kind: Drift, report_id: UUID) -> None:
        if kind is Drift.WORKFLOW_MISSING:
            return await self._restart(report_id)
        command = (
            Recompute(version=self._version) if kind is Drift.RECOUNT_PENDING else WakeUp(moment=datetime.now(UTC))
        )
        await act_as_system(self._client, report_id, SystemAct(id=new_id(), command=command))
        return None

    async def _restart(self, report_id: UUID) -> None:
        async with self._engine.connect() as connection:
            case = await read_case(connection, report_id)
            facts = await read_facts(connection, report_id)
            reference = None if case is None else case.reporter_ref
            reporter = None if reference is None else await read_reporter(connection, reference)
        if case is not None and case.archived_at is None:
            await restart_case(
                self._client, restart(case, facts, None if reporter is None else reporter.sealed), queue=self._queue
            )


class Repairs:
    """What one audit repairs: page by page, so that one that is stopped has done what it had found.

    `repaired` findings are gone, `failures` say why others are not.
    """

    def __init__(self, repairer: Repairer, progress: Callable[[int, int], None]) -> None:
        self.repaired = 0
        self.failures: list[str] = []
        self._repairer = repairer
        self._progress = progress
        self._done = 0

    async def settle(
        self,
        findings: list[Finding],
        look_again: Callable[[frozenset[UUID | None]], Awaitable[list[Finding]]],
        *,
        worker_there: bool,
    ) -> list[Finding]:
        """Repair what can be repaired and return what is left.

        `look_again` returns what is found now of the cases or matters with these ids. Without a worker only missing
        workflows are started: an update would wait in vain. What failed and is gone all the same was repaired by
        another run at the same moment: that is no failure.
        """
        chosen = [f for f in findings if f.fixable and (worker_there or f.kind is Drift.WORKFLOW_MISSING)]
        if not chosen:
            return findings
        before = self._done
        failed = await self._repairer.repair(chosen, lambda done, total: self._progress(before + done, before + total))
        self._done += len(chosen)
        subjects = frozenset(map(subject, chosen))
        left = [finding for finding in findings if subject(finding) not in subjects]
        left += await look_again(subjects)
        ill = {subject(finding) for finding in left}
        failures = [message for finding, message in failed if subject(finding) in ill]
        self.failures += failures
        self.repaired += len(chosen) - len(failures)
        return left


def subject(finding: Finding) -> UUID | None:
    """Return the id of the matter or case that a finding is about."""
    return finding.matter_id or finding.report_id
