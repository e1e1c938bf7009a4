"""Summaries of audits, kept for a quarter."""

from datetime import datetime, timedelta

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.ids import new_id
from models.jobs.audit import AuditSummary

#: How long the summary of an audit is kept (our choice).
RETENTION = timedelta(days=92)

_INSERT = text("""
    INSERT INTO audits (id, at, findings, linted, summary)
    VALUES (:id, :at, :findings, :linted, CAST(:summary AS jsonb))
""")
_DELETE_OLD = text("DELETE FROM audits WHERE at < :before")
_LATEST = text("SELECT summary FROM audits ORDER BY at DESC LIMIT 1")
_LINTED = text("SELECT 1 FROM audits WHERE linted AND at >= :since LIMIT 1")


async def insert_audit(connection: AsyncConnection, summary: AuditSummary) -> None:
    """Store the summary and delete those that are too old."""
    values = {
        "id": new_id(),
        "at": summary.at,
        "findings": sum(summary.counts.values()),
        "linted": summary.lint is not None,
        "summary": to_json(summary).decode(),
    }
    await connection.execute(_INSERT, values)
    await connection.execute(_DELETE_OLD, {"before": summary.at - RETENTION})


async def latest_audit(connection: AsyncConnection) -> AuditSummary | None:
    """Return the audit that began last; None before the first one."""
    found = await connection.scalar(_LATEST)
    return None if found is None else AuditSummary.model_validate(found)


async def was_linted_since(connection: AsyncConnection, since: datetime) -> bool:
    """Return whether an audit since then included the lint of the organisation."""
    return await connection.scalar(_LINTED, {"since": since}) is not None
