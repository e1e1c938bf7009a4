"""Heads: the last hash of every case and matter, as lines of text. `docs/trust.md` states the format."""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rules.history.chain import Link
from rules.history.merkle import hash_leaf, merkle_root

_HEADS = text("""
    SELECT c.report_id AS origin, c.seq, h.hash, c.case_no AS number FROM cases c
        LEFT JOIN fact_hashes h ON h.origin = c.report_id AND h.seq = c.seq
    UNION ALL
    SELECT m.id, m.seq, h.hash, m.code FROM matters m LEFT JOIN fact_hashes h ON h.origin = m.id AND h.seq = m.seq
""")


class Head(NamedTuple):
    """The last hash of a case or a matter; `number` is its case number or its code."""

    link: Link
    number: str


Heads = Mapping[UUID, Head]


async def read_heads(connection: AsyncConnection) -> dict[UUID, Head]:
    """Return the heads as they are stored. A last fact without a hash has no head."""
    rows = await connection.execute(_HEADS)
    return {
        row.origin: Head(Link(row.seq, bytes(row.hash)), row.number) for row in rows if row.hash is not None
    }  # fmt: skip


async def read_retired_heads(connection: AsyncConnection) -> dict[UUID, Head]:
    """Return the heads of the cases that were retired: nothing else of them is in the database."""
    rows = await connection.execute(text("SELECT report_id, seq, head, case_no FROM retired_cases"))
    return {row.report_id: Head(Link(row.seq, bytes(row.head)), row.case_no) for row in rows}


async def read_unhashed(connection: AsyncConnection) -> list[tuple[UUID, str, int]]:
    """Return the cases and matters whose last fact has no hash: id, table of their facts, and number of that fact."""
    rows = await connection.execute(
        text("""
        SELECT c.report_id AS origin, 'facts' AS facts, c.seq FROM cases c
        WHERE c.seq > 0 AND NOT EXISTS (SELECT FROM fact_hashes WHERE origin = c.report_id AND seq = c.seq)
        UNION ALL
        SELECT m.id, 'matter_facts', m.seq FROM matters m
        WHERE m.seq > 0 AND NOT EXISTS (SELECT FROM fact_hashes WHERE origin = m.id AND seq = m.seq)
    """)
    )
    return [(row.origin, row.facts, row.seq) for row in rows]


def write_heads(heads: Heads) -> bytes:
    """Return the heads as text, a line each, in the order of the ids."""
    lines = (
        f"{origin} {head.link.seq} {head.link.hash.hex()} {head.number}\n" for origin, head in sorted(heads.items())
    )
    return "".join(lines).encode()


def parse_heads(content: bytes) -> dict[UUID, Head]:
    """Return the heads of such a text. Raises ValueError when it is another one."""
    heads: dict[UUID, Head] = {}
    for line in content.decode().splitlines():
        origin, seq, digest, number = line.split(" ", 3)
        heads[UUID(origin)] = Head(Link(int(seq), bytes.fromhex(digest)), number)
    return heads


def root_of(heads: Heads) -> str:
    """Return the Merkle root over the heads in the order of their ids, hexadecimal."""
    return merkle_root([leaf_of(origin, head) for origin, head in sorted(heads.items())]).hex()


def leaf_of(origin: UUID, head: Head) -> bytes:
    """Return the leaf of one head."""
    return hash_leaf(f"{origin} {head.link.seq} {head.link.hash.hex()}".encode())


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def add_heads(known: dict[UUID, Head], current: Heads) -> dict[UUID, Head]:
    """Add `current` to the `known` heads, and return those that were new or went on.

    A head that is gone, or went back, stays as it was known: an anchor forgets nothing that an earlier one has signed.
    """
    changed = {
        origin: head
        for origin, head in current.items()
        if origin not in known or head.link.seq > known[origin].link.seq
    }
    known.update(changed)
    return changed
