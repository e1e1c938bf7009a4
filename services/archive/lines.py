"""Facts as lines of JSON in the archive's files, and back. A line is that of an export, with the kind of its origin."""

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import to_json

#: What stands in `matter_kind` for a case.
CASE = "case"


class ArchivedFact(NamedTuple):
    """A fact as it lies in the archive or in a history. `kind_of`: `case`, or the kind of the matter.

    `record` is that of `rules.history.chain.fact_record`; `hash` is None where the source has none.
    """

    kind_of: str
    record: dict[str, Any]
    hash: bytes | None = None

    @property
    def origin(self) -> UUID:
        """The id of the case or matter."""
        return UUID(self.record["origin"])

    @property
    def seq(self) -> int:
        """The number of the fact."""
        return int(self.record["seq"])

    @property
    def at(self) -> datetime:
        """The moment of the fact."""
        return datetime.fromisoformat(self.record["at"].replace("Z", "+00:00"))


def pack(facts: Iterable[ArchivedFact]) -> bytes:
    """Return the facts as a compressed file; the same facts make the same bytes."""
    lines = (
        to_json({"kind_of": fact.kind_of, **fact.record, "hash": None if fact.hash is None else fact.hash.hex()})
        for fact in facts
    )
    return gzip.compress(b"".join(line + b"\n" for line in lines), mtime=0)


def unpack(content: bytes) -> Iterator[ArchivedFact]:
    """Yield the facts of such a file. Raises ValueError for anything else."""
    try:
        text = gzip.decompress(content).decode()
    except (OSError, EOFError) as error:
        raise ValueError(f"no compressed file: {error}") from error
    for line in text.splitlines():
        record: dict[str, Any] = json.loads(line)
        kind_of, digest = record.pop("kind_of"), record.pop("hash")
        yield ArchivedFact(kind_of, record, None if digest is None else bytes.fromhex(digest))


def file_name(folder: str, at: datetime, content: bytes, suffix: str) -> str:
    """Return the name of a file by its month and its content."""
    return f"{folder}/{at:%Y-%m}/{hashlib.sha256(content).hexdigest()}{suffix}"


def is_whole(name: str, content: bytes) -> bool:
    """Return whether the content is the one that the name was made of."""
    return hashlib.sha256(content).hexdigest() in name
