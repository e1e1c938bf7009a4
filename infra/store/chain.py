"""The hashes of facts (`rules.history.chain`), written in the statement that stores the facts."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from pydantic_core import to_json, to_jsonable_python
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows, first_row, run
from models.facts import Fact
from models.matters.base import MatterFact
from rules.history.chain import Link, fact_record, link_records

#: The last hash of the case `c` as text, for a statement that reads the case anyway; see `parse_link`.
LAST_LINK = """
    (SELECT h.seq || ' ' || encode(h.hash, 'hex') FROM fact_hashes h
        WHERE h.origin = c.report_id ORDER BY h.seq DESC LIMIT 1)
"""
#: Stores the rows of `hash_rows`. A hash that is there stays: a fact is hashed once.
INSERT_HASHES = """
    INSERT INTO fact_hashes SELECT h.* FROM {source}jsonb_populate_recordset(NULL::fact_hashes, %(hashes)s) h
        ON CONFLICT DO NOTHING
"""
_COLUMNS = "seq, at, kind, version, actor, command_id, command, digest, body"
_LINK = "SELECT seq, hash FROM fact_hashes WHERE origin = %(origin)s AND seq <= %(upto)s ORDER BY seq DESC LIMIT 1"
_RECORDS = {
    table: f"SELECT {_COLUMNS} FROM {table} WHERE {origin} = %(origin)s AND seq > %(after)s ORDER BY seq"  # noqa: S608 only names of our own code are put in, values are parameters
    for table, origin in (("facts", "report_id"), ("matter_facts", "matter_id"))
}


def parse_link(text: str | None) -> Link | None:
    """Return the link that `LAST_LINK` read; None: no fact has a hash yet."""
    if text is None:
        return None
    seq, _, digest = text.partition(" ")
    return Link(int(seq), bytes.fromhex(digest))


async def read_link(connection: AsyncConnection, origin: UUID, upto: int) -> Link | None:
    """Return the last hash of a case or a matter up to the fact `upto`; None: there is none."""
    row = await first_row(connection, _LINK, {"origin": origin, "upto": upto})
    return None if row is None else Link(row[0], bytes(row[1]))


async def extend_chain(
    connection: AsyncConnection,
    origin: UUID,
    table: str,
    last: Link | None,
    head: int,
    facts: Iterable[Fact] | Iterable[MatterFact],
) -> list[Link]:
    """Return the links of `facts`, which follow the fact `head`, with those of earlier facts that have none yet.

    `table` holds the facts (`facts` or `matter_facts`); `last` is the last hash as it was read. Earlier facts have no
    hash when a worker of an earlier version recorded them.
    """
    if last is not None and last.seq > head:  # the row is behind its hashes: the store is damaged, `verify` tells
        last = await read_link(connection, origin, head)
    records: list[dict[str, Any]] = []
    if (last.seq if last else 0) < head:
        records = await _read_records(connection, origin, table, last.seq if last else 0)
    records += [_record(origin, fact) for fact in facts]
    return list(link_records(records, last))


def hash_rows(origin: UUID, links: Sequence[Link]) -> list[dict[str, Any]]:
    """Return the rows of `fact_hashes`, as `jsonb_populate_recordset` takes them."""
    return [{"origin": origin, "seq": link.seq, "hash": f"\\x{link.hash.hex()}"} for link in links]


def chain_of(origin: UUID, facts: Iterable[Fact]) -> list[Link]:
    """Return the links of all facts of a new case."""
    return list(link_records((_record(origin, fact) for fact in facts), None))


async def add_missing_hashes(connection: AsyncConnection, origin: UUID, table: str, head: int) -> int:
    """Store the hashes that the facts of a case or a matter lack up to `head`, and return how many."""
    last = await read_link(connection, origin, head)
    links = await extend_chain(connection, origin, table, last, head, ())
    if links:
        values = {"hashes": _json(hash_rows(origin, links))}
        await run(connection, INSERT_HASHES.format(source=""), values)
    return len(links)


async def _read_records(connection: AsyncConnection, origin: UUID, table: str, after: int) -> list[dict[str, Any]]:
    rows = await all_rows(connection, _RECORDS[table], {"origin": origin, "after": after})
    return [
        fact_record(
            origin=origin, seq=row[0], at=row[1], kind=row[2], version=row[3], actor=row[4], command_id=row[5],
            command=row[6], digest=row[7], body=row[8],
        )
        for row in rows
    ]  # fmt: skip


def _record(origin: UUID, fact: Fact | MatterFact) -> dict[str, Any]:
    return fact_record(
        origin=origin,
        seq=fact.seq,
        at=fact.at,
        kind=fact.body.kind,
        version=fact.version,
        actor=fact.actor.person,
        command_id=fact.command_id,
        command=fact.command,
        digest=fact.digest,
        body=to_jsonable_python(fact.body),
    )


def _json(value: object) -> str:
    return to_json(value).decode()
