"""Cases and their facts: read under a lock, appended to, never rewritten."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import insert, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from models.case import Case
from models.facts import Actor, Body, Fact, Received, Relocated
from models.tables import CASES, FACTS, TASKS
from rules.ladder import next_wake_up
from rules.lights import turns_yellow_at
from rules.tasks import Task, open_tasks

_BODY: TypeAdapter[Body] = TypeAdapter(Body)


@dataclass(frozen=True)
class Stored:
    """A case as stored, and the digest of the command asked about, if that is among its facts already."""

    case: Case
    digest: str | None


async def lock_case(connection: AsyncConnection, report_id: UUID, command_id: UUID) -> Stored | None:
    """The case, locked until the transaction ends; None when there is none yet."""
    row = (
        await connection.execute(
            text(
                "SELECT state, (SELECT digest FROM facts f WHERE f.report_id = c.report_id"
                " AND f.command_id = :command LIMIT 1) FROM cases c WHERE report_id = :report FOR UPDATE OF c"
            ),
            {"report": report_id, "command": command_id},
        )
    ).one_or_none()
    return None if row is None else Stored(Case.model_validate(row[0]), row[1])


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


async def draw_sequence(connection: AsyncConnection, park: str, day: date) -> int:
    """The next number of a park's day, 1 …; given back if the transaction is rolled back."""
    drawn = await connection.execute(
        text(
            "INSERT INTO case_counters AS c (park, day, last) VALUES (:park, :day, 1)"
            " ON CONFLICT (park, day) DO UPDATE SET last = c.last + 1 RETURNING last"
        ),
        {"park": park, "day": day},
    )
    return int(drawn.scalar_one())


async def append(connection: AsyncConnection, before: Case | None, facts: Sequence[Fact], after: Case) -> None:
    """Appends `facts` to the case and brings its row and its open tasks to what they add up to."""
    if before is None:
        first = facts[0].body
        assert isinstance(first, Received)
        await connection.execute(insert(CASES), {**_written_once(first), **_columns(after), **_moved(facts)})
    else:
        changed = update(CASES).where(CASES.c.report_id == after.report_id)
        await connection.execute(changed.values(_columns(after) | _moved(facts)))
    await connection.execute(insert(FACTS), [_fact_columns(after.report_id, fact) for fact in facts])
    await _replace_tasks(connection, before, after)


def _written_once(body: Received) -> dict[str, Any]:
    return {
        "report_id": body.report_id,
        "case_no": body.case_no,
        "description": body.description,
        "title": body.title,
        "source": body.source,
        "lat": body.location.lat if body.location else None,
        "lon": body.location.lon if body.location else None,
        "reporter_ref": body.reporter_ref,
        "anonymous": body.anonymous,
        "external_system": body.external.system if body.external else None,
        "external_number": body.external.number if body.external else None,
        "content_hash": body.content_hash,
        "occurred_at": body.occurred_at,
        "reported_at": body.reported_at,
    }


def _moved(facts: Sequence[Fact]) -> dict[str, Any]:
    """The place that the last of `facts` names; nothing when none does: what was reported stays."""
    named = [f.body.location for f in facts if isinstance(f.body, Relocated) and f.body.location is not None]
    return {"lat": named[-1].lat, "lon": named[-1].lon} if named else {}


def _columns(case: Case) -> dict[str, Any]:
    clock = case.clock
    return {
        "seq": case.seq,
        "state": case.model_dump(mode="json"),
        "stage": case.stage,
        "round": case.round,
        "outcome": case.outcome,
        "category": case.category,
        "severity": case.severity,
        "grid": case.grid,
        "grid_path": ".".join(case.grid_path),
        "level": int(case.level),
        "owner_kind": case.owner.kind if case.owner else None,
        "owner_id": case.owner.id if case.owner else None,
        "host": case.host,
        "departments": list(case.departments),
        "reported_by": case.reported_by,
        "received_at": case.received_at,
        "updated_at": case.updated_at,
        "due_at": clock.due_at if clock else None,
        "yellow_at": turns_yellow_at(clock) if clock else None,
        "overdue_at": clock.overdue_at if clock else None,
        "wake_at": next_wake_up(case),
        "closed_at": case.closed_at,
        "archived_at": case.archived_at,
    }


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
        "body": fact.body.model_dump(mode="json"),
    }


async def _replace_tasks(connection: AsyncConnection, before: Case | None, after: Case) -> None:
    old = {} if before is None else {task.key: task for task in open_tasks(before)}
    new = {task.key: task for task in open_tasks(after)}
    gone = [key for key in old if key not in new]
    fresh = [task for key, task in new.items() if old.get(key) != task]
    if gone:
        await connection.execute(
            text("DELETE FROM tasks WHERE report_id = :report AND key = ANY (:gone)"),
            {"report": after.report_id, "gone": gone},
        )
    if fresh:
        await _put_tasks(connection, after.report_id, fresh)


async def _put_tasks(connection: AsyncConnection, report_id: UUID, tasks: Iterable[Task]) -> None:
    statement = upsert(TASKS).values(
        [
            {
                "report_id": report_id,
                "key": task.key,
                "kind": task.kind,
                "assignee_kind": task.assignee.kind,
                "assignee_id": task.assignee.id,
                "due_at": task.due_at,
            }
            for task in tasks
        ]
    )
    moved = {name: statement.excluded[name] for name in ("assignee_kind", "assignee_id", "due_at")}
    await connection.execute(statement.on_conflict_do_update(index_elements=["report_id", "key"], set_=moved))
