"""What runs of emergency plans read, and how the recording step of cases begins and asks for them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows, first_row
from infra.store.outbox import insert_effects
from models.case import Case
from models.enums import Stage
from models.facts import Fact
from models.matters.base import MatterCommand
from models.matters.context import MatterContext
from models.matters.emergency import BeginEmergency, Emergency, EmergencyAround
from models.policy.emergency import EmergencyPlan
from rules.matters.emergencies.beginning import beginning_effect

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


async def begin_for_case(connection: AsyncConnection, plan: EmergencyPlan, facts: Sequence[Fact], case: Case) -> None:
    """Write a run of the plan to the outbox, in the transaction that stores the facts which begin it; not when one is
    running already."""
    running = await all_rows(connection, _RUNNING, {"no": case.case_no})
    if plan.code in {code for _, code in running}:
        return
    row = await first_row(connection, "SELECT title FROM cases WHERE case_no = %(no)s", {"no": case.case_no})
    effect = beginning_effect(plan, facts, case, str(row[0]))
    await insert_effects(connection, ("case", case.report_id), facts[-1].seq, (effect,), facts[-1].at)
