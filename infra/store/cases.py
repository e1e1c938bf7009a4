"""Cases, their facts and their open tasks. Facts are only appended, never changed."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.case_row import MUTABLE_COLUMNS, case_columns, report_columns, words_columns
from infra.store.chain import INSERT_HASHES, chain_of, extend_chain, hash_rows
from infra.store.driver import first_row, run
from infra.store.mail.intake import INSERT_ENTRIES, entry_columns
from infra.store.search_words import answer_words
from models.base import STORED
from models.case import Case
from models.facts import Actor, Body, Fact, Received, Relocated
from models.mailbox import Entry
from rules.history.chain import Link
from rules.tasks import Task, open_tasks

_BODY: TypeAdapter[Body] = TypeAdapter(Body)

#: NOTIFY channel for changed cases. The payload is the case number and the revision.
CHANGED_CHANNEL = "gridloop_case_changed"

#: Rows are sent as JSON with the names of the columns; a missing name is NULL. `stored` is the row of the case. When it
#: is empty, because another step was recorded meanwhile, facts and tasks are not stored either.
_STORE_FACTS_AND_TASKS = f"""
    new_facts AS (INSERT INTO facts SELECT f.* FROM stored, jsonb_populate_recordset(NULL::facts, %(facts)s) f),
    new_hashes AS ({INSERT_HASHES.format(source="stored, ")}),
    new_mail AS ({INSERT_ENTRIES.format(source="stored, ")}),
    done_tasks AS (DELETE FROM tasks t USING stored WHERE t.report_id = %(report)s AND t.key = ANY (%(done)s)),
    open_tasks AS (INSERT INTO tasks SELECT t.* FROM stored, jsonb_populate_recordset(NULL::tasks, %(tasks)s) t
        ON CONFLICT (report_id, key) DO UPDATE SET
            assignee_kind = excluded.assignee_kind, assignee_id = excluded.assignee_id,
            due_at = excluded.due_at, role = excluded.role)
    SELECT notified FROM stored
"""  # noqa: S608 only names of our own code are put in, values are parameters
#: Notifies the pages that show the case, when the transaction commits.
_NOTIFY_CHANGE = f"RETURNING pg_notify('{CHANGED_CHANNEL}', c.case_no || ' ' || c.seq) AS notified"
_INSERT = f"""
    WITH stored AS (INSERT INTO cases AS c SELECT * FROM jsonb_populate_record(NULL::cases, %(case)s) {_NOTIFY_CHANGE}),
    new_words AS (INSERT INTO case_words SELECT w.* FROM jsonb_populate_record(NULL::case_words, %(words)s) w),
    {_STORE_FACTS_AND_TASKS}
"""  # noqa: S608 only names of our own code are put in, values are parameters
_INSERT_MANY = f"""
    WITH new_cases AS (INSERT INTO cases SELECT * FROM jsonb_populate_recordset(NULL::cases, %(cases)s)),
    new_words AS (INSERT INTO case_words SELECT * FROM jsonb_populate_recordset(NULL::case_words, %(words)s)),
    new_facts AS (INSERT INTO facts SELECT * FROM jsonb_populate_recordset(NULL::facts, %(facts)s)),
    new_hashes AS ({INSERT_HASHES.format(source="")})
    INSERT INTO tasks SELECT * FROM jsonb_populate_recordset(NULL::tasks, %(tasks)s)
"""  # noqa: S608 only names of our own code are put in, values are parameters
_UPDATE = f"""
    WITH stored AS (UPDATE cases c SET {", ".join(f"{name} = n.{name}" for name in MUTABLE_COLUMNS)},
        lat = coalesce(n.lat, c.lat), lon = coalesce(n.lon, c.lon),
        reporter_ref = coalesce(c.reporter_ref, n.reporter_ref)
        FROM jsonb_populate_record(NULL::cases, %(case)s) n
        WHERE c.report_id = %(report)s AND c.seq = %(before)s {_NOTIFY_CHANGE}),
    {_STORE_FACTS_AND_TASKS}
"""  # noqa: S608 only names of our own code are put in, values are parameters


_ADD_WORDS = """
    UPDATE case_words SET words = words || ' ' || %(words)s, numbers = coalesce(numbers, '{}') || %(numbers)s::text[]
    WHERE report_id = %(report)s
