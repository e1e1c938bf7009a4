"""Hide the reporter of a case behind an alias: who is hidden, and the name shown instead."""

from hashlib import blake2b
from uuid import UUID

from models.case import Case, Owner
from models.enums import OwnerKind, Source
from models.wire_names import PUBLIC, STATIONS
from services.cases.names import Names

#: The sources of reports that staff make in their own role.
STAFF_SOURCES = frozenset({Source.GRID_WORKER, Source.HOTLINE, Source.IMPORT})


def reporter_alias(report_id: UUID) -> str:
    """Return the public name of a case's reporter: the same within a case, different between cases."""
    return blake2b(report_id.bytes, digest_size=3, person=b"alias").hexdigest().upper()


def display_name(person: UUID, case: Case, names: Names) -> str:
    """Return the person's name, or the alias for the reporter."""
    if is_hidden(person, case):
        return reporter_name(case, names)
    return names.people.get(str(person), "?")


def masked_owner(owner: Owner, case: Case) -> Owner:
    """Return the owner of a task, with the alias in place of a hidden reporter."""
    if owner.kind is OwnerKind.PERSON and owner.id == str(case.reported_by) and is_hidden(case.reported_by, case):
        return Owner(kind=OwnerKind.PERSON, id=reporter_alias(case.report_id))
    return owner


def is_hidden(person: UUID, case: Case) -> bool:
    """Return whether `person` is the reporter and reported for themselves. Staff who report are named."""
    if person == STATIONS:
        return False
    return person == PUBLIC or (person == case.reported_by and case.source not in STAFF_SOURCES)


def reporter_name(case: Case, names: Names) -> str:
    """Return the name shown for the reporter, with the alias."""
    word = "Reporter" if names.language.startswith("en") else "上报人"
    return f"{word} {reporter_alias(case.report_id)}"
