"""What runs of emergency plans read, and how the recording step of cases begins and asks for them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows, first_row
from infra.store.outbox import insert_effects
from models.case import Case
from models.enums import Stage
from models.facts import Accepted, Fact, Recategorised
from models.matters.base import MatterCommand
from models.matters.context import MatterContext
from models.matters.emergency import BeginEmergency, Emergency, EmergencyAround
from models.policy.document import Policy
from rules.matters.emergencies.beginning import beginning_effects

#: The row of the case is locked: of two runs of a plan that begin at once, one sees the other.
_CASE = "SELECT grid, severity, stage, title FROM cases WHERE case_no = %(no)s FOR UPDATE"
_RUNNING = """
    SELECT code, state ->> 'plan' FROM matters
    WHERE kind = 'emergency' AND ended_at IS NULL AND state ->> 'case_no' = %(no)s ORDER BY created_at
"""


async def read_extra(
    connection: AsyncConnection, run: Emergency | None, command: MatterCommand, ctx: MatterContext
) -> EmergencyAround:
    """Return the case of a run that begins, and which plans run for it."""
    if run is not None or not isinstance(command, BeginEmergency):
        return EmergencyAround()
    row = await first_row(connection, _CASE, {"no": command.case_no})
    if row is None:
        return EmergencyAround()
    running = await all_rows(connection, _RUNNING, {"no": command.case_no})
    plans = tuple(plan for _, plan in running)
    return EmergencyAround(grid=row[0], severity=row[1], is_open=row[2] != Stage.CLOSED, running=plans)


async def running_codes(connection: AsyncConnection, case_no: str) -> tuple[str, ...]:
    """Return the codes of the runs that have not ended for the case."""
    rows: list[tuple[Any, ...]] = await all_rows(connection, _RUNNING, {"no": case_no})
    return tuple(code for code, _ in rows)


def may_begin_one(facts: Sequence[Fact]) -> bool:
    """Whether these facts of a case may begin a run, so that they are stored in one transaction with it."""
    return any(isinstance(fact.body, Accepted | Recategorised) for fact in facts)


async def begin_for_case(
    connection: AsyncConnection, before: Case | None, facts: Sequence[Fact], after: Case, policy: Policy
) -> None:
    """Write the run that these facts begin to the outbox, in the transaction that stores them."""
    row = await first_row(connection, "SELECT title FROM cases WHERE case_no = %(no)s", {"no": after.case_no})
    effects = beginning_effects(before, facts, after, policy, str(row[0]))
    if not effects:
        return
    running = await all_rows(connection, _RUNNING, {"no": after.case_no})
    plans = {plan for _, plan in running}
    wanted = [effect for effect in effects if effect.command["plan"] not in plans]
    await insert_effects(connection, ("case", after.report_id), facts[-1].seq, wanted, facts[-1].at)
