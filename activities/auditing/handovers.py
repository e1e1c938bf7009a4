"""The audit of hand-overs: nobody knows whether the receiver has the case, its answer is late, or no workflow looks.

The first two are settled by people, in the list of hand-overs; `reconcile --fix` lets the workflow look at the others.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.handover_client import look_at_handover
from infra.metrics import HANDOVERS_AGE, HANDOVERS_LATE, HANDOVERS_OPEN
from models.handovers import OVER, HandoverStatus
from models.jobs.audit import Drift, Finding

#: How long a look may be late, and how long it may be unknown whether the receiver has the case, while it can still be
#: asked (our choice: longer than the scheduled audit of workflows takes to wake it).
TOLERANCE = timedelta(minutes=15)
#: The matter of a finding.
MATTER = "handover"
_FOUND = text("""
    WITH open AS (
        SELECT h.id, h.receiver, h.created_at, h.due_at, r.config ->> 'name' AS name, c.case_no,
            h.departed_at IS NULL AND (h.status = 'uncertain' OR h.status = 'sending' AND h.next_try_at IS NOT NULL
                AND h.created_at < :before) AS unknown,
            h.departed_at IS NULL AND h.answered_at IS NULL AND h.unanswered_at IS NOT NULL AS late,
            CASE WHEN h.departed_at IS NOT NULL THEN greatest(h.departed_at, h.next_try_at)
                WHEN h.status = 'sending' THEN h.next_try_at
                WHEN h.status = 'waiting' AND r.enabled THEN coalesce(h.next_try_at, h.created_at)
                WHEN h.answered_at IS NULL AND h.unanswered_at IS NULL THEN coalesce(h.due_at, h.created_at)
            END AS look_at
        FROM handovers h JOIN receivers r ON r.code = h.receiver JOIN cases c ON c.report_id = h.report_id
        WHERE h.status NOT IN ('answered', 'ended'))
    SELECT * FROM open WHERE unknown OR late OR look_at < :before ORDER BY created_at, id LIMIT 1000
""")
_GAUGES = text("""
    SELECT status, count(*) AS number, extract(epoch FROM clock_timestamp() - min(created_at)) AS age,
        count(*) FILTER (WHERE unanswered_at IS NOT NULL AND answered_at IS NULL AND departed_at IS NULL) AS late
    FROM handovers WHERE status NOT IN ('answered', 'ended') GROUP BY status
""")


async def stuck_handovers(engine: AsyncEngine) -> tuple[Finding, ...]:
    """Return the hand-overs whose fate is unknown, that are late, or that no workflow looks at; set the gauges."""
    before = datetime.now(UTC) - TOLERANCE
    async with engine.connect() as connection:
        rows = (await connection.execute(_FOUND, {"before": before})).all()
        counted = {row.status: row for row in await connection.execute(_GAUGES)}
    for status in HandoverStatus:
        if status not in OVER:
            row = counted.get(status.value)
            HANDOVERS_OPEN.labels(state=status.value).set(0 if row is None else row.number)
            HANDOVERS_AGE.labels(state=status.value).set(0 if row is None else max(0.0, float(row.age)))
    HANDOVERS_LATE.set(sum(row.late for row in counted.values()))
    return tuple(_finding(row, before) for row in rows)


def _finding(row: Any, before: datetime) -> Finding:
    zh, en = f"移交“{row.name}”", f"handed over to “{row.name}”"
    if row.look_at is not None and row.look_at < before:
        kind, since = Drift.HANDOVER_STUCK, row.look_at
        zh, en = f"{zh}自 {since:%Y-%m-%d %H:%M} 起无人跟踪", f"{en}: not looked at since {since:%Y-%m-%d %H:%M}"
    elif row.unknown:
        kind, since = Drift.HANDOVER_UNKNOWN, row.created_at
        zh, en = f"{zh}:对方是否收到不明,请人工核对", f"{en}: nobody knows whether it has the case; ask it"
    else:
        kind, since = Drift.HANDOVER_LATE, row.due_at
        zh, en = f"{zh}:应于 {since:%Y-%m-%d %H:%M} 前答复,仍未答复", f"{en}: no answer, due {since:%Y-%m-%d %H:%M}"
    return Finding(
        kind=kind, case_no=row.case_no, matter_kind=MATTER, matter_code=row.receiver, matter_id=row.id, since=since,
        zh=zh, en=en, fixable=kind is Drift.HANDOVER_STUCK,
    )  # fmt: skip


async def look_at_stuck(client: Client, id_: UUID, queue: str) -> None:
    """Let the workflow of a hand-over look at it, and start it where it does not run."""
    await look_at_handover(client, id_, queue=queue)
