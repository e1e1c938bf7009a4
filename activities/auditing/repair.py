"""Repairs findings of an audit through the workflows. Nothing here writes to the database directly."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError

from activities.auditing.matters import repair_matter
from infra.case_client import act_as_system, restart_case
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

    async def repair(self, findings: Sequence[Finding], progress: Callable[[int, int], None]) -> list[str]:
        """Repair `findings` and return a message for each failure. Only a new audit shows whether the rest worked."""
        room, done, failures = asyncio.Semaphore(CONCURRENCY), 0, list[str]()

        async def one(finding: Finding) -> None:
            nonlocal done
            async with room:
                failure = await self._try_repair(finding)
            if failure is not None:
                failures.append(f"{finding.case_no or finding.matter_code or finding.report_id}: {failure}")
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
        except (DomainError, RPCError, ValueError) as error:
            return str(error)
        except TimeoutError:
            return f"no answer within {CASE_TIMEOUT.total_seconds():.0f} s"
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
