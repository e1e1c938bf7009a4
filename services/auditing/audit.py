"""Run the auditor for the doors and the start of the system."""

from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.auditing.auditor import GRACE, TOLERANCE, Auditor, Progress, ignore_progress
from activities.auditing.metrics import set_gauges
from infra.database import AWAY_ERRORS
from infra.db_timeouts import with_timeout
from infra.store.audits import latest_audit
from models.jobs.audit import AuditReport, AuditSummary
from services.runtime.resources import Resources

__all__ = ["GRACE", "TOLERANCE", "Progress", "audit", "show_latest_audit"]

#: How long the metrics wait for the database, in seconds.
METRICS_TIMEOUT = 2.0


async def audit(
    resources: Resources, *, fix: bool = False, sample: int | None = None, progress: Progress | None = None
) -> AuditReport:
    """Compare both stores, both ways; with `fix`, repair through the workflow and compare again.

    See `Auditor.audit` for `sample` and `progress`. Raises what the stores raise when one of them is away.
    """
    settings = resources.settings
    auditor = Auditor(resources.engine, resources.temporal, settings.case_queue, unnamed=settings.unnamed_retention)
    return await auditor.audit(fix=fix, sample=sample, progress=progress or ignore_progress)


async def _latest(engine: AsyncEngine) -> AuditSummary | None:
    async with engine.connect() as connection:
        return await latest_audit(connection)


async def show_latest_audit(engine: AsyncEngine) -> None:
    """Set the metrics of this process to the latest audit, whoever ran it; with the database away they stay."""
    with suppress(SQLAlchemyError, *AWAY_ERRORS):
        if (summary := await with_timeout(METRICS_TIMEOUT, _latest(engine))) is not None:
            set_gauges(summary)
