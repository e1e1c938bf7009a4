"""Of which facts the reporter of a case is told."""

from collections.abc import Mapping, Sequence

from models.answers import has_contact
from models.case import Case
from models.facts import Fact
from models.matters.effects import TellReporter
from models.reporter_messages import ReporterEvent

_EVENTS: Mapping[str, ReporterEvent] = {
    "accepted": ReporterEvent.ACCEPTED,
    "info_requested": ReporterEvent.ASKED,
    "suspension_granted": ReporterEvent.SUSPENDED,
    # Regulations on Petitions (信访工作条例), article 34, for petitions; for other cases it is our choice.
    "extension_granted": ReporterEvent.EXTENDED,
    "closed": ReporterEvent.CLOSED,
    "reopened": ReporterEvent.ACCEPTED,
    "reopen_refused": ReporterEvent.CLOSED,
}


def messages_to_reporter(facts: Sequence[Fact], after: Case) -> tuple[TellReporter, ...]:
    """Return what the reporter is to be told of these facts; nothing where no contact is kept of a reporter, and
    no case of others is merged into it."""
    if not has_contact(after.reporter_ref) and not after.absorbed:
        return ()
    return tuple(
        TellReporter(report_id=after.report_id, seq=fact.seq, event=_EVENTS[fact.body.kind])
        for fact in facts
        if fact.body.kind in _EVENTS
    )
