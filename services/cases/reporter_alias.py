"""The reporter of a case under an alias: who is hidden, and what others see instead."""

from hashlib import blake2b
from uuid import UUID

from models.case import Case, Owner
from models.enums import OwnerKind, Source
from models.wire_names import PUBLIC
from services.cases.names import Names

#: Reports that staff make in their own role.
STAFF_SOURCES = frozenset({Source.GRID_WORKER, Source.HOTLINE, Source.IMPORT})


def alias(report_id: UUID) -> str:
    """What a reporter is called where anybody may read it: the same within a case, unlike between cases."""
    return blake2b(report_id.bytes, digest_size=3, person=b"alias").hexdigest().upper()


def who(person: UUID, case: Case, names: Names) -> str:
    """The person's name; of a reporter the alias."""
    if is_hidden(person, case):
        return reporter_name(case, names)
    return names.people.get(str(person), "?")


def masked_owner(owner: Owner, case: Case) -> Owner:
    """A task of the reporter's is assigned to an alias."""
    if owner.kind is OwnerKind.PERSON and owner.id == str(case.reported_by) and is_hidden(case.reported_by, case):
        return Owner(kind=OwnerKind.PERSON, id=alias(case.report_id))
    return owner


def is_hidden(person: UUID, case: Case) -> bool:
    """Whether `person` is the reporter and reported for themselves. Staff who report do so by name."""
    return person == PUBLIC or (person == case.reported_by and case.source not in STAFF_SOURCES)


def reporter_name(case: Case, names: Names) -> str:
    word = "Reporter" if names.language.startswith("en") else "上报人"
    return f"{word} {alias(case.report_id)}"