"""


async def read_case(connection: AsyncConnection, report_id: UUID) -> Case | None:
    """Return the case as it stands; None when there is none."""
    state = await connection.scalar(text("SELECT state FROM cases WHERE report_id = :r"), {"r": report_id})
    return None if state is None else Case.model_validate(state, context=STORED)


async def read_report_id(connection: AsyncConnection, case_no: str) -> UUID | None:
    """Return the report id of the case with that number; None when there is none."""
    found: UUID | None = await connection.scalar(
        text("SELECT report_id FROM cases WHERE case_no = :no"), {"no": case_no}
    )
    return found


async def is_archived(connection: AsyncConnection, report_id: UUID) -> bool:
    """Return whether the case of that report is archived, or there is none."""
    query = text("SELECT archived_at IS NULL FROM cases WHERE report_id = :report")
    return not await connection.scalar(query, {"report": report_id})


async def read_facts(connection: AsyncConnection, report_id: UUID, after: int = 0) -> tuple[Fact, ...]:
    """Return the facts of a case in order, without the first `after` ones."""
    rows = await connection.execute(
        text(
            "SELECT seq, at, actor, command_id, command, digest, version, body FROM facts"
            " WHERE report_id = :report AND seq > :after ORDER BY seq"
        ),
        {"report": report_id, "after": after},
    )
    return tuple(fact_of(row) for row in rows)


def fact_of(row: Any) -> Fact:
    """Return the fact in a row with all columns of `facts`."""
    return Fact(
        seq=row.seq,
        at=row.at,
        actor=Actor(person=row.actor),
        command_id=row.command_id,
        command=row.command,
        digest=row.digest,
        version=row.version,
        body=_BODY.validate_python(row.body, context=STORED),
    )


async def next_sequence(connection: AsyncConnection, park: str, day: date, count: int = 1) -> int:
    """Return the next sequence number of a park and day, starting at 1. A rollback gives it back.

    With `count`, reserve that many consecutive numbers and return the last one.
    """
    (last,) = await first_row(
        connection,
        "INSERT INTO case_counters AS c (park, day, last) VALUES (%(park)s, %(day)s, %(count)s)"
        " ON CONFLICT (park, day) DO UPDATE SET last = c.last + excluded.last RETURNING last",
        {"park": park, "day": day, "count": count},
    )
    return int(last)


async def append_facts(
    connection: AsyncConnection,
    before: Case | None,
    facts: Sequence[Fact],
    after: Case,
    link: Link | None = None,
    mail: Sequence[Entry] = (),
) -> bool:
    """Append `facts` with their hashes, and write the row and open tasks as they are after them, in one statement.

    `link`: the last hash of the case, read with `before`; without it the chain is computed anew. `mail`: what the facts
    give people to hear of.
    Return False when the case is no longer at `before`: nothing was stored, and the caller must decide again on the
    new state. Raises IntegrityError when a new case (`before` None) exists already.
    """
    row, words = case_columns(after), {}
    if before is None:
        first = facts[0].body
        assert isinstance(first, Received)
        row |= report_columns(first)
        words = words_columns(facts)
    old_tasks = {} if before is None else {task.key: task for task in open_tasks(before)}
    new_tasks = {task.key: task for task in open_tasks(after)}
    changed = [task_columns(after.report_id, task) for key, task in new_tasks.items() if old_tasks.get(key) != task]
    head = before.seq if before else 0
    links = await extend_chain(connection, after.report_id, "facts", link, head, facts)
    stored = await first_row(
        connection,
        _INSERT if before is None else _UPDATE,
        {
            "report": after.report_id,
            "before": before.seq if before else None,
            "case": _json(row | last_location(facts)),
            "words": _json(words),
            "facts": _json([fact_columns(after.report_id, fact) for fact in facts]),
            "hashes": _json(hash_rows(after.report_id, links)),
            "done": [key for key in old_tasks if key not in new_tasks],
            "tasks": _json(changed),
            "mail": entry_columns(mail),
        },
    )
    if stored is not None and before is not None:
        await _add_words(connection, after.report_id, facts)
    return stored is not None


async def _add_words(connection: AsyncConnection, report_id: UUID, facts: Sequence[Fact]) -> None:
    """Let the search find the case by answers that were given after the report."""
    words, numbers = answer_words(facts)
    if words:
        await run(connection, _ADD_WORDS, {"report": report_id, "words": words, "numbers": numbers})


async def insert_cases(connection: AsyncConnection, lives: Sequence[tuple[Sequence[Fact], Case]]) -> None:
    """Store new cases, each with all of its facts and as it stands after them, all in one statement."""
    rows, words = [], []
    for facts, case in lives:
        first = facts[0].body
        assert isinstance(first, Received)
        rows.append(case_columns(case) | report_columns(first) | last_location(facts))
        words.append(words_columns(facts))
    tasks = [task_columns(case.report_id, task) for _, case in lives for task in open_tasks(case)]
    fact_rows = [fact_columns(case.report_id, fact) for facts, case in lives for fact in facts]
    hashes = [row for facts, case in lives for row in hash_rows(case.report_id, chain_of(case.report_id, facts))]
    values = {"cases": rows, "words": words, "facts": fact_rows, "hashes": hashes, "tasks": tasks}
    await run(connection, _INSERT_MANY, {name: _json(value) for name, value in values.items()})


def _json(value: object) -> str:
    return to_json(value).decode()


def last_location(facts: Sequence[Fact]) -> dict[str, Any]:
    """Return the columns of the last location that `facts` set; none when no fact does, so the reported one stays."""
    locations = [f.body.location for f in facts if isinstance(f.body, Relocated) and f.body.location is not None]
    return {"lat": locations[-1].lat, "lon": locations[-1].lon} if locations else {}


def fact_columns(report_id: UUID, fact: Fact) -> dict[str, Any]:
    """Return the columns of a fact of the case."""
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


def task_columns(report_id: UUID, task: Task) -> dict[str, Any]:
    """Return the columns of an open task of the case."""
    return {
        "report_id": report_id,
        "key": task.key,
        "kind": task.kind,
        "assignee_kind": task.assignee.kind,
        "assignee_id": task.assignee.id,
        "due_at": task.due_at,
        "role": task.role,
    }
