"""The auditor as the doors and the start of the system reach it."""

from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.auditing.auditor import GRACE, TOLERANCE, Auditor, Progress
from activities.auditing.metrics import set_gauges
from infra.database import AWAY_ERRORS
from infra.db_timeouts import with_timeout
from infra.store.audits import latest_audit
from models.jobs.audit import AuditReport, AuditSummary
from services.runtime.resources import Resources

__all__ = ["GRACE", "TOLERANCE", "Progress", "audit", "show_latest"]

#: How long the metrics wait for the database.
PATIENCE = 2.0


async def audit(
    resources: Resources, *, fix: bool = False, sample: int | None = None, progress: Progress | None = None
) -> AuditReport:
    """Compares both stores, both ways; with `fix`, repairs through the workflow and compares again.

    See `Auditor.audit` for `sample` and `progress`. Raises what the stores raise when one of them is away.
    """
    auditor = Auditor(resources.engine, resources.temporal, resources.settings.case_queue)
    told = {} if progress is None else {"progress": progress}
    return await auditor.audit(fix=fix, sample=sample, **told)


async def _latest(engine: AsyncEngine) -> AuditSummary | None:
    async with engine.connect() as connection:
        return await latest_audit(connection)


async def show_latest(engine: AsyncEngine) -> None:
    """Brings the metrics of this process to the latest audit, whoever ran it; with the database away they stay."""
    with suppress(SQLAlchemyError, *AWAY_ERRORS):
        if (summary := await with_timeout(PATIENCE, _latest(engine))) is not None:
            set_gauges(summary)
