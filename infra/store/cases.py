"""Cases and their facts: appended to, never rewritten."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.case_row import CHANGING, columns, written_once
from infra.store.driver import first_row, run
from models.case import Case
from models.facts import Actor, Body, Fact, Received, Relocated
from rules.tasks import Task, open_tasks

_BODY: TypeAdapter[Body] = TypeAdapter(Body)

#: The channel on which PostgreSQL tells of a case that has changed: its number and revision.
CHANGED = "gridloop_case_changed"


#: The rows come as JSON, spelled as the tables' own columns are; what is left out is NULL. `kept` is the case's own
#: row: without it (somebody else has recorded meanwhile) nothing of the rest is stored.
_TO_FACTS_AND_TASKS = """
    said AS (INSERT INTO facts SELECT f.* FROM kept, jsonb_populate_recordset(NULL::facts, %(facts)s) f),
    done AS (DELETE FROM tasks t USING kept WHERE t.report_id = %(report)s AND t.key = ANY (%(gone)s)),
    owed AS (INSERT INTO tasks SELECT t.* FROM kept, jsonb_populate_recordset(NULL::tasks, %(tasks)s) t
        ON CONFLICT (report_id, key) DO UPDATE SET
            assignee_kind = excluded.assignee_kind, assignee_id = excluded.assignee_id, due_at = excluded.due_at)
    SELECT told FROM kept
"""
#: Whoever shows the case is told, as soon as the transaction counts.
_TOLD = f"RETURNING pg_notify('{CHANGED}', c.case_no || ' ' || c.seq) AS told"
_INSERT = f"""
    WITH kept AS (INSERT INTO cases AS c SELECT * FROM jsonb_populate_record(NULL::cases, %(case)s) {_TOLD}),
    {_TO_FACTS_AND_TASKS}
"""
_INSERT_MANY = """
    WITH made AS (INSERT INTO cases SELECT * FROM jsonb_populate_recordset(NULL::cases, %(cases)s)),
    said AS (INSERT INTO facts SELECT * FROM jsonb_populate_recordset(NULL::facts, %(facts)s))
    INSERT INTO tasks SELECT * FROM jsonb_populate_recordset(NULL::tasks, %(tasks)s)
"""
_UPDATE = f"""
    WITH kept AS (UPDATE cases c SET {", ".join(f"{name} = n.{name}" for name in CHANGING)},
        lat = coalesce(n.lat, c.lat), lon = coalesce(n.lon, c.lon)
        FROM jsonb_populate_record(NULL::cases, %(case)s) n
        WHERE c.report_id = %(report)s AND c.seq = %(before)s {_TOLD}),
    {_TO_FACTS_AND_TASKS}
"""


async def read_case(connection: AsyncConnection, report_id: UUID) -> Case | None:
    """The case as it stands."""
    state = await connection.scalar(text("SELECT state FROM cases WHERE report_id = :r"), {"r": report_id})
    return None if state is None else Case.model_validate(state)


async def facts_of(connection: AsyncConnection, report_id: UUID, after: int = 0) -> tuple[Fact, ...]:
    """The facts of a case in order, from the one that follows `after`."""
    rows = await connection.execute(
        text(
            "SELECT seq, at, actor, command_id, command, digest, version, body FROM facts"
            " WHERE report_id = :report AND seq > :after ORDER BY seq"
        ),
        {"report": report_id, "after": after},
    )
    return tuple(
        Fact(
            seq=row.seq,
            at=row.at,
            actor=Actor(person=row.actor),
            command_id=row.command_id,
            command=row.command,
            digest=row.digest,
            version=row.version,
            body=_BODY.validate_python(row.body),
        )
        for row in rows
    )


async def draw_sequence(connection: AsyncConnection, park: str, day: date, count: int = 1) -> int:
    """The next number of a park's day, 1 …; given back if the transaction is rolled back.

    Where more than one is drawn, the last of `count` that follow one another.
    """
    (drawn,) = await first_row(
        connection,
        "INSERT INTO case_counters AS c (park, day, last) VALUES (%(park)s, %(day)s, %(count)s)"
        " ON CONFLICT (park, day) DO UPDATE SET last = c.last + excluded.last RETURNING last",
        {"park": park, "day": day, "count": count},
    )
    return int(drawn)


async def append(connection: AsyncConnection, before: Case | None, facts: Sequence[Fact], after: Case) -> bool:
    """Appends `facts` to the case and brings its row and its open tasks to what they add up to, in one statement.

    False when the case no longer stands at `before`: then nothing was stored, and what led to `facts` must be looked at
    again. A case that begins (`before` None) twice raises IntegrityError.
    """
    row = columns(after)
    if before is None:
        first = facts[0].body
        assert isinstance(first, Received)
        row |= written_once(first)
    old = {} if before is None else {task.key: task for task in open_tasks(before)}
    new = {task.key: task for task in open_tasks(after)}
    fresh = [_task_columns(after.report_id, task) for key, task in new.items() if old.get(key) != task]
    stored = await first_row(
        connection,
        _INSERT if before is None else _UPDATE,
        {
            "report": after.report_id,
            "before": before.seq if before else None,
            "case": _json(row | _moved(facts)),
            "facts": _json([_fact_columns(after.report_id, fact) for fact in facts]),
            "gone": [key for key in old if key not in new],
            "tasks": _json(fresh),
        },
    )
    return stored is not None


async def insert_many(connection: AsyncConnection, received: Sequence[tuple[Fact, Case]]) -> None:
    """Stores cases that have one fact each, the one that they were received by, all in one statement."""
    rows = []
    for fact, case in received:
        assert isinstance(fact.body, Received)
        rows.append(columns(case) | written_once(fact.body))
    tasks = [_task_columns(case.report_id, task) for _, case in received for task in open_tasks(case)]
    facts = [_fact_columns(case.report_id, fact) for fact, case in received]
    await run(connection, _INSERT_MANY, {"cases": _json(rows), "facts": _json(facts), "tasks": _json(tasks)})


def _json(value: object) -> str:
    return to_json(value).decode()


def _moved(facts: Sequence[Fact]) -> dict[str, Any]:
    """The place that the last of `facts` names; nothing when none does: what was reported stays."""
    named = [f.body.location for f in facts if isinstance(f.body, Relocated) and f.body.location is not None]
    return {"lat": named[-1].lat, "lon": named[-1].lon} if named else {}


def _fact_columns(report_id: UUID, fact: Fact) -> dict[str, Any]:
    return {
        "report_id": report_id,
        "seq": fact.seq,
        "at": fact.at,
        "kind": fact.body.kind,
        "version": fact.version,
        "actor": fact.actor.person,
        "command_id": fact.command_id,
        "command": fact.command,
        "digest": fact.digest,
        "body": fact.body,
    }


def _task_columns(report_id: UUID, task: Task) -> dict[str, Any]:
    return {
        "report_id": report_id,
        "key": task.key,
        "kind": task.kind,
        "assignee_kind": task.assignee.kind,
        "assignee_id": task.assignee.id,
        "due_at": task.due_at,
    }
