"""The hash chain of a case or a matter: each fact's hash covers the fact and the hash before it.

A fact is hashed as canonical JSON (RFC 8785) of the object that `fact_record` makes; `docs/trust.md` states it for
others who want to verify. The rule is our choice; the hash is SHA-256 (FIPS 180-4).
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import rfc8785

#: Version of the record below. A verifier refuses a version that it does not know.
RECORD_VERSION = 1


class Link(NamedTuple):
    """The hash of a fact: `seq` is the fact's number, `hash` 32 bytes."""

    seq: int
    hash: bytes


def fact_record(
    *,
    origin: UUID,
    seq: int,
    at: datetime,
    kind: str,
    version: int,
    actor: UUID | None,
    command_id: UUID,
    command: str,
    digest: str,
    body: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the object of a fact that is hashed, without the hash before it.

    `origin`: the report id of the case, or the id of the matter. `at` is written in UTC with microseconds. `body` is
    the fact's body as plain JSON values, exactly as it is stored: unknown fields count.
    """
    return {
        "v": RECORD_VERSION,
        "origin": str(origin),
        "seq": seq,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "kind": kind,
        "version": version,
        "actor": None if actor is None else str(actor),
        "command_id": str(command_id),
        "command": command,
        "digest": digest,
        "body": body,
    }


def hash_record(record: Mapping[str, Any], previous: bytes | None) -> bytes:
    """Return the hash (32 bytes) of a fact's record after the fact with the hash `previous`; None: it is the first.

    Raises rfc8785.CanonicalizationError when the record holds a number that JSON can't carry exactly.
    """
    chained = {**record, "previous": None if previous is None else previous.hex()}
    return hashlib.sha256(rfc8785.dumps(chained)).digest()


def link_records(records: Iterable[Mapping[str, Any]], last: Link | None) -> Iterator[Link]:
    """Yield the links of consecutive records after `last` (None: from the first fact on)."""
    previous = None if last is None else last.hash
    for record in records:
        previous = hash_record(record, previous)
        yield Link(record["seq"], previous)
