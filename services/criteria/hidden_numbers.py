"""Text as conditions and orders may use it: what the reader can't see must not be found, matched or sorted by."""

import re
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, false, func, or_

from infra.store.criteria.scope import within_unindexed
from models.context import Person
from models.enums import Role
from models.tables import CASES
from rules.scope import in_force

#: Digits long enough to be part of a hidden number, with what stands between them.
_LONG_DIGITS = r"[0-9]([ .()_-]{0,3}[0-9]){6,}[Xx]?"


def without_numbers(column: Any) -> ColumnElement[str]:
    """Return the text without any long number, for comparing it with what a reader typed."""
    found: ColumnElement[str] = func.regexp_replace(column, _LONG_DIGITS, "*", "g")
    return found


def typed_without_numbers(text: str) -> str:
    """Return what a reader typed in the same form."""
    return re.sub(_LONG_DIGITS, "*", text)


def numbers_readable(person: Person, day: date) -> ColumnElement[bool]:
    """The condition that `person` reads the numbers in a case's text in every stage (`rules.masking`): whoever reported
    it, and the desk of its place."""
    grants = [grant for grant in in_force(person, day) if grant.role is Role.DUTY_OFFICER]
    if not person.active:
        return false()
    return or_(CASES.c.reported_by == person.id, *(within_unindexed(grant.grid) for grant in grants))
