"""Check the facts of one case or matter against their hashes and against the end that was signed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from models.jobs.history import Fault, HistoryFinding
from rules.history.chain import RECORD_VERSION, Link, hash_record


class HashedFact(NamedTuple):
    """The record of a fact as it was found (`rules.history.chain.fact_record`), with the hash found beside it."""

    record: Mapping[str, Any]
    hash: bytes | None


class SignedHead(NamedTuple):
    """A last hash that was signed. `where`: names the anchor or the manifest, in Chinese and English."""

    link: Link
    where: tuple[str, str]


def check_facts(
    number: str,
    facts: Sequence[HashedFact],
    hashes: Mapping[int, bytes],
    heads: Sequence[SignedHead] = (),
    last: int | None = None,
) -> Iterator[HistoryFinding]:
    """Yield what is wrong with the facts of the case or matter `number`.

    `facts` in the order in which they were found; `hashes`: all hashes that are known by number, also those of facts
    that are gone; `heads`: what was signed; `last`: the number of the last fact that there should be, if that is known.
    """
    by_seq: dict[int, HashedFact] = {}
    for fact in facts:
        seq = fact.record["seq"]
        if seq in by_seq:
            yield _finding(Fault.FORGED, number, seq, f"第 {seq} 条事实有两条", f"fact {seq} is there twice")
            if _fits(fact, hashes.get(seq - 1), seq):  # keep the one that fits
                by_seq[seq] = fact
        else:
            by_seq[seq] = fact
    order = [fact.record["seq"] for fact in facts]
    if len(order) == len(by_seq) and order != sorted(order):
        for place, (found, due) in enumerate(zip(order, sorted(order), strict=True), start=1):
            if found != due:
                zh, en = f"第 {place} 位上是第 {found} 条事实", f"fact {found} stands at place {place}"
                yield _finding(Fault.REORDERED, number, found, zh, en)
    end = max([*by_seq, last or 0, *(head.link.seq for head in heads)], default=0)
    if last is not None and end > last:
        for seq in sorted(seq for seq in by_seq if seq > last):
            yield _finding(Fault.FORGED, number, seq, f"第 {seq} 条事实是多出的", f"fact {seq} was not recorded")
        end = last
    yield from _check_sequence(number, by_seq, hashes, end)
    yield from _check_heads(number, by_seq, hashes, heads)


def _check_sequence(
    number: str, by_seq: Mapping[int, HashedFact], hashes: Mapping[int, bytes], end: int
) -> Iterator[HistoryFinding]:
    wrong: list[int] = []
    for seq in range(1, end + 1):
        fact = by_seq.get(seq)
        if fact is None:
            yield _finding(Fault.MISSING, number, seq, f"缺第 {seq} 条事实", f"fact {seq} is missing")
        elif fact.record.get("v") != RECORD_VERSION:
            zh, en = f"第 {seq} 条事实的格式版本未知", f"fact {seq} has an unknown version of the record"
            yield _finding(Fault.EDITED, number, seq, zh, en)
        elif fact.hash is None:
            yield _finding(Fault.UNHASHED, number, seq, f"第 {seq} 条事实没有哈希", f"fact {seq} has no hash")
        elif seq > 1 and seq - 1 not in hashes:
            continue  # the fact before is gone with its hash, so this one can't be checked
        elif not _fits(fact, hashes.get(seq - 1), seq):
            wrong.append(seq)
    for seq in wrong:
        # After facts that changed places with their hashes, the next one fits behind the other of them.
        if not any(_fits(by_seq[seq], by_seq[other].hash, seq) for other in wrong if other < seq - 1):
            yield _name_wrong(number, by_seq, hashes, seq, wrong)


def _fits(fact: HashedFact, previous: bytes | None, seq: int) -> bool:
    """Return whether the record at the place `seq` has the hash that is beside it."""
    if fact.hash is None or fact.record["seq"] != seq:
        return False
    try:
        return hash_record(fact.record, previous) == fact.hash
    except (TypeError, ValueError):  # a value that canonical JSON does not know: it was not hashed so
        return False


def _name_wrong(
    number: str, by_seq: Mapping[int, HashedFact], hashes: Mapping[int, bytes], seq: int, wrong: Sequence[int]
) -> HistoryFinding:
    """Say whether the fact at `seq` has changed places with another one, or was changed."""
    for other in wrong:
        if other != seq and _changed_places(by_seq, hashes, seq, other):
            zh, en = f"第 {seq} 条与第 {other} 条事实互换", f"facts {seq} and {other} have changed places"
            return _finding(Fault.REORDERED, number, seq, zh, en)
    return _finding(Fault.EDITED, number, seq, f"第 {seq} 条事实被改动", f"fact {seq} was changed")


def _changed_places(by_seq: Mapping[int, HashedFact], hashes: Mapping[int, bytes], seq: int, other: int) -> bool:
    """Return whether the two facts fit once their contents, or they with their hashes, change places again."""
    here, there = by_seq[seq], by_seq[other]
    contents = (
        {**there.record, "seq": seq},
        {**here.record, "kind": there.record["kind"], "body": there.record["body"]},
    )
    if any(hash_record(record, hashes.get(seq - 1)) == here.hash for record in contents):
        return True
    moved = {**here.record, "seq": other}
    return any(hash_record(moved, previous) == here.hash for previous in (hashes.get(other - 1), there.hash))


def _check_heads(
    number: str, by_seq: Mapping[int, HashedFact], hashes: Mapping[int, bytes], heads: Sequence[SignedHead]
) -> Iterator[HistoryFinding]:
    for head in heads:
        found = hashes.get(head.link.seq)
        if found is not None and found != head.link.hash:
            zh, en = head.where
            yield _finding(
                Fault.REWRITTEN, number, head.link.seq,
                f"第 {head.link.seq} 条及之前的事实与{zh}的记载不符",
                f"the facts up to {head.link.seq} are not those of {en}",
            )  # fmt: skip
            return


def check_head(number: str, link: Link, heads: Sequence[SignedHead]) -> Iterator[HistoryFinding]:
    """Yield what is wrong with the last hash of a case that was retired, whose facts are elsewhere."""
    for head in heads:
        zh, en = head.where
        if head.link.seq > link.seq:
            yield _finding(
                Fault.MISSING, number, head.link.seq,
                f"转存的案件缺第 {head.link.seq} 条事实,{zh}有记载",
                f"the retired case lacks fact {head.link.seq}, which {en} has",
            )  # fmt: skip
            return
    yield from _check_heads(number, {}, {link.seq: link.hash}, heads)


def _finding(fault: Fault, number: str, seq: int, zh: str, en: str) -> HistoryFinding:
    return HistoryFinding(fault=fault, number=number, seq=seq, zh=zh, en=en)
