"""Bundles: files in the archive, each with all facts of some old cases that are to be retired.

The facts of a case lie in many files of the archive, beside those of others, as they were recorded. A retired case is
read from its bundle alone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from infra.objects import Objects
from services.archive.compare import is_whole as is_chained
from services.archive.lines import ArchivedFact, file_name, is_whole, pack, unpack

FOLDER, SUFFIX = "retired", ".jsonl.gz"


def is_provable(facts: Sequence[ArchivedFact], seq: int) -> bool:
    """Return whether these are all facts of a case up to `seq`, each with the hash that it must have."""
    return len(facts) == seq > 0 and all(fact.hash is not None for fact in facts) and is_chained(facts)


async def write_bundle(archive: Objects, facts: Mapping[UUID, Sequence[ArchivedFact]], now: datetime) -> str:
    """Write the facts of cases into one file, and return its name. Raises ObjectsAway."""
    content = pack(fact for id_ in sorted(facts) for fact in facts[id_])
    name = file_name(FOLDER, now, content, SUFFIX)
    await archive.put(name, content)
    return name


async def read_bundle(archive: Objects, name: str) -> dict[UUID, list[ArchivedFact]]:
    """Return the facts of each case in a bundle; none of one that is gone or was changed. Raises ObjectsAway."""
    content = await archive.get(name)
    if content is None or not is_whole(name, content):
        return {}
    found: dict[UUID, list[ArchivedFact]] = {}
    for fact in unpack(content):
        found.setdefault(fact.origin, []).append(fact)
    return found
