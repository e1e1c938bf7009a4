"""Conditions on tasks: whose they are today, with deputies and heads in place of the absent."""

from datetime import date

from sqlalchemy import ColumnElement, Text, and_, cast, or_, select

from models.context import Person
from models.enums import OwnerKind, Role
from models.tables import ABSENCES, CASES, TASKS


def assigned_to(person: Person, day: date) -> ColumnElement[bool]:
    """The tasks assigned to the person by name, or to somebody whose deputy they are on `day`."""
    whose = [str(person.id), *(str(absence.person) for absence in person.stands_in if absence.on(day))]
    return and_(TASKS.c.assignee_kind == OwnerKind.PERSON, TASKS.c.assignee_id.in_(whose))


def left_by_absent(department: str, day: date) -> ColumnElement[bool]:
    """The tasks of people who are away without a deputy, on cases of the department: its head has them meanwhile."""
    away = select(cast(ABSENCES.c.person, Text)).where(
        ABSENCES.c.deputy.is_(None), ABSENCES.c.since <= day, ABSENCES.c.until >= day
    )
    by_name = and_(TASKS.c.assignee_kind == OwnerKind.PERSON, TASKS.c.assignee_id.in_(away))
    return and_(by_name, CASES.c.host == department)


def done_by(role: Role) -> ColumnElement[bool]:
    """The tasks that the role can do at its desk: those that are not for another one alone."""
    return or_(TASKS.c.role.is_(None), TASKS.c.role == role)
