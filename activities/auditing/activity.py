"""The audit as the schedule runs it: kept in the database, shown in the metrics; the organisation once a night."""

from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio import activity
from temporalio.client import Client

from activities.auditing.auditor import Auditor
from activities.auditing.metrics import set_gauges
from infra.database import transaction
from infra.store.audits import insert_audit, was_linted_since
from infra.store.org_alarms import clear_alarms
from infra.store.organisation import read_organisation
from infra.store.policies import NoPolicy, newest_version, policy_version
from infra.store.reporters import delete_unclaimed_reporters
from models.jobs.audit import AuditReport, AuditSummary, Drift
from models.organisation import OrgFinding
from models.wire_names import AUDIT_ACTIVITY
from rules.organisation.lint import lint

log = structlog.get_logger(__name__)

#: Of how many cases, picked anew each time, a scheduled audit asks the workflow what it knows (our choice).
SAMPLE_SIZE = 500
#: How many findings are kept in full.
FINDINGS_KEPT = 100
#: When the night's check of the organisation is due, in the park's time (our choice).
LINT_TIME = clock_time(2)
#: A reporter's data is kept so long without a case: then its report was never taken (our choice).
UNCLAIMED_RETENTION = timedelta(days=1)
#: While there is one of these, a case may still come of a report that is on its way.
REPORTS_PENDING = (Drift.UNRECORDED, Drift.ROW_MISSING, Drift.UNANSWERED, Drift.NO_WORKER)


class AuditActivities:
    """Audits one system."""

    def __init__(self, engine: AsyncEngine, client: Client, queue: str, sample: int = SAMPLE_SIZE) -> None:
        self._engine = engine
        self._auditor = Auditor(engine, client, queue)
        self._sample = sample

    @activity.defn(name=AUDIT_ACTIVITY)
    async def audit(self) -> dict[str, int]:
        """Audits, keeps the summary, and answers how many findings there are of each kind."""
        report = await self._auditor.audit(sample=self._sample, progress=lambda *done: activity.heartbeat(*done))
        async with transaction(self._engine) as connection:
            summary = await summarise(connection, report)
            await insert_audit(connection, summary)
            if not any(report.counts[kind] for kind in REPORTS_PENDING):
                await delete_unclaimed_reporters(connection, report.at - UNCLAIMED_RETENTION)
        set_gauges(summary)
        found = {kind: number for kind, number in summary.counts.items() if number}
        say = log.error if found else log.info
        say("audited", cases=summary.cases, looked_into=summary.looked_into, seconds=summary.seconds, **found)
        return summary.counts


async def summarise(connection: AsyncConnection, report: AuditReport) -> AuditSummary:
    """The audit as it is kept, with the lint of the organisation when tonight's has not been yet.

    Alarms whose role is held again are cleared.
    """
    now = datetime.now(UTC)
    zone = await _zone(connection)
    await clear_alarms(connection, now, now.astimezone(zone).date())
    found: tuple[OrgFinding, ...] | None = None
    if not await was_linted_since(connection, last_lint_due(now, zone)):
        found = lint(await read_organisation(connection, now))
    return AuditSummary(
        **report.model_dump(include={"at", "seconds", "cases", "workflows", "looked_into"}),
        counts=report.counts,
        findings=report.findings[:FINDINGS_KEPT],
        lint=found,
    )


def last_lint_due(now: datetime, zone: ZoneInfo) -> datetime:
    """The latest moment, up to `now`, at which the night's check was due."""
    local = now.astimezone(zone)
    due = local.replace(hour=LINT_TIME.hour, minute=LINT_TIME.minute, second=0, microsecond=0)
    return due if due <= local else due - timedelta(days=1)


async def _zone(connection: AsyncConnection) -> ZoneInfo:
    try:
        return ZoneInfo((await policy_version(connection, await newest_version(connection))).zone)
    except NoPolicy:
        return ZoneInfo("UTC")
