"""Notices of matters, stored in the transaction that records the fact."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import run
from infra.store.notices import receivers
from models.facts import Reached
from models.matters.base import MatterFact

_INSERT = """
    INSERT INTO matter_notices (matter_id, seq, receiver, person, department, mode, at)
    VALUES (%(matter)s, %(seq)s, %(receiver)s, %(person)s, %(department)s, %(mode)s, %(at)s) ON CONFLICT DO NOTHING
"""


async def insert_matter_notices(connection: AsyncConnection, id_: UUID, facts: Iterable[MatterFact]) -> None:
    """Store a notice for everybody whom a fact reached: its body then has `reached`."""
    for fact in facts:
        for values in _receivers(fact):
            await run(connection, _INSERT, {"matter": id_, "seq": fact.seq, "at": fact.at, **values})


def _receivers(fact: MatterFact) -> Iterator[dict[str, Any]]:
    reached: tuple[Reached, ...] = getattr(fact.body, "reached", ())
    yield from receivers(reached)
