"""The scheduled audit: its summary is stored and shown in the metrics. Once a night it includes the org lint.

It wakes the workflows that have not taken note of what is recorded or due (`mending`), ends the claims whose role has
ended, begins sends again whose workflow is missing, and removes uploads that nothing has named.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time as clock_time, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio import activity
from temporalio.client import Client

from activities.auditing.auditor import TOLERANCE, UNNAMED_RETENTION, Auditor
from activities.auditing.case_rows import count_cases
from activities.auditing.claims import end_claims
from activities.auditing.mending import Mender
from activities.auditing.metrics import set_gauges
from activities.auditing.part import Part, next_part
from activities.auditing.sends import audit_sends
from infra.database import transaction
from infra.store.audits import insert_audit, latest_audit, was_linted_since
from infra.store.context import local_day
from infra.store.org_alarms import clear_alarms
from infra.store.organisation import read_organisation
from infra.store.policies import NoPolicy, newest_version, policy_version
from infra.store.reporters import delete_unclaimed_reporters
from models.errors import KeysAway
from models.jobs.audit import AuditReport, AuditSummary, Drift
from models.organisation import OrgFinding
from models.wire_names import AUDIT_ACTIVITY
from rules.organisation.lint import lint

log = structlog.get_logger(__name__)

#: How many workflows a scheduled audit queries; the sample is drawn anew each time (our choice).
SAMPLE_SIZE = 500
#: How many findings are stored in full.
FINDINGS_KEPT = 100
#: When the nightly org lint is due, in the park's time (our choice).
LINT_TIME = clock_time(2)
#: How long a reporter's data is kept without a case. After that its report was never accepted (our choice).
UNCLAIMED_RETENTION = timedelta(days=1)
#: While there is such a finding, a pending report may still become a case.
REPORTS_PENDING = (Drift.UNRECORDED, Drift.ROW_MISSING, Drift.UNANSWERED, Drift.NO_WORKER)

#: Removes what nothing names any more, as of a moment; returns how many files it removed.
Sweep = Callable[[datetime], Awaitable[int]]
#: Erases the reporters whose time has come; called once a night.
Retain = Callable[[AsyncEngine, datetime], Awaitable[object]]


class AuditActivities:
    """The activity, bound to a database, a Temporal client and a task queue."""

    def __init__(
        self,
        engine: AsyncEngine,
        client: Client,
        queue: str,
        sweep: Sweep,
        retain: Retain,
        *,
        sample: int = SAMPLE_SIZE,
        tolerance: timedelta = TOLERANCE,
        unnamed: timedelta = UNNAMED_RETENTION,
    ) -> None:
        self._engine = engine
        self._client = client
        self._queue = queue
        self._sweep = sweep
        self._retain = retain
        self._auditor = Auditor(engine, client, queue, tolerance=tolerance, unnamed=unnamed)
        self._mender = Mender(engine, client, queue, tolerance=tolerance)
        self._sample = sample

    @activity.defn(name=AUDIT_ACTIVITY)
    async def audit(self) -> dict[str, int]:
        """End the claims whose role has ended, run an audit, mend what can be mended by waking, store the summary, and
        return the number of findings of each kind that are left."""
        ended = await self._end_claims()
        lost = await self._begin_sends_again()
        report = await self._auditor.audit(sample=self._sample, part=await self._part(), progress=_beat)
        report = await self._mender.mend(report, _beat)
        async with transaction(self._engine) as connection:
            summary = await summarise(connection, report)
            await insert_audit(connection, summary)
        swept = 0
        if not any(report.counts[kind] for kind in REPORTS_PENDING):
            async with transaction(self._engine) as connection:
                await delete_unclaimed_reporters(connection, report.at - UNCLAIMED_RETENTION)
            swept = await self._sweep(report.at)
        if summary.lint is not None:  # once a night
            await self._retain(self._engine, report.at)
        set_gauges(summary)
        found = {kind: number for kind, number in summary.counts.items() if number}
        write = log.error if found else log.info
        write(
            "audited", cases=summary.cases, whole=summary.whole, looked_into=summary.looked_into,
            seconds=summary.seconds,
            claims_ended=ended, sends_lost=lost, files_swept=swept, mended=len(summary.mended),
            not_mended=len(summary.failures),
            **found,
        )  # fmt: skip
        for finding in summary.mended:
            about = {"case_no": finding.case_no, "matter": finding.matter_code}
            log.warning("mended", drift=finding.kind.value, what=finding.en, **about)
        return summary.counts

    async def _part(self) -> Part | None:
        async with self._engine.connect() as connection:
            last = await latest_audit(connection)
        return next_part(await count_cases(self._engine), last)

    async def _begin_sends_again(self) -> int:
        """Begin sends again whose workflow is missing; return how many could not be."""
        try:
            return len(await audit_sends(self._engine, self._client, self._queue, fix=True))
        except KeysAway:  # their content can't be read now; the next audit tries again
            log.warning("sends not looked at", reason=KeysAway.code)
            return 0

    async def _end_claims(self) -> int:
        """Return how many cases were woken because their claimant no longer holds the role."""
        async with self._engine.connect() as connection:
            try:
                today = await local_day(connection, datetime.now(UTC))
            except NoPolicy:  # then there is no case either
                return 0
        return await end_claims(self._engine, self._client, today, activity.heartbeat)


def _beat(what: str, done: int, total: int) -> None:
    activity.heartbeat(what, done, total)


async def summarise(connection: AsyncConnection, report: AuditReport) -> AuditSummary:
    """Return the summary to store, with the org lint when the latest one due has not run yet.

    Deletes org alarms whose role is held again.
    """
    now = datetime.now(UTC)
    zone = await _zone(connection)
    await clear_alarms(connection, now, now.astimezone(zone).date())
    found: tuple[OrgFinding, ...] | None = None
    if not await was_linted_since(connection, last_lint_due(now, zone)):
        found = lint(await read_organisation(connection, now))
    return AuditSummary(
        **report.model_dump(include={"at", "seconds", "cases", "workflows", "looked_into", "whole", "slice_end"}),
        counts=report.counts,
        findings=report.findings[:FINDINGS_KEPT],
        mended=report.mended,
        failures=report.failures,
        lint=found,
    )


def last_lint_due(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the latest moment, up to `now`, at which the nightly lint was due."""
    local = now.astimezone(zone)
    due = local.replace(hour=LINT_TIME.hour, minute=LINT_TIME.minute, second=0, microsecond=0)
    return due if due <= local else due - timedelta(days=1)


async def _zone(connection: AsyncConnection) -> ZoneInfo:
    try:
        return ZoneInfo((await policy_version(connection, await newest_version(connection))).zone)
    except NoPolicy:
        return ZoneInfo("UTC")
