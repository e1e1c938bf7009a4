"""Notices, stored in the transaction that records the ladder step."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import run
from models.facts import Fact, StepFired, SummonsMissed

_INSERT = """
    INSERT INTO notices (report_id, seq, receiver, person, department, mode, at)
    VALUES (%(case)s, %(seq)s, %(receiver)s, %(person)s, %(department)s, %(mode)s, %(at)s) ON CONFLICT DO NOTHING
"""


async def insert_notices(connection: AsyncConnection, report_id: UUID, facts: Iterable[Fact]) -> None:
    """Store a notice for everybody whom `facts` reached; for the department where the step reached no person in it."""
    for fact in facts:
        if isinstance(fact.body, StepFired | SummonsMissed):
            for values in _receivers(fact.body):
                await run(connection, _INSERT, {"case": report_id, "seq": fact.seq, "at": fact.at, **values})


def _receivers(body: StepFired | SummonsMissed) -> Iterable[dict[str, Any]]:
    for reached in body.reached:
        mode = reached.mode.value
        for person in reached.people:
            yield {"receiver": f"person:{person}", "person": person, "department": None, "mode": mode}
        if not reached.people and reached.department is not None:
            name = reached.department
            yield {"receiver": f"department:{name}", "person": None, "department": name, "mode": mode}
