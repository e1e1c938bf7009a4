"""Web hooks are told of facts of cases: written to the outbox in the transaction that stores the facts."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows
from infra.store.outbox import insert_effects
from models.case import Case
from models.channels import HOOK_FACTS
from models.facts import Fact, Relocated
from models.matters.effects import TellHook

#: The subscriptions to one of these facts of a case below these units.
_SUBSCRIBED = """
    SELECT h.id, h.channel, h.kinds, h.grid FROM hook_subscriptions h JOIN channels c ON c.id = h.channel AND c.enabled
    WHERE h.kinds && %(kinds)s AND h.grid = ANY (%(units)s) ORDER BY h.id
"""
_KNOWN = frozenset(HOOK_FACTS)


def concerns_hooks(facts: Iterable[Fact]) -> bool:
    """Return whether a web hook may be told of one of the facts."""
    return any(fact.body.kind in _KNOWN for fact in facts)


async def tell_hooks(connection: AsyncConnection, before: Case | None, facts: Sequence[Fact], case: Case) -> None:
    """Write what the subscribers are told of `facts` to the outbox, in the caller's transaction. `case`: after them.

    Told are those of the place where the case was when each fact came about: what fell due is recorded together with
    the command that moves the case away.
    """
    told = [(fact, path) for fact, path in _with_places(before, facts, case) if fact.body.kind in _KNOWN]
    values = {
        "kinds": [fact.body.kind for fact, _ in told],
        "units": list({unit for _, path in told for unit in path}),
    }
    found: list[tuple[UUID, str, list[str], str]] = [
        (row[0], row[1], row[2], row[3]) for row in await all_rows(connection, _SUBSCRIBED, values)
    ]
    for fact, path in told:
        for id_, channel, wanted, grid in found:
            if fact.body.kind in wanted and grid in path:
                effect = TellHook(channel=channel, case_no=case.case_no, fact=fact.body.kind, at=fact.at)
                cause = f"hook {id_} {fact.seq}"
                await insert_effects(connection, ("case", case.report_id), cause, (effect,), fact.at)


def _with_places(before: Case | None, facts: Iterable[Fact], case: Case) -> Iterator[tuple[Fact, tuple[str, ...]]]:
    path = case.grid_path if before is None else before.grid_path
    for fact in facts:
        if isinstance(fact.body, Relocated):
            path = fact.body.grid_path
        yield fact, path
