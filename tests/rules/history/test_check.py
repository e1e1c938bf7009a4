"""What is done to recorded facts by hand is found, and named by fact."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from rules.history.chain import Link, fact_record, link_records
from rules.history.check import HashedFact, SignedHead, check_facts

ORIGIN = UUID(int=7)
NUMBER = "130172100-20260301-0001"
Facts = list[HashedFact]


def a_history(count: int = 9, note: str = "第 {} 条") -> Facts:
    records = [
        fact_record(
            origin=ORIGIN, seq=seq, at=datetime(2026, 3, 1, 8, tzinfo=UTC) + timedelta(minutes=seq), kind="commented",
            version=1, actor=None if seq % 2 else UUID(int=seq), command_id=UUID(int=100 + seq), command="comment",
            digest=f"{seq:064x}", body={"kind": "commented", "note": note.format(seq), "lat": 30.0, "more": None},
        )
        for seq in range(1, count + 1)
    ]  # fmt: skip
    return [HashedFact(record, link.hash) for record, link in zip(records, link_records(records, None), strict=True)]


def head_of(facts: Facts) -> SignedHead:
    last = facts[-1]
    assert last.hash is not None
    return SignedHead(Link(last.record["seq"], last.hash), ("锚 3", "anchor 3"))


def found(facts: Facts, **more: Any) -> list[tuple[str, int | None]]:
    hashes = {fact.record["seq"]: fact.hash for fact in facts if fact.hash is not None}
    return [(finding.fault.value, finding.seq) for finding in check_facts(NUMBER, facts, hashes, **more)]


def edit(facts: Facts, seq: int, **changes: Any) -> Facts:
    fact = facts[seq - 1]
    return [*facts[: seq - 1], HashedFact({**fact.record, **changes}, fact.hash), *facts[seq:]]


def rehash(facts: Facts) -> Facts:
    records = [fact.record for fact in facts]
    return [HashedFact(record, link.hash) for record, link in zip(records, link_records(records, None), strict=True)]


def swap_numbers(facts: Facts) -> Facts:
    """Facts 7 and 8 with each other's numbers, each with its own hash."""
    seventh, eighth = facts[6], facts[7]
    moved = [
        HashedFact({**eighth.record, "seq": 7}, eighth.hash),
        HashedFact({**seventh.record, "seq": 8}, seventh.hash),
    ]
    return [*facts[:6], *moved, *facts[8:]]


def swap_bodies(facts: Facts) -> Facts:
    seventh, eighth = facts[6].record["body"], facts[7].record["body"]
    return edit(edit(facts, 7, body=eighth), 8, body=seventh)


def append_forged(facts: Facts) -> Facts:
    """One more fact, with the right hash: whoever forges knows how to compute it."""
    record = {**facts[-1].record, "seq": len(facts) + 1}
    return rehash([*facts, HashedFact(record, None)])


DEEDS: list[tuple[Callable[[Facts], Facts], list[tuple[str, int]]]] = [
    (lambda facts: facts, []),
    (lambda facts: edit(facts, 4, body={"kind": "commented", "note": "第 5 条"}), [("edited", 4)]),
    (lambda facts: edit(facts, 9, actor=str(UUID(int=3))), [("edited", 9)]),
    (lambda facts: edit(facts, 2, at="2026-03-01T08:02:00.000001Z"), [("edited", 2)]),
    (lambda facts: edit(facts, 3, v=2), [("edited", 3)]),
    (lambda facts: edit(facts, 5, body={"note": 2**60}), [("edited", 5)]),
    (lambda facts: [*facts[:6], *facts[7:]], [("missing", 7)]),
    (lambda facts: facts[:-1], [("missing", 9)]),
    (lambda facts: [*facts[:6], facts[7], facts[6], facts[8]], [("reordered", 8), ("reordered", 7)]),
    (swap_numbers, [("reordered", 7), ("reordered", 8)]),
    (swap_bodies, [("reordered", 7), ("reordered", 8)]),
    (append_forged, [("forged", 10)]),
    (lambda facts: [*facts, HashedFact({**facts[3].record, "body": {}}, facts[3].hash)], [("forged", 4)]),
    (lambda facts: [*facts[:3], HashedFact({**facts[3].record, "body": {}}, facts[3].hash), *facts[3:]],
     [("forged", 4)]),
    (lambda facts: rehash(edit(facts, 4, command="accept")), [("rewritten", 9)]),
    (lambda facts: [*facts[:8], HashedFact(facts[8].record, None)], [("unhashed", 9)]),
]  # fmt: skip


@pytest.mark.parametrize("deed", range(len(DEEDS)))
def test_a_deed_is_named(deed: int) -> None:
    facts = a_history()
    do, expected = DEEDS[deed]
    assert found(do(facts), heads=[head_of(facts)], last=len(facts)) == expected


def test_all_facts_gone() -> None:
    facts = a_history(2)
    assert found([], heads=[head_of(facts)], last=2) == [("missing", 1), ("missing", 2)]


def test_a_number_counts_as_json_reads_it() -> None:
    """What PostgreSQL gives back as 30.0 and another reader as 30 has one hash."""
    facts = a_history()
    body = {**facts[3].record["body"], "lat": 30}
    assert found(edit(facts, 4, body=body)) == []
