"""What enterprises read for their decisions: the cases and rounds that their colour counts, people, another unit."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

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
from models.matters.colour import CaseMark, Evidence, RoundMark
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
#: What a round of another plan, day, shift and place is told by.
_ROUNDS = """
    SELECT concat_ws(' ', m.code, d.day, nullif(d.shift, ''), nullif(d.name, '')),
        d.failed > 0, d.received_at, d.missed_at
    FROM duties d JOIN matters m ON m.id = d.plan
    WHERE d.enterprise = %(code)s AND d.due_at > %(since)s AND (d.failed > 0 OR d.missed_at IS NOT NULL)
    ORDER BY d.due_at
"""
_ACTIVE = "SELECT id FROM matters WHERE kind = 'enterprise' AND ended_at IS NULL"
_ID = "SELECT id FROM matters WHERE kind = 'enterprise' AND code = %(code)s"


async def read_evidence(connection: AsyncConnection, code: str, now: datetime) -> Evidence:
    """Return what the colour rules count for the enterprise with that code."""
    since = now - timedelta(days=MOST_DAYS)
    rows = await all_rows(connection, _CASES, {"code": code, "since": since})
    rounds = await all_rows(connection, _ROUNDS, {"code": code, "since": since})
    return Evidence(
        failed_rounds=tuple(RoundMark(code=row[0], at=row[2]) for row in rounds if row[1] and row[2] is not None),
        missed_rounds=tuple(RoundMark(code=row[0], at=row[3]) for row in rounds if row[3] is not None),
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
        ),
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
    await assess_named(connection, ("case", after.report_id), after.seq, named, facts[-1].at, after.case_no)


async def assess_named(
    connection: AsyncConnection,
    origin: tuple[str, UUID],
    cause: object,
    codes: Iterable[str],
    at: datetime,
    about: str | None = None,
) -> None:
    """Have the colours of these enterprises assessed anew once the transaction is committed, because of `cause`."""
    for code in sorted(set(codes)):
        row: Any = await first_row(connection, _ID, {"code": code})
        if row is not None:
            await insert_effects(connection, origin, (cause, code), [assessment(row[0], about)], at)


async def assess_all(connection: AsyncConnection, version: int, at: datetime) -> None:
    """Have every colour assessed anew, because the policy `version` has come into force."""
    for (id_,) in await all_rows(connection, _ACTIVE, {}):
        await insert_effects(connection, ("enterprise", id_), ("policy", version), [assessment(id_)], at)


def concerns_enterprises(before: Case | None, facts: Sequence[Fact], after: Case) -> bool:
    """Whether the facts may change the colour of an enterprise."""
    named = after.enterprise is not None or (before is not None and before.enterprise is not None)
    return named and any(isinstance(fact.body, _MATTERS) for fact in facts)
