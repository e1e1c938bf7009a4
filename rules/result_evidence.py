"""处置结果: what was given as evidence of it."""

from collections.abc import Iterable

from models.facts import Aborted, Completed, Fact, SelfClosed


def result_evidence(facts: Iterable[Fact]) -> tuple[str, ...]:
    """The hashes of the evidence of the last result among `facts`; none where handling was aborted since."""
    found: tuple[str, ...] = ()
    for fact in facts:
        match fact.body:
            case Completed(evidence=evidence) | SelfClosed(evidence=evidence):
                found = evidence
            case Aborted():
                found = ()
    return found
