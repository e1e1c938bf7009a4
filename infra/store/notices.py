"""Notices, stored in the transaction that records the ladder step."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import run
from models.facts import Fact, Reached, StepFired, SummonsMissed

_INSERT = """
    INSERT INTO notices (report_id, seq, receiver, person, department, mode, at)
    VALUES (%(case)s, %(seq)s, %(receiver)s, %(person)s, %(department)s, %(mode)s, %(at)s) ON CONFLICT DO NOTHING
"""
_INSERT_MANY = "INSERT INTO notices SELECT * FROM jsonb_populate_recordset(NULL::notices, %(notices)s)"


async def insert_notices(connection: AsyncConnection, report_id: UUID, facts: Iterable[Fact]) -> None:
    """Store a notice for everybody whom `facts` reached; for the department where the step reached no person in it."""
    for fact in facts:
        if isinstance(fact.body, StepFired | SummonsMissed):
            for values in receivers(fact.body.reached):
                await run(connection, _INSERT, {"case": report_id, "seq": fact.seq, "at": fact.at, **values})


async def insert_many_notices(connection: AsyncConnection, cases: Iterable[tuple[UUID, Iterable[Fact]]]) -> None:
    """Store the notices of new cases, which have none yet, in one statement."""
    rows = [
        {"report_id": report_id, "seq": fact.seq, "at": fact.at, **values}
        for report_id, facts in cases
        for fact in facts
        if isinstance(fact.body, StepFired | SummonsMissed)
        for values in receivers(fact.body.reached)
    ]
    unique = {(row["report_id"], row["seq"], row["receiver"]): row for row in rows}
    await run(connection, _INSERT_MANY, {"notices": to_json(list(unique.values())).decode()})


def receivers(everybody: Iterable[Reached]) -> Iterable[dict[str, Any]]:
    """Yield the columns that name each receiver of a notice: people, else the department."""
    for reached in everybody:
        mode = reached.mode.value
        for person in reached.people:
            yield {"receiver": f"person:{person}", "person": person, "department": None, "mode": mode}
        if not reached.people and reached.department is not None:
            name = reached.department
            yield {"receiver": f"department:{name}", "person": None, "department": name, "mode": mode}
