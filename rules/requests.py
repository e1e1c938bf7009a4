"""The requests of a case that await a decision or an answer."""

from uuid import UUID

from models.case import Case, Request
from models.enums import RequestKind

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


def pending_requests(case: Case) -> dict[RequestKind, Request]:
    """The requests of the case that await a decision or an answer, by kind; appeals are in `case.pending_appeals`."""
    asked = ((kind, getattr(case, field)) for kind, field in REQUEST_FIELDS.items())
    return {kind: request for kind, request in asked if request is not None}


def own_requests(case: Case, person: UUID) -> tuple[RequestKind, ...]:
    """The kinds of pending requests that the person made and may take back; a question is ended by its answer."""
    mine = [kind for kind, request in pending_requests(case).items() if request.by == person]
    mine += [RequestKind.APPEAL] if any(appeal.by == person for appeal in case.pending_appeals) else []
    return tuple(kind for kind in mine if kind is not RequestKind.INFO)
