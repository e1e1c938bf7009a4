"""Cases as they were at an earlier moment: folded from the facts up to then.

For figures, the cases of then are put into temporary tables that stand before the real ones, so that the same
statements count them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import ColumnElement, and_, column, insert, or_, select, table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.case_row import case_columns, report_columns
from infra.store.cases import last_location, task_columns
from infra.store.driver import run
from infra.store.recorded import read_recorded_cases
from models.facts import Fact, Received
from models.tables import CASES
from rules.evolve import fold
from rules.tasks import open_tasks

#: Cases whose facts are read and folded at a time.
CHUNK = 500

#: Without the constraints of the tables: a column that a later version has added takes NULL.
_CREATE = (
    "CREATE TEMPORARY TABLE past_cases ON COMMIT DROP AS SELECT * FROM cases LIMIT 0",
    "CREATE TEMPORARY TABLE past_tasks ON COMMIT DROP AS SELECT * FROM tasks LIMIT 0",
)
_PAST_CASES = table("past_cases", *(column(one.name) for one in CASES.c))
_TASKS_OF_UNCHANGED = "INSERT INTO past_tasks SELECT t.* FROM tasks t JOIN past_cases c USING (report_id)"
_STORE = """
    WITH new_cases AS (INSERT INTO past_cases SELECT * FROM jsonb_populate_recordset(NULL::cases, %(cases)s))
    INSERT INTO past_tasks SELECT * FROM jsonb_populate_recordset(NULL::tasks, %(tasks)s)
"""
#: A statement that was prepared before is planned anew under another search path, and then finds these tables.
_PUT_BEFORE = (
    "ALTER TABLE past_cases RENAME TO cases",
    "ALTER TABLE past_tasks RENAME TO tasks",
    "CREATE INDEX ON pg_temp.cases (report_id)",
    "ANALYZE pg_temp.cases",
    "SET LOCAL search_path TO pg_temp, public",
)


def facts_until(facts: Iterable[Fact], moment: datetime) -> tuple[Fact, ...]:
    """Return the facts that had happened at `moment`."""
    return tuple(fact for fact in facts if fact.at <= moment)


async def put_past_before(
    connection: AsyncConnection, moment: datetime, since: datetime, seen: ColumnElement[bool]
) -> None:
    """Let `cases` and `tasks` name, until the transaction ends, what they held at `moment`.

    Only cases that were open then, or closed from `since` on, and of these only those that meet `seen` as they are
    today. The connection must be in a transaction; other tables stay as they are.
    """
    for statement in _CREATE:
        await connection.execute(text(statement))
    there = and_(seen, CASES.c.received_at <= moment, or_(CASES.c.closed_at.is_(None), CASES.c.closed_at >= since))
    unchanged = select(CASES).where(there, CASES.c.updated_at <= moment)
    await connection.execute(insert(_PAST_CASES).from_select(list(_PAST_CASES.c), unchanged))
    await connection.execute(text(_TASKS_OF_UNCHANGED))
    changed = await connection.scalars(select(CASES.c.report_id).where(there, CASES.c.updated_at > moment))
    ids = changed.all()
    for start in range(0, len(ids), CHUNK):
        await _store_past(connection, ids[start : start + CHUNK], moment)
    for statement in _PUT_BEFORE:
        await connection.execute(text(statement))


async def _store_past(connection: AsyncConnection, ids: Sequence[UUID], moment: datetime) -> None:
    """Fold the cases up to `moment` and store them."""
    rows, tasks = [], []
    for _, facts in await read_recorded_cases(connection, ids, moment):
        case = fold(facts)
        first = facts[0].body
        assert case is not None
        assert isinstance(first, Received)
        rows.append(case_columns(case) | report_columns(first) | last_location(facts))
        tasks += [task_columns(case.report_id, task) for task in open_tasks(case)]
    await run(connection, _STORE, {"cases": to_json(rows).decode(), "tasks": to_json(tasks).decode()})
