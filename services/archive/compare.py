"""Compare the facts of one case or matter in the database with those of archive and histories."""

from collections.abc import Sequence
from enum import StrEnum

from rules.history.chain import link_records
from services.archive.lines import ArchivedFact


class Standing(StrEnum):
    """How the database stands to the other sources."""

    #: Both have the same facts.
    SAME = "same"
    #: The database has none of them.
    ABSENT = "absent"
    #: The database has the first ones and lacks the rest.
    BEHIND = "behind"
    #: The database has all of them and more.
    AHEAD = "ahead"
    #: The database was damaged: its facts do not fit their own hashes, and the others' do.
    DAMAGED = "damaged"
    #: Both are whole and differ. Nothing is changed: somebody must look.
    CONTRADICTION = "contradiction"
    #: The other sources lack facts in between, and the database has not got them either.
    GAP = "gap"


def compare(stored: Sequence[ArchivedFact], other: Sequence[ArchivedFact]) -> Standing:
    """Return how `stored`, the facts in the database with their hashes, stand to `other`; both in order."""
    if [fact.seq for fact in other] != list(range(1, len(other) + 1)):
        whole = is_whole(stored) and len(stored) >= (other[-1].seq if other else 0)
        return Standing.AHEAD if whole and _agree(stored, other) else Standing.GAP
    if not stored:
        return Standing.ABSENT if other else Standing.SAME
    if is_whole(stored) and _agree(stored, other):
        if len(stored) == len(other):
            return Standing.SAME
        return Standing.BEHIND if len(stored) < len(other) else Standing.AHEAD
    if not is_whole(stored) and is_whole(other):
        return Standing.DAMAGED
    return Standing.CONTRADICTION


def is_whole(facts: Sequence[ArchivedFact]) -> bool:
    """Return whether the facts are numbered without a gap and fit the hashes that they have."""
    if [fact.seq for fact in facts] != list(range(1, len(facts) + 1)):
        return False
    links = link_records((fact.record for fact in facts), None)
    return all(fact.hash is None or fact.hash == link.hash for fact, link in zip(facts, links, strict=True))


def _agree(stored: Sequence[ArchivedFact], other: Sequence[ArchivedFact]) -> bool:
    """Return whether facts of one number are the same in both."""
    records = {fact.seq: fact.record for fact in stored}
    return all(records.get(fact.seq, fact.record) == fact.record for fact in other)
