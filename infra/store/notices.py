"""Notices, put up in the transaction that records the step which tells somebody."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import run
from models.facts import Fact, StepFired

_PUT_UP = """
    INSERT INTO notices (report_id, seq, receiver, person, department, mode, at)
    VALUES (%(case)s, %(seq)s, %(receiver)s, %(person)s, %(department)s, %(mode)s, %(at)s) ON CONFLICT DO NOTHING
"""


async def put_up(connection: AsyncConnection, report_id: UUID, facts: Iterable[Fact]) -> None:
    """A notice for everybody whom `facts` reached; for a department where no person of it was named."""
    for fact in facts:
        if isinstance(fact.body, StepFired):
            for values in _receivers(fact.body):
                await run(connection, _PUT_UP, {"case": report_id, "seq": fact.seq, "at": fact.at, **values})


def _receivers(body: StepFired) -> Iterable[dict[str, Any]]:
    for reached in body.reached:
        mode = reached.mode.value
        for person in reached.people:
            yield {"receiver": f"person:{person}", "person": person, "department": None, "mode": mode}
        if not reached.people and reached.department is not None:
            name = reached.department
            yield {"receiver": f"department:{name}", "person": None, "department": name, "mode": mode}
