"""`evolve(case, fact) -> case`: the case after one more fact. Pure and total.

Nothing is decided here. A fact says what happened; `rules.evolvers` says which fields each fact changes.
"""

from collections.abc import Iterable

from models.case import Case
from models.enums import Stage
from models.facts import Fact, Received
from rules.deadlines import clocks
from rules.evolvers import any_stage, personal_data, recusal, requests, stages, time
from rules.evolvers.common import change

#: Imported for their effect: each module registers the functions of its facts.
EVOLVER_MODULES = (stages, requests, any_stage, time, personal_data, recusal)


class GapInFacts(ValueError):
    """A fact does not follow the one before it: the record is damaged and must not be used."""


def evolve(case: Case | None, fact: Fact) -> Case:
    """The case after `fact`.

    Raises GapInFacts when the fact's number is not the next one.
    """
    expected = 1 if case is None else case.seq + 1
    if fact.seq != expected:
        raise GapInFacts(f"fact {fact.seq} came where {expected} was due")
    if case is None:
        if not isinstance(fact.body, Received):
            raise GapInFacts(f"a case begins with received, not {fact.body.kind}")
        return _first(fact, fact.body)
    return case.model_copy(update={"seq": fact.seq, "updated_at": fact.at, **change(fact.body, case, fact)})


def fold(facts: Iterable[Fact], case: Case | None = None) -> Case | None:
    """The case after all of `facts`, starting from `case`."""
    for fact in facts:
        case = evolve(case, fact)
    return case


def _first(fact: Fact, body: Received) -> Case:
    assert fact.actor.person is not None, "every report has a sender"
    return Case(
        report_id=body.report_id,
        case_no=body.case_no,
        seq=fact.seq,
        stage=Stage.RECEIVE,
        category=body.category,
        condition=body.condition,
        severity=body.severity,
        source=body.source,
        title=body.title,
        grid=body.grid,
        grid_path=body.grid_path,
        level=body.level,
        policy_version=body.policy_version,
        enterprise=body.enterprise,
        matter=body.matter,
        reported_by=fact.actor.person,
        reporter_ref=body.reporter_ref,
        occurred_at=body.occurred_at,
        reported_at=body.reported_at,
        received_at=fact.at,
        updated_at=fact.at,
        owner=body.owner,
        desk=body.desk,
        suggested_host=body.suggested_host,
        clock=clocks.started(body.due, 1),
        attachments=body.attachments,
        answers=body.answers,
        unread=body.unread,
        unanswered=body.unanswered,
    )
