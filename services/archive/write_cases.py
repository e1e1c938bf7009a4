"""Write cases from their facts: what the recording step would have written, without deciding anything again."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.case_row import case_columns, report_columns, words_columns
from infra.store.cases import append_facts, fact_columns, insert_cases, last_location, task_columns
from infra.store.chain import INSERT_HASHES, chain_of, hash_rows
from infra.store.driver import all_rows, first_row, run
from infra.store.notices import insert_notices
from models.base import STORED
from models.case import Case
from models.facts import Actor, Body, Fact, Received
from rules.evolve import fold
from rules.tasks import open_tasks
from services.archive.lines import ArchivedFact

_BODY: TypeAdapter[Body] = TypeAdapter(Body)
#: Whether row and tasks of a case are already as given.
_IS_RIGHT = """
    SELECT EXISTS (SELECT 1 FROM cases c, jsonb_populate_record(c, %(case)s) n
            WHERE c.report_id = %(id)s AND to_jsonb(c) = to_jsonb(n))
        AND NOT EXISTS (SELECT 1 FROM (SELECT * FROM tasks WHERE report_id = %(id)s) t
            FULL JOIN jsonb_populate_recordset(NULL::tasks, %(tasks)s) n ON n.key = t.key
            WHERE to_jsonb(t) IS DISTINCT FROM to_jsonb(n))
        AND EXISTS (SELECT 1 FROM case_words WHERE report_id = %(id)s)
"""
_FACTS = f"""
    WITH new_hashes AS ({INSERT_HASHES.format(source="")})
    INSERT INTO facts SELECT * FROM jsonb_populate_recordset(NULL::facts, %(facts)s)
"""  # noqa: S608 only names of our own code are put in, values are parameters
_COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_name = 'cases' AND table_schema = 'public'"
_TASKS = """
    WITH done AS (DELETE FROM tasks WHERE report_id = %(id)s AND key <> ALL (%(keys)s))
    INSERT INTO tasks SELECT * FROM jsonb_populate_recordset(NULL::tasks, %(tasks)s)
    ON CONFLICT (report_id, key) DO UPDATE SET kind = excluded.kind, assignee_kind = excluded.assignee_kind,
        assignee_id = excluded.assignee_id, due_at = excluded.due_at, role = excluded.role
"""
_WORDS = """
    INSERT INTO case_words SELECT * FROM jsonb_populate_record(NULL::case_words, %(words)s)
    ON CONFLICT (report_id) DO NOTHING
"""
_PLACEHOLDER = """
    INSERT INTO people (id, username, name, active, password_hash)
    SELECT id, 'lost-' || id, '(人员资料缺失)', false, NULL FROM unnest(%(ids)s::uuid[]) id ON CONFLICT DO NOTHING
"""


def as_fact(fact: ArchivedFact) -> Fact:
    """Return the fact of a record. Raises pydantic.ValidationError."""
    record = fact.record
    return Fact(
        seq=fact.seq, at=fact.at, actor=Actor(person=record["actor"]), command_id=record["command_id"],
        command=record["command"], digest=record["digest"], version=record["version"],
        body=_BODY.validate_python(record["body"], context=STORED),
    )  # fmt: skip


async def insert_case(connection: AsyncConnection, facts: Sequence[Fact], *, notices: bool = True) -> None:
    """Write a new case with everything that follows from its facts, or without its notices."""
    case = fold(facts)
    assert case is not None
    await _ensure_people(connection, facts, case)
    await insert_cases(connection, [(facts, case)])
    if notices:
        await insert_notices(connection, case.report_id, facts)


async def extend_case(connection: AsyncConnection, known: Sequence[Fact], rest: Sequence[Fact]) -> None:
    """Write the facts that a case lacks, after those that it has."""
    before = fold(known)
    after = fold(rest, before)
    assert before is not None
    assert after is not None
    await correct_case(connection, known)
    if not await append_facts(connection, before, rest, after):
        raise RuntimeError(f"case {after.case_no} goes on; its workers have caught up meanwhile")
    await insert_notices(connection, after.report_id, rest)


async def replace_facts(connection: AsyncConnection, facts: Sequence[Fact]) -> None:
    """Write all facts of a case whose damaged ones were removed, and its row as they say."""
    case = fold(facts)
    assert case is not None
    await correct_case(connection, facts)
    values = {
        "facts": [fact_columns(case.report_id, fact) for fact in facts],
        "hashes": hash_rows(case.report_id, chain_of(case.report_id, facts)),
    }
    await run(connection, _FACTS, {name: to_json(value).decode() for name, value in values.items()})
    await insert_notices(connection, case.report_id, facts)


async def correct_case(connection: AsyncConnection, facts: Sequence[Fact]) -> bool:
    """Write row and tasks of a case as its facts say, and return whether the row was another one."""
    case = fold(facts)
    assert case is not None
    first = facts[0].body
    assert isinstance(first, Received)
    values = case_columns(case) | report_columns(first) | last_location(facts)
    tasks = [task_columns(case.report_id, task) for task in open_tasks(case)]
    given = {"id": case.report_id, "case": to_json(values).decode(), "tasks": to_json(tasks).decode()}
    (right,) = await first_row(connection, _IS_RIGHT, given)
    if right:
        return False
    await _ensure_people(connection, facts, case)
    names = [name for (name,) in await all_rows(connection, _COLUMNS, {}) if name in values]
    columns = ", ".join(f'"{name}"' for name in names)
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name != "report_id")
    await run(
        connection,
        f"INSERT INTO cases ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::cases, %(case)s)"  # noqa: S608 only names of our own code are put in, values are parameters
        f" ON CONFLICT (report_id) DO UPDATE SET {changes}",
        given,
    )
    await run(connection, _TASKS, {**given, "keys": [task["key"] for task in tasks]})
    await run(connection, _WORDS, {"words": to_json(words_columns(facts)).decode()})
    return True


async def _ensure_people(connection: AsyncConnection, facts: Sequence[Fact], case: Case) -> None:
    """Add a closed account for everybody whom the case refers to and the copy of the organisation does not know."""
    reached = (person for fact in facts for one in getattr(fact.body, "reached", ()) for person in one.people)
    await add_lost_people(connection, [case.reported_by, *reached])


async def add_lost_people(connection: AsyncConnection, ids: Sequence[UUID]) -> None:
    """Add closed accounts for people who are not known. No case is given up because somebody's account is lost."""
    await run(connection, _PLACEHOLDER, {"ids": list(set(ids))})
