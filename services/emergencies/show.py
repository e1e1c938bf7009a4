"""Runs of emergency plans as people see them: by case, the steps that wait for them, and who was told when."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.matters import visible_matters
from infra.store.driver import all_rows
from infra.store.matters.rows import read_state
from models.base import Frozen, Instant
from models.context import Person
from models.matters.base import MatterKind
from models.matters.emergency import Emergency
from models.tables import MATTERS
from rules.matters.emergencies.rules import RULES, is_given_to

_NOTICES = """
    SELECT n.at, n.read_at, p.name, n.department, f.kind, f.body ->> 'about'
    FROM matter_notices n LEFT JOIN people p ON p.id = n.person
    JOIN matter_facts f ON f.matter_id = n.matter_id AND f.seq = n.seq
    WHERE n.matter_id = %(id)s ORDER BY n.at, n.receiver
"""


class MyStep(Frozen):
    """An open step that the reader may settle, with its run."""

    run: str
    case_no: str
    plan_zh: str
    plan_en: str
    name: str
    step: str
    name_zh: str
    name_en: str
    due_at: Instant
    overdue: bool
    report: bool


class MySteps(Frozen):
    """The open steps given to the reader, the next due first."""

    items: tuple[MyStep, ...]


class Told(Frozen):
    """Somebody who was told something: a person or a department. `read_at` None: not read yet. `step`: which step a
    rung of the ladder was about; None: the run began."""

    at: Instant
    read_at: Instant | None
    person: str | None
    department: str | None
    step: str | None


async def runs_of_case(connection: AsyncConnection, case_no: str) -> tuple[Emergency, ...]:
    """Return the runs for a case, which the caller has found in scope; the newest first."""
    query = (
        select(MATTERS.c.state)
        .where(MATTERS.c.kind == MatterKind.EMERGENCY, MATTERS.c.state["case_no"].astext == case_no)
        .order_by(MATTERS.c.created_at.desc())
    )
    return _read((await connection.execute(query)).scalars().all())


async def steps_for(connection: AsyncConnection, person: Person, now: datetime) -> MySteps:
    """Return the open steps that were given to `person`, or to a department or role of theirs."""
    day = await local_day(connection, now)
    running = (MATTERS.c.ended_at.is_(None), visible_matters(person, RULES, day))
    rows = (await connection.execute(select(MATTERS.c.state).where(*running))).scalars().all()
    found = [(run, step) for run in _read(rows) for step in run.open_steps if is_given_to(run, step, person, day)]
    return MySteps(
        items=tuple(
            MyStep(
                run=run.code,
                case_no=run.case_no,
                plan_zh=run.plan_zh,
                plan_en=run.plan_en,
                name=run.name,
                step=step.code,
                name_zh=step.name_zh,
                name_en=step.name_en,
                due_at=step.due_at,
                overdue=step.due_at <= now,
                report=step.report,
            )
            for run, step in sorted(found, key=lambda pair: pair[1].due_at)
        )
    )


async def who_was_told(connection: AsyncConnection, run: Emergency) -> tuple[Told, ...]:
    """Return every notice of the run, the first one first, with when it was read."""
    return tuple(
        Told(at=row[0], read_at=row[1], person=row[2], department=row[3], step=_step_of(row[5]))
        for row in await all_rows(connection, _NOTICES, {"id": run.id})
    )


def _step_of(about: str | None) -> str | None:
    return None if about is None else about.removeprefix("step:")


def _read(states: Sequence[object]) -> tuple[Emergency, ...]:
    found = [read_state(RULES, state) for state in states]
    return tuple(run for run in found if isinstance(run, Emergency))
