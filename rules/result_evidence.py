"""The evidence of a result of handling (处置结果)."""

from collections.abc import Iterable

from models.facts import Aborted, Completed, Fact, SelfClosed


def result_evidence(facts: Iterable[Fact]) -> tuple[str, ...]:
    """The hashes of the evidence of the last result in `facts`; empty when handling was aborted after it."""
    found: tuple[str, ...] = ()
    for fact in facts:
        match fact.body:
            case Completed(evidence=evidence) | SelfClosed(evidence=evidence):
                found = evidence
            case Aborted():
                found = ()
    return found
