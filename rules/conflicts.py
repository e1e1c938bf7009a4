"""Conflicts of interest (利害关系、回避): who must not see or touch a case.

Sources: 信访工作条例 (2022) §28, 济南12345条例 §32: whoever has a direct interest steps aside. What counts as one is
our choice: a declared interest in the enterprise that the case is about, in a department that takes part, or in a
unit that it lies in; or a recusal from the one case, by hand.

`infra.store.criteria.conflicts` says the same in SQL.
"""

from datetime import date

from models.case import Case
from models.context import Interest, Person
from models.enums import InterestKind
from models.retired import RetiredCase


def in_conflict(person: Person, case: Case | RetiredCase, day: date) -> bool:
    """Whether the person has to step aside from the case on `day`. What they reported themselves they still follow."""
    return person.id in case.recused or any(one.on(day) and _concerns(one, case) for one in person.interests)


def _concerns(interest: Interest, case: Case | RetiredCase) -> bool:
    match interest.kind:
        case InterestKind.ENTERPRISE:
            return interest.target == case.enterprise
        case InterestKind.DEPARTMENT:
            return interest.target in case.departments
        case InterestKind.UNIT:
            return interest.target in case.grid_path
