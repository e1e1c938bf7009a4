"""Compares one case with its workflow at this moment. The auditor compares again before it reports a difference."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from activities.auditing import sentences
from activities.auditing.case_rows import AuditContext, Row, read_rows
from activities.auditing.running_workflows import Run, RunEnded, WorkflowSilent, latest_run, query_state
from activities.auditing.sentences import About
from activities.rollout import changes_deadlines
from infra.store.cases import read_case
from models.case import Case
from models.errors import DomainError
from models.jobs.audit import Finding
from rules.escalation.wake_ups import next_wake_up

#: After this many silent workflows in a row no more are queried: then the workers are at fault.
MAX_SILENT_WORKFLOWS = 8


class CaseComparer:
    """Compares cases one at a time in both stores."""

    def __init__(
        self, engine: AsyncEngine, client: Client, context: AuditContext, *, tolerance: timedelta, grace: timedelta
    ) -> None:
        self._engine = engine
        self._client = client
        self._context = context
        self._tolerance = tolerance
        self._grace = grace
        self._silent = 0

    @property
    def gave_up(self) -> bool:
        """Whether so many workflows in a row were silent that no more are queried."""
        return self._silent >= MAX_SILENT_WORKFLOWS

    async def compare_row(self, row: Row, *, listed: bool, query: bool, again: bool) -> tuple[Finding, ...]:
        """Return the findings of a case in the database.

        `listed`: its workflow is among the running ones; `query`: ask the workflow for its state; `again`: read the
        row anew, because it may have changed.
        """
        stored = await self._read_row(row.about.report_id) if again else row
        if stored is None or stored.archived:
            return ()
        if listed:
            try:
                return (*self._check_row(stored), *await self._check_workflow(stored, query=query))
            except RunEnded:
                pass  # the list lags behind
        run = await latest_run(self._client, row.about.report_id)
        if not run.is_running:
            return (*self._check_row(stored), await self._finding_for_ended(stored, run))
        return (*self._check_row(stored), *await self._check_workflow(stored, query=query))

    async def compare_again(self, report_id: UUID) -> tuple[Finding, ...]:
        """Return the findings of a case as both stores are now, its workflow asked."""
        stored = await self._read_row(report_id)
        if stored is None or stored.archived:
            return await self.compare_workflow(report_id, None)
        return await self.compare_row(stored, listed=False, query=True, again=False)

    async def compare_workflow(self, report_id: UUID, started_at: datetime | None) -> tuple[Finding, ...]:
        """Return the findings of a running workflow whose row is missing or archived."""
        stored = await self._read_row(report_id)
        if stored is not None and not stored.archived:
            return ()
        run = await latest_run(self._client, report_id)
        if not run.is_running:
            return ()
        if stored is not None:
            return (sentences.outlived(stored.about, stored.updated_at),)
        since = run.started_at or started_at or datetime.now(UTC)
        if datetime.now(UTC) - since < self._grace:
            return ()
        return (await self._finding_without_row(About(report_id=report_id), since),)

    async def _finding_without_row(self, about: About, since: datetime) -> Finding:
        try:
            known = await query_state(self._client, about.report_id)
        except WorkflowSilent:
            return sentences.unanswered(about)
        return sentences.unrecorded(about, since) if known is None else sentences.row_missing(about)

    async def _read_row(self, report_id: UUID) -> Row | None:
        return (await read_rows(self._engine, self._context, [report_id])).get(report_id)

    def _check_row(self, row: Row) -> tuple[Finding, ...]:
        """Return what is wrong with the row itself."""
        found: list[Finding] = []
        if not row.facts == row.last_fact == row.seq == row.state_seq:
            found.append(sentences.facts_differ(row.about, row.state_seq, row.facts, row.last_fact))
        if row.is_open and not row.owner_active:
            found.append(sentences.owner_gone(row.about, row.owner_kind, row.owner_id))
        return tuple(found)

    async def _finding_for_ended(self, row: Row, run: Run) -> Finding:
        """Return the finding of a case without a running workflow. It is repairable only if the last run knew no more
        facts than the row.
        """
        if run.status is None:
            return sentences.workflow_missing(row.about, run.status_name)
        try:
            known = await query_state(self._client, row.about.report_id)
        except WorkflowSilent:
            return sentences.workflow_unknown(row.about, run.status_name)
        if known is not None and known.seq > row.seq:
            return sentences.row_behind(row.about, row.seq, known.seq)
        return sentences.workflow_missing(row.about, run.status_name)

    async def _check_workflow(self, row: Row, *, query: bool) -> tuple[Finding, ...]:
        found: tuple[Finding, ...] = ()
        if query and not self.gave_up:
            found = await self._compare_state(row)
            if not found and row.is_open and row.other_calendars and await self._awaits_recount(row):
                found = (sentences.recount_pending(row.about, self._context.calendars),)
        late = row.wake_at is not None and row.wake_at < datetime.now(UTC) - self._tolerance
        return (sentences.step_missed(row.about, row.wake_at),) if late and row.wake_at and not found else found

    async def _compare_state(self, row: Row) -> tuple[Finding, ...]:
        try:
            known = await query_state(self._client, row.about.report_id, only_running=True)
        except WorkflowSilent:
            self._silent += 1
            return (sentences.unanswered(row.about),)
        self._silent = 0
        seq = known.seq if known else 0
        if seq > row.seq:
            return (sentences.row_behind(row.about, row.seq, seq),)
        if seq < row.seq:
            return (sentences.workflow_behind(row.about, row.seq, seq, row.updated_at),)
        expected = next_wake_up(known) if known else None
        return () if expected == row.wake_at else (sentences.wake_up_differs(row.about, row.wake_at, expected),)

    async def _awaits_recount(self, row: Row) -> bool:
        async with self._engine.connect() as connection:
            case: Case | None = await read_case(connection, row.about.report_id)
            try:
                return case is not None and await changes_deadlines(connection, case, self._context.calendars)
            except DomainError:  # its policy no longer has its category
                return False
