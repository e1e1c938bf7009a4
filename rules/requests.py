"""The requests of a case that await a decision or an answer."""

from collections.abc import Iterator
from uuid import UUID

from models.case import Case, Owner, Request
from models.enums import RequestKind, Role

#: The field of the case that holds each kind of request.
REQUEST_FIELDS: dict[RequestKind, str] = {
    RequestKind.INFO: "info_request",
    RequestKind.VERIFICATION: "verification_request",
    RequestKind.RETURN: "return_request",
    RequestKind.TRANSFER: "transfer_request",
    RequestKind.EXTENSION: "extension_request",
    RequestKind.SUSPENSION: "suspension_request",
    RequestKind.VOID: "void_request",
    RequestKind.REOPEN: "reopen_request",
}

#: The commands that decide on a request, by its kind.
DECIDING: dict[RequestKind, tuple[str, ...]] = {
    RequestKind.RETURN: ("grant_return", "refuse_return"),
    RequestKind.TRANSFER: ("grant_transfer", "refuse_transfer"),
    RequestKind.EXTENSION: ("grant_extension", "refuse_extension"),
    RequestKind.SUSPENSION: ("grant_suspension", "refuse_suspension"),
    RequestKind.VOID: ("void", "refuse_void"),
    RequestKind.REOPEN: ("grant_reopen", "refuse_reopen"),
}


def pending_requests(case: Case) -> dict[RequestKind, Request]:
    """The requests of the case that await a decision or an answer, by kind; appeals are in `case.pending_appeals`."""
    asked = ((kind, getattr(case, field)) for kind, field in REQUEST_FIELDS.items())
    return {kind: request for kind, request in asked if request is not None}


def own_requests(case: Case, person: UUID) -> tuple[RequestKind, ...]:
    """The kinds of pending requests that the person made and may take back; a question is ended by its answer."""
    mine = [kind for kind, request in pending_requests(case).items() if request.by == person]
    mine += [RequestKind.APPEAL] if any(appeal.by == person for appeal in case.pending_appeals) else []
    return tuple(kind for kind in mine if kind is not RequestKind.INFO)


def takes_supervisor(case: Case, kind: RequestKind) -> bool:
    """Whether only a supervisor may grant a request of that kind on the case now.

    Always a suspension and an appeal, a reopening from the second one on, and an extension where the standard said so
    when it was asked for.
    """
    match kind:
        case RequestKind.SUSPENSION | RequestKind.APPEAL:
            return True
        case RequestKind.REOPEN:
            return case.reopenings > 0
        case RequestKind.EXTENSION:
            return case.extension_request is not None and case.extension_request.granted_by is Role.SUPERVISOR
    return False


def given_above(case: Case) -> Iterator[tuple[RequestKind, Owner]]:
    """What waits for somebody in particular, because it takes a supervisor: its kind, and whoever decides it."""
    for kind, request in pending_requests(case).items():
        if request.decider is not None:
            yield kind, request.decider
    for appeal in case.pending_appeals:
        if appeal.decider is not None:
            yield RequestKind.APPEAL, appeal.decider


def has_deciders(case: Case) -> bool:
    """Whether anything on the case waits for somebody in particular, because it takes a supervisor."""
    return any(given_above(case))


def decides_own(case: Case, person: UUID) -> frozenset[str]:
    """The commands by which the person would decide only on what they asked for themselves: nobody does that."""
    mine = (kind for kind, request in pending_requests(case).items() if request.by == person)
    found = {name for kind in mine for name in DECIDING.get(kind, ())}
    appeals = case.pending_appeals
    found |= {"decide_appeal"} if appeals and all(appeal.by == person for appeal in appeals) else set()
    orders = [order for order in case.urges if order.is_open]
    found |= {"answer_urge"} if orders and all(order.by == person for order in orders) else set()
    return frozenset(found)
