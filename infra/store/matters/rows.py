"""Matters and their facts. Facts are only appended, never changed."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.chain import INSERT_HASHES, extend_chain, hash_rows, read_link
from infra.store.driver import all_rows, first_row, run
from models.base import STORED
from models.facts import Actor
from models.matters.base import Matter, MatterFact
from models.matters.messages import StoredMatterFact
from rules.matters.decide import next_wake_up, read_body
from rules.matters.kind import MatterRules

_COLUMNS = (
    "id", "kind", "code", "name", "seq", "status", "state", "grid", "grid_path", "department", "departments", "people",
    "created_at", "updated_at", "due_at", "overdue_at", "wake_at", "ended_at",
)  # fmt: skip
_UNCHANGING = ("id", "kind", "created_at")
_UPSERT = f"""
    WITH stored AS (INSERT INTO matters AS m ({", ".join(_COLUMNS)})
        SELECT {", ".join(f"n.{name}" for name in _COLUMNS)}
        FROM jsonb_populate_record(NULL::matters, %(matter)s) n
        ON CONFLICT (id) DO UPDATE SET {", ".join(f"{c} = excluded.{c}" for c in _COLUMNS if c not in _UNCHANGING)}),
    new_hashes AS ({INSERT_HASHES.format(source="")})
    INSERT INTO matter_facts SELECT f.* FROM jsonb_populate_recordset(NULL::matter_facts, %(facts)s) f
"""  # noqa: S608 only names of our own code are put in, values are parameters
_FACTS = """
    SELECT seq, at, actor, command_id, command, digest, version, body FROM matter_facts
    WHERE matter_id = %(id)s AND seq > %(after)s ORDER BY seq LIMIT %(limit)s::bigint
"""
_RECORDED = "SELECT digest, actor FROM matter_facts WHERE matter_id = %(id)s AND command_id = %(command)s LIMIT 1"


async def lock_matter(connection: AsyncConnection, rules: MatterRules, id_: UUID) -> Matter | None:
    """Return the matter and keep its row locked until the transaction ends; None when there is none."""
    query = "SELECT state FROM matters WHERE id = %(id)s AND kind = %(kind)s FOR UPDATE"
    row = await first_row(connection, query, {"id": id_, "kind": rules.kind})
    return None if row is None else read_state(rules, row[0])


def read_state(rules: MatterRules, state: Any) -> Matter:
    """The state as it was stored."""
    return rules.state.model_validate(state, context=STORED)


async def taken_name(connection: AsyncConnection, rules: MatterRules, code: str) -> str | None:
    """Return the name of the matter that has this code; None while it is free."""
    query = "SELECT name FROM matters WHERE kind = %(kind)s AND code = %(code)s"
    row = await first_row(connection, query, {"kind": rules.kind, "code": code})
    return None if row is None else str(row[0])


async def matter_goes_on(connection: AsyncConnection, id_: UUID) -> bool:
    """Return whether there is a matter of that id that has not ended."""
    row = await first_row(connection, "SELECT 1 FROM matters WHERE id = %(id)s AND ended_at IS NULL", {"id": id_})
    return row is not None


async def read_stored_facts(
    connection: AsyncConnection, id_: UUID, after: int = 0, limit: int | None = None
) -> tuple[StoredMatterFact, ...]:
    """Return the facts of a matter in order, without the first `after` ones; at most `limit`, None for all."""
    rows = await all_rows(connection, _FACTS, {"id": id_, "after": after, "limit": limit})
    return tuple(
        StoredMatterFact(
            seq=row[0], at=row[1], actor=Actor(person=row[2]), command_id=row[3], command=row[4], digest=row[5],
            version=row[6], body=row[7],
        )
        for row in rows
    )  # fmt: skip


async def recorded_command(connection: AsyncConnection, id_: UUID, command_id: UUID) -> tuple[str, UUID | None] | None:
    """Return digest and giver of the command that was recorded under that id; None when none was."""
    row = await first_row(connection, _RECORDED, {"id": id_, "command": command_id})
    return None if row is None else (str(row[0]), row[1])


def as_facts(rules: MatterRules, stored: Iterable[StoredMatterFact]) -> tuple[MatterFact, ...]:
    """The facts with their bodies read."""
    return tuple(
        MatterFact(**fact.model_dump(exclude={"body", "actor"}), actor=fact.actor, body=read_body(rules, fact.body))
        for fact in stored
    )


def as_stored(facts: Iterable[MatterFact]) -> tuple[StoredMatterFact, ...]:
    """The facts as they are stored and sent."""
    return tuple(StoredMatterFact.model_validate(fact.model_dump(mode="json")) for fact in facts)


async def append_matter_facts(
    connection: AsyncConnection, rules: MatterRules, facts: Sequence[MatterFact], after: Matter
) -> None:
    """Append `facts` with their hashes and write the row as it is after them; the caller holds the row's lock.

    Without facts, the row alone.

    Raises IntegrityError for a new matter whose code another one took at the same moment.
    """
    row = {
        **after.model_dump(include=set(_COLUMNS)),
        "kind": rules.kind,
        "state": after,
        "grid_path": ".".join(after.grid_path),
        "wake_at": next_wake_up(rules, after),
    }
    rows = [
        {
            "matter_id": after.id, "seq": fact.seq, "at": fact.at, "kind": fact.body.kind, "version": fact.version,
            "actor": fact.actor.person, "command_id": fact.command_id, "command": fact.command, "digest": fact.digest,
            "body": fact.body,
        }
        for fact in facts
    ]  # fmt: skip
    head = facts[0].seq - 1 if facts else after.seq
    last = await read_link(connection, after.id, head) if head else None
    links = await extend_chain(connection, after.id, "matter_facts", last, head, facts)
    values = {"matter": row, "facts": rows, "hashes": hash_rows(after.id, links)}
    await run(connection, _UPSERT, {name: to_json(value).decode() for name, value in values.items()})
