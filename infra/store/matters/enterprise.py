"""What enterprises read for their decisions: the cases and rounds that their colour counts, people, another unit."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import read_units_above
from infra.store.driver import all_rows, first_row
from infra.store.matters.people import find_people
from infra.store.outbox import insert_effects
from models.case import Case
from models.enums import Outcome
from models.facts import (
    AppealDecided,
    Closed,
    EnterpriseLinked,
    Fact,
    Overdue,
    Recategorised,
    Received,
    Reopened,
    Unmerged,
)
from models.matters.base import MatterCommand
from models.matters.colour import CaseMark, Evidence
from models.matters.context import MatterContext
from models.matters.enterprise import (
    AssignPeople,
    Enterprise,
    EnterpriseExtra,
    MoveEnterprise,
    RegisterEnterprise,
)
from models.policy.colours import MOST_DAYS
from rules.matters.enterprise import assessment

#: Ends of a case after which it never counted for its enterprise.
DISMISSED = frozenset({Outcome.REJECTED, Outcome.WITHDRAWN, Outcome.VOIDED, Outcome.MERGED})
#: Facts of a case after which the colour of its enterprise may be another.
_MATTERS = (Received, Recategorised, Overdue, Closed, Reopened, Unmerged, AppealDecided, EnterpriseLinked)

_CASES = """
    SELECT c.case_no, c.category, c.severity, c.received_at, c.closed_at, c.outcome,
        CASE WHEN NOT c.exempt AND cardinality(c.late_stages) > 0 THEN (
            SELECT max(f.at) FROM facts f WHERE f.report_id = c.report_id AND f.kind = 'overdue') END
    FROM cases c WHERE c.enterprise = %(code)s AND (c.closed_at IS NULL OR c.closed_at > %(since)s)
    ORDER BY c.received_at
"""
_ID = "SELECT id FROM matters WHERE kind = 'enterprise' AND code = %(code)s"


async def read_evidence(connection: AsyncConnection, code: str, now: datetime) -> Evidence:
    """Return what the colour rules count for the enterprise with that code."""
    since = now - timedelta(days=MOST_DAYS)
    rows = await all_rows(connection, _CASES, {"code": code, "since": since})
    return Evidence(
        cases=tuple(
            CaseMark(
                case_no=row[0],
                category=row[1],
                severity=row[2],
                received_at=row[3],
                ended_at=row[4],
                dismissed=row[5] in DISMISSED,
                late_at=row[6],
            )
            for row in rows
        )
    )


async def read_extra(
    connection: AsyncConnection, enterprise: Enterprise | None, command: MatterCommand, ctx: MatterContext
) -> EnterpriseExtra:
    """Return what a decision about the enterprise rests on besides itself."""
    target = command.grid if isinstance(command, MoveEnterprise) else None
    return EnterpriseExtra(
        evidence=Evidence() if enterprise is None else await read_evidence(connection, enterprise.code, ctx.now),
        people=await find_people(connection, _named(command)),
        units=() if target is None else await read_units_above(connection, target, ctx.today),
    )


def _named(command: MatterCommand) -> tuple[str | None, ...]:
    return (command.volunteer, command.cadre) if isinstance(command, RegisterEnterprise | AssignPeople) else ()


async def assess_enterprises(
    connection: AsyncConnection, before: Case | None, facts: Sequence[Fact], after: Case
) -> None:
    """Have the colours assessed anew of the enterprises that the case was and is about, once it is committed."""
    named = {case.enterprise for case in (before, after) if case is not None and case.enterprise is not None}
    for code in sorted(named):
        row: Any = await first_row(connection, _ID, {"code": code})
        if row is not None:
            effects = [assessment(row[0], after.case_no)]
            await insert_effects(connection, ("case", after.report_id), (after.seq, code), effects, facts[-1].at)


def concerns_enterprises(before: Case | None, facts: Sequence[Fact], after: Case) -> bool:
    """Whether the facts may change the colour of an enterprise."""
    named = after.enterprise is not None or (before is not None and before.enterprise is not None)
    return named and any(isinstance(fact.body, _MATTERS) for fact in facts)
