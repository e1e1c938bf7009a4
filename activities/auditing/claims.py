"""Wakes the cases whose claim has ended with its role, or by an interest that was declared, so that this is recorded
without anybody's command.

No moment of a case tells when a role ends: grants and interests are data of the organisation, changed at any time and
from any door.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.case_client import NO_ANSWER_ERRORS, act_as_system
from infra.store.criteria.conflicts import without_conflict
from models.commands import WakeUp
from models.errors import DomainError
from models.ids import derived_id
from models.messages import SystemAct

log = structlog.get_logger(__name__)

#: How many cases are woken at once, and how long one may take; one not reached is woken by the next audit.
CONCURRENCY, CASE_TIMEOUT = 8, timedelta(seconds=30)

#: As `rules.scope.holds_claim` and `rules.conflicts` judge it for one case.
_UNITS = "string_to_array(ltree2text(c.grid_path), '.')"
_CLAIMANT_MAY = without_conflict(
    "p.id", enterprise="c.enterprise", departments="c.departments", units=_UNITS, recused="c.recused", day=":today"
)
_ENDED = text(f"""
    SELECT c.report_id, c.seq FROM cases c
    WHERE c.closed_at IS NULL AND c.stage = 'handle' AND c.state ->> 'claimed_by' IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM grants g JOIN people p ON p.id = g.person AND p.active
            WHERE g.person = CAST(c.state ->> 'claimed_by' AS uuid) AND g.department = c.host
            AND g.role IN ('handler', 'department_head', 'helper')
            AND g.since <= :today AND (g.until IS NULL OR g.until >= :today)
            AND (g.grid IS NULL OR g.grid = ANY ({_UNITS})) AND {_CLAIMANT_MAY})
    ORDER BY c.report_id
""")  # noqa: S608 only names of our own code are put in, values are parameters


async def end_claims(engine: AsyncEngine, client: Client, today: date, progress: Callable[[], None]) -> int:
    """Wake every such case and return how many there were. `progress` is called after each."""
    async with engine.connect() as connection:
        found = [(row.report_id, row.seq) for row in await connection.execute(_ENDED, {"today": today})]
    room = asyncio.Semaphore(CONCURRENCY)

    async def wake(report_id: UUID, seq: int) -> None:
        act = SystemAct(id=derived_id(report_id, "claim-ended", seq), command=WakeUp(moment=datetime.now(UTC)))
        async with room:
            try:
                async with asyncio.timeout(CASE_TIMEOUT.total_seconds()):
                    await act_as_system(client, report_id, act)
            except (DomainError, *NO_ANSWER_ERRORS) as error:
                log.warning("claim not ended", report_id=str(report_id), error=type(error).__name__)
        progress()

    await asyncio.gather(*(wake(*case) for case in found))
    return len(found)
