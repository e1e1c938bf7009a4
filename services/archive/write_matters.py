"""Write matters from their facts: what the recording step would have written, without deciding anything again."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import first_row
from infra.store.matters.notices import insert_matter_notices
from infra.store.matters.registry import project
from infra.store.matters.rows import append_matter_facts, as_facts, read_state
from infra.store.outbox import insert_effects
from models.facts import Actor
from models.matters.base import Matter, MatterFact, MatterKind
from models.matters.messages import StoredMatterFact
from rules.matters.decide import evolve, fold
from rules.matters.registry import RULES
from services.archive.lines import ArchivedFact
from services.archive.write_cases import add_lost_people

_STATE = "SELECT state FROM matters WHERE id = %(id)s"


def as_matter_facts(kind: str, facts: Sequence[ArchivedFact]) -> tuple[MatterFact, ...]:
    """Return the facts of records. Raises pydantic.ValidationError."""
    stored = (
        StoredMatterFact(
            seq=fact.seq, at=fact.at, actor=Actor(person=fact.record["actor"]), command_id=fact.record["command_id"],
            command=fact.record["command"], digest=fact.record["digest"], version=fact.record["version"],
            body=fact.record["body"],
        )
        for fact in facts
    )  # fmt: skip
    return as_facts(RULES[MatterKind(kind)], stored)


async def write_matter(
    connection: AsyncConnection, kind: str, known: Sequence[MatterFact], rest: Sequence[MatterFact], effects_after: int
) -> None:
    """Write the facts `rest` of a matter after those that it has, with the rows of its kind and its notices.

    Effects of the facts after number `effects_after` go into the outbox: they may not have been carried out. Those that
    were count once, by their ids.
    """
    rules = RULES[MatterKind(kind)]
    before = fold(rules, known)
    people = [fact.actor.person for fact in rest if fact.actor.person is not None]
    reached = [person for fact in rest for one in getattr(fact.body, "reached", ()) for person in one.people]
    await add_lost_people(connection, [*people, *reached])
    # One by one, as they were recorded: what a kind keeps besides its row may depend on the state after each.
    matter: Matter | None = before
    for fact in rest:
        after = evolve(rules, matter, fact)
        await append_matter_facts(connection, rules, [fact], after)
        await project(connection, rules.kind, matter, after, [fact])
        if fact.seq > effects_after:
            effects = list(rules.effects(matter, fact, after))
            await insert_effects(connection, (rules.kind, after.id), fact.seq, effects, fact.at)
        matter = after
    assert matter is not None
    await insert_matter_notices(connection, matter.id, rest)


async def replace_matter_facts(connection: AsyncConnection, kind: str, facts: Sequence[MatterFact]) -> None:
    """Write all facts of a matter whose damaged ones were removed, and its row. Its kind's own tables stay."""
    rules = RULES[MatterKind(kind)]
    matter = fold(rules, facts)
    assert matter is not None
    await append_matter_facts(connection, rules, facts, matter)
    await insert_matter_notices(connection, matter.id, facts)


async def correct_matter(connection: AsyncConnection, kind: str, facts: Sequence[MatterFact]) -> bool:
    """Write the row of a matter as its facts say, and return whether it was another one."""
    rules = RULES[MatterKind(kind)]
    matter = fold(rules, facts)
    assert matter is not None
    row = await first_row(connection, _STATE, {"id": matter.id})
    if row is not None and read_state(rules, row[0]) == matter:
        return False
    await append_matter_facts(connection, rules, (), matter)
    return True
