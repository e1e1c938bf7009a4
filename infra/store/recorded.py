"""Every recorded fact, case by case, for those who only read: simulation and statistics."""

from collections.abc import AsyncIterator
from itertools import groupby
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.facts import Actor, Body, Fact

_BODY: TypeAdapter[Body] = TypeAdapter(Body)
#: How many rows are fetched at a time.
CHUNK = 2_000
_FACTS = text(
    "SELECT report_id, seq, at, actor, command_id, command, digest, version, body FROM facts ORDER BY report_id, seq"
)


async def count_cases(connection: AsyncConnection) -> int:
    """How many cases have facts."""
    return int(await connection.scalar(text("SELECT count(*) FROM cases")) or 0)


async def recorded_cases(connection: AsyncConnection) -> AsyncIterator[tuple[UUID, tuple[Fact, ...]]]:
    """Each case's id with all its facts in order, read in chunks: the store may hold more than memory does."""
    waiting: list[Any] = []
    async with connection.stream(_FACTS, execution_options={"yield_per": CHUNK}) as rows:
        async for chunk in rows.partitions():
            waiting += chunk
            last = waiting[-1].report_id
            for report_id, group in groupby(waiting, key=lambda row: row.report_id):
                found = list(group)
                if report_id == last:
                    waiting = found
                else:
                    yield report_id, tuple(map(_fact, found))
    if waiting:
        yield waiting[0].report_id, tuple(map(_fact, waiting))


def _fact(row: Any) -> Fact:
    return Fact(
        seq=row.seq, at=row.at, actor=Actor(person=row.actor), command_id=row.command_id, command=row.command,
        digest=row.digest, version=row.version, body=_BODY.validate_python(row.body),
    )  # fmt: skip
