"""What the reporter of a case is told: the answer (答复) and the reasons, never the handlers' results and notes."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.cases import read_case, read_facts
from models.case import Case
from models.context import Person
from models.enums import Outcome, Stage
from models.facts import Aborted, Closed, Completed, Fact, ReopenRefused, ReviewPassed, SelfClosed
from models.views import Told
from rules.life_cycle import Who
from rules.scope import standing

#: The standings of somebody who only reported the case.
_REPORTER = frozenset({Who.REPORTER, Who.OWN_REPORTER})
#: What a fact tells the reporter, by its kind; a fact that is not listed tells them that and when it happened.
_OPEN_FIELDS: Mapping[str, frozenset[str]] = {
    "accepted": frozenset({"due", "condition"}),
    "info_requested": frozenset({"question", "answer_by"}),
    "info_supplied": frozenset({"note", "attachments"}),
    "dispatched": frozenset({"host", "co_handlers", "due"}),
    "redispatched": frozenset({"host", "co_handlers"}),
    "transferred": frozenset({"to_department"}),
    "completed": frozenset({"due"}),
    "aborted": frozenset({"reason", "due"}),
    "review_passed": frozenset({"answer", "released", "released_photos"}),
    "review_failed": frozenset({"to_stage", "due"}),
    "closed": frozenset({"outcome", "right_channel", "archive_at"}),
    "extension_granted": frozenset({"until", "due_at"}),
    "suspension_granted": frozenset({"until"}),
    "resumed": frozenset({"since", "due_at"}),
    "reopened": frozenset({"to_stage", "due"}),
    "reopen_refused": frozenset({"reason"}),
    "rated": frozenset({"score", "on_behalf"}),
    "reopen_requested": frozenset({"on_behalf"}),
    "recategorised": frozenset({"category", "severity"}),
    "relocated": frozenset({"grid"}),
    "merged": frozenset({"into"}),
    "unmerged": frozenset({"stage"}),
    "light_changed": frozenset({"stage", "light"}),
    "overdue": frozenset({"stage", "due_at"}),
}
#: The facts that a page shows the reporter: those that tell them something.
TOLD_KINDS = frozenset(
    {
        "received",
        "verification_requested",
        "verification_reported",
        "claimed",
        "self_closed",
        "archived",
        *_OPEN_FIELDS,
    }
)
#: Outcomes whose reason is written for the reporter, or by them; of the others it is the staff's.
_TOLD_OUTCOMES = frozenset({Outcome.REJECTED, Outcome.WITHDRAWN})


def told_to_reporter(case: Case, facts: Sequence[Fact]) -> Told:
    """Return what the end of the case tells its reporter; nothing while it is open."""
    if case.stage is not Stage.CLOSED:
        return Told()
    bodies = [fact.body for fact in reversed(facts)]
    place = next((place for place, body in enumerate(bodies) if isinstance(body, Closed)), len(bodies))
    refused = next((body.reason for body in bodies[:place] if isinstance(body, ReopenRefused)), "")
    end, before = next(iter(bodies[place:]), None), bodies[place + 1 :]
    if not isinstance(end, Closed):
        return Told()
    answer = reason = ""
    if end.outcome in (Outcome.SOLVED, Outcome.ABORTED):
        answer = next((body.answer for body in before if isinstance(body, ReviewPassed)), "")
    if end.outcome is Outcome.ABORTED:
        reason = next((body.reason for body in before if isinstance(body, Aborted)), "")
    if end.outcome is Outcome.REJECTED:
        reason = end.reason
    return Told(answer=answer, reason=reason, right_channel=end.right_channel, reopen_refused=refused)


async def read_told(connection: AsyncConnection, case: Case, facts: Sequence[Fact]) -> Told:
    """Return what the end of the case tells its reporter; of a merged one, what the end of its lead tells:
    every reporter has the reply."""
    handled = case
    while handled.outcome is Outcome.MERGED and handled.merged_at_stage is not None:
        lead = await read_case(connection, handled.merged_at_stage.lead)
        if lead is None:
            return Told()
        handled = lead
    return told_to_reporter(handled, facts if handled is case else await read_facts(connection, handled.report_id))


def proposed_answer(facts: Sequence[Fact]) -> str:
    """Return the answer that the last completion wrote, for the reviewer to confirm or rewrite."""
    results = (fact.body for fact in reversed(facts) if isinstance(fact.body, Completed | Aborted | SelfClosed))
    last = next(results, None)
    return last.answer if isinstance(last, Completed) else ""


def only_reported(person: Person, case: Case, day: date) -> bool:
    """Return whether the person has no other part in the case than having reported it."""
    found = standing(person, case, day)
    return bool(found) and found <= _REPORTER


def open_fields(fact: Fact, body: dict[str, Any], person: Person) -> dict[str, Any]:
    """Return what of the fact's `body` its reporter `person` may read: all of what they said themselves, and of what
    others did the answer, the reasons and the deadlines."""
    if fact.actor.person == person.id or fact.body.kind == "received":
        return body
    fields = _OPEN_FIELDS.get(fact.body.kind, frozenset())
    if isinstance(fact.body, Closed) and fact.body.outcome in _TOLD_OUTCOMES:
        fields |= {"reason"}
    return {name: value for name, value in body.items() if name in fields}
