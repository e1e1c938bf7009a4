"""Web hooks are told of facts of cases: written to the outbox in the transaction that stores the facts."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows
from infra.store.outbox import insert_effects
from models.case import Case
from models.channels import HOOK_FACTS
from models.facts import Fact
from models.matters.effects import TellHook

#: The subscriptions to one of these facts of a case below these units.
_SUBSCRIBED = """
    SELECT h.id, h.channel, h.kinds FROM hook_subscriptions h JOIN channels c ON c.id = h.channel AND c.enabled
    WHERE h.kinds && %(kinds)s AND h.grid = ANY (%(path)s) ORDER BY h.id
"""
_KNOWN = frozenset(HOOK_FACTS)


def concerns_hooks(facts: Iterable[Fact]) -> bool:
    """Return whether a web hook may be told of one of the facts."""
    return any(fact.body.kind in _KNOWN for fact in facts)


async def tell_hooks(connection: AsyncConnection, facts: Sequence[Fact], case: Case) -> None:
    """Write what the subscribers are told of `facts` to the outbox, in the caller's transaction."""
    kinds = [fact.body.kind for fact in facts if fact.body.kind in _KNOWN]
    values = {"kinds": kinds, "path": list(case.grid_path)}
    found: list[tuple[UUID, str, list[str]]] = [
        (row[0], row[1], row[2]) for row in await all_rows(connection, _SUBSCRIBED, values)
    ]
    for fact in facts:
        for id_, channel, wanted in found:
            if fact.body.kind in wanted:
                effect = TellHook(channel=channel, case_no=case.case_no, fact=fact.body.kind, at=fact.at)
                cause = f"hook {id_} {fact.seq}"
                await insert_effects(connection, ("case", case.report_id), cause, (effect,), fact.at)
