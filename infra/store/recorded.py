"""Every recorded fact, case by case, for simulation and statistics."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import STORED
from models.facts import Actor, Body, Fact

_BODY: TypeAdapter[Body] = TypeAdapter(Body)
#: How many rows are fetched at a time.
CHUNK_SIZE = 2_000
_FACTS = text(
    "SELECT report_id, seq, at, actor, command_id, command, digest, version, body FROM facts ORDER BY report_id, seq"
)
_FACTS_OF = text(
    "SELECT report_id, seq, at, actor, command_id, command, digest, version, body FROM facts"
    " WHERE report_id = ANY (:ids) AND at <= :until ORDER BY report_id, seq"
)


async def count_cases(connection: AsyncConnection) -> int:
    """Return the number of cases."""
    return int(await connection.scalar(text("SELECT count(*) FROM cases")) or 0)


async def stream_recorded_cases(connection: AsyncConnection) -> AsyncIterator[tuple[UUID, tuple[Fact, ...]]]:
    """Yield each case's id with its facts in order, read in chunks because all of them may not fit into memory."""
    pending: list[Any] = []
    async with connection.stream(_FACTS, execution_options={"yield_per": CHUNK_SIZE}) as rows:
        async for chunk in rows.partitions():
            pending += chunk
            last = pending[-1].report_id
            for report_id, group in groupby(pending, key=lambda row: row.report_id):
                case_rows = list(group)
                if report_id == last:  # its other rows may be in the next chunk
                    pending = case_rows
                else:
                    yield report_id, tuple(map(_fact, case_rows))
    if pending:
        yield pending[0].report_id, tuple(map(_fact, pending))


async def read_recorded_cases(
    connection: AsyncConnection, ids: Sequence[UUID], until: datetime
) -> list[tuple[UUID, tuple[Fact, ...]]]:
    """Return the facts of these cases up to and including the moment `until`, case by case in order."""
    rows = await connection.execute(_FACTS_OF, {"ids": list(ids), "until": until})
    return [(id_, tuple(map(_fact, group))) for id_, group in groupby(rows, key=lambda row: row.report_id)]


def _fact(row: Any) -> Fact:
    return Fact(
        seq=row.seq, at=row.at, actor=Actor(person=row.actor), command_id=row.command_id, command=row.command,
        digest=row.digest, version=row.version, body=_BODY.validate_python(row.body, context=STORED),
    )  # fmt: skip
