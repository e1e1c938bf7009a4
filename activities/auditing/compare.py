"""One case, held against its workflow: what is odd at this very moment. Whether it stays so, a second look tells."""

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

#: After so many silent workflows in a row no more are asked: it is not they who are ill.
MAX_SILENT_WORKFLOWS = 8


class CaseComparer:
    """Looks at cases one at a time, in both stores."""

    def __init__(
        self, engine: AsyncEngine, client: Client, world: AuditContext, *, tolerance: timedelta, grace: timedelta
    ) -> None:
        self._engine = engine
        self._client = client
        self._world = world
        self._tolerance = tolerance
        self._grace = grace
        self._silent = 0

    @property
    def gave_up(self) -> bool:
        """Whether so many workflows in a row were silent that no more are asked."""
        return self._silent >= MAX_SILENT_WORKFLOWS

    async def at_row(self, row: Row, *, listed: bool, closely: bool, again: bool) -> tuple[Finding, ...]:
        """A case of the database. `listed`: its workflow is among the running; `closely`: ask it what it knows.

        `again`: read the row anew, for it may have changed since.
        """
        stored = await self._stored(row.about.report_id) if again else row
        if stored is None or stored.archived:
            return ()
        if listed:
            try:
                return (*self._of_the_row(stored), *await self._of_the_workflow(stored, closely=closely))
            except RunEnded:
                pass  # the list is late
        run = await latest_run(self._client, row.about.report_id)
        if not run.runs:
            return (*self._of_the_row(stored), await self._missing(stored, run))
        return (*self._of_the_row(stored), *await self._of_the_workflow(stored, closely=closely))

    async def at_workflow(self, report_id: UUID, started_at: datetime | None) -> tuple[Finding, ...]:
        """A running workflow for which the database has no row, or an archived one."""
        stored = await self._stored(report_id)
        if stored is not None and not stored.archived:
            return ()
        run = await latest_run(self._client, report_id)
        if not run.runs:
            return ()
        if stored is not None:
            return (sentences.outlived(stored.about),)
        since = run.started_at or started_at or datetime.now(UTC)
        if datetime.now(UTC) - since < self._grace:
            return ()
        return (await self._without_row(About(report_id=report_id), since),)

    async def _without_row(self, about: About, since: datetime) -> Finding:
        try:
            known = await query_state(self._client, about.report_id)
        except WorkflowSilent:
            return sentences.unanswered(about)
        return sentences.unrecorded(about, since) if known is None else sentences.row_missing(about)

    async def _stored(self, report_id: UUID) -> Row | None:
        return (await read_rows(self._engine, self._world, [report_id])).get(report_id)

    def _of_the_row(self, row: Row) -> tuple[Finding, ...]:
        """What the row says against itself."""
        found: list[Finding] = []
        if not row.facts == row.last_fact == row.seq == row.state_seq:
            found.append(sentences.facts_differ(row.about, row.state_seq, row.facts, row.last_fact))
        if row.is_open and not row.owner_lives:
            found.append(sentences.owner_gone(row.about, row.owner_kind, row.owner_id))
        return tuple(found)

    async def _missing(self, row: Row, run: Run) -> Finding:
        """Its clock is kept again only where the last run knew no more than the row does."""
        if run.status is None:
            return sentences.workflow_missing(row.about, run.words)
        try:
            known = await query_state(self._client, row.about.report_id)
        except WorkflowSilent:
            return sentences.workflow_unknown(row.about, run.words)
        if known is not None and known.seq > row.seq:
            return sentences.row_behind(row.about, row.seq, known.seq)
        return sentences.workflow_missing(row.about, run.words)

    async def _of_the_workflow(self, row: Row, *, closely: bool) -> tuple[Finding, ...]:
        found: tuple[Finding, ...] = ()
        if closely and not self.gave_up:
            found = await self._compared(row)
            if not found and row.is_open and row.counted_otherwise and await self._awaits_recount(row):
                found = (sentences.recount_pending(row.about, self._world.calendars),)
        late = row.wake_at is not None and row.wake_at < datetime.now(UTC) - self._tolerance
        return (sentences.step_missed(row.about, row.wake_at),) if late and row.wake_at and not found else found

    async def _compared(self, row: Row) -> tuple[Finding, ...]:
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
            return (sentences.workflow_behind(row.about, row.seq, seq),)
        expected = next_wake_up(known) if known else None
        return () if expected == row.wake_at else (sentences.wake_up_differs(row.about, row.wake_at, expected),)

    async def _awaits_recount(self, row: Row) -> bool:
        async with self._engine.connect() as connection:
            case: Case | None = await read_case(connection, row.about.report_id)
            try:
                return case is not None and await changes_deadlines(connection, case, self._world.calendars)
            except DomainError:  # its policy no longer says what it is: nothing to count by
                return False
