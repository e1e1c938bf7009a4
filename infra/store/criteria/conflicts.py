"""Conflicts of interest in SQL: the same as `rules.conflicts`."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal, not_, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.case import Case
from models.context import Interest, Person
from models.enums import InterestKind
from models.tables import CASES, GRID_UNITS
from models.wire_names import PUBLIC
from rules.scope import TAKEN_FOR_OTHERS

_OTHER = CASES.alias("stepped_aside")


def conflicted_cases(person: Person, day: date) -> Select[tuple[object]] | None:
    """The ids of the cases from which the person has to step aside on `day`; None: nothing is declared of them.

    Their own reports are not among them.
    """
    reasons = [_concerns(one) for one in person.interests if one.on(day)]
    if person.recused:
        # The first condition is that of the index: few cases have anybody recused.
        recused = _OTHER.c.recused
        reasons.append(and_(text("stepped_aside.recused <> ARRAY[]::uuid[]"), recused.contains([person.id])))
    if not reasons:
        return None
    own = and_(_OTHER.c.reported_by == person.id, _OTHER.c.source.not_in(TAKEN_FOR_OTHERS))
    if person.id == PUBLIC:
        own = or_(own, _OTHER.c.reporter_ref.is_not(None))
    return select(_OTHER.c.report_id).where(or_(*reasons), not_(own))


def _concerns(interest: Interest) -> ColumnElement[bool]:
    match interest.kind:
        case InterestKind.ENTERPRISE:
            return _OTHER.c.enterprise == interest.target
        case InterestKind.DEPARTMENT:
            return _OTHER.c.departments.bool_op("@>")(literal([interest.target], ARRAY(Text)))
        case InterestKind.UNIT:
            path = select(GRID_UNITS.c.path).where(GRID_UNITS.c.code == interest.target).scalar_subquery()
            return _OTHER.c.grid_path.bool_op("<@")(path)


def described(case: Case | None) -> dict[str, Any]:
    """The values of a case by which it is decided who must step aside from it; None: a matter that is no case."""
    if case is None:
        return {"enterprise": None, "departments": [], "recused": []}
    return {"enterprise": case.enterprise, "departments": list(case.departments), "recused": list(case.recused)}


def without_conflict(person: str, *, enterprise: str, departments: str, units: str, recused: str, day: str) -> str:
    """The condition that `person` need not step aside from the case that the others describe, all SQL expressions."""
    return f"""({person} <> ALL ({recused}) AND NOT EXISTS (
        SELECT 1 FROM interests i WHERE i.person = {person} AND i.since <= {day}
        AND (i.until IS NULL OR i.until >= {day}) AND CASE i.kind WHEN 'enterprise' THEN i.target = {enterprise}
            WHEN 'department' THEN i.target = ANY ({departments}) ELSE i.target = ANY ({units}) END))"""  # noqa: S608
