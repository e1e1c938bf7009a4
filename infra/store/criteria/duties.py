"""Who sees which duties (勤务), and whose they are, in SQL; `rules.matters.plan.doing` says who may report one."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from models.context import Person
from models.tables import DUTIES, GRID_UNITS
from rules.scope import DEPARTMENT_ROLES, TERRITORIAL_ROLES, in_force

#: More than any zone is away from UTC.
_ANY_ZONE = timedelta(hours=15)


def own_duties(person: Person, day: date) -> ColumnElement[bool]:
    """The duties that `person` is to do: by name (or as a deputy), by role at the place, or by department."""
    if not person.active:
        return false()
    named = [person.id, *(stand_in.person for stand_in in person.stands_in if stand_in.on(day))]
    alternatives: list[ColumnElement[bool]] = [DUTIES.c.person.in_(named)]
    for grant in in_force(person, day):
        alternatives.append(and_(DUTIES.c.role == grant.role.value, duties_within(grant.grid)))
        if grant.role in DEPARTMENT_ROLES and grant.department is not None:
            alternatives.append(and_(DUTIES.c.department == grant.department, duties_within(grant.grid)))
    return or_(*alternatives)


def visible_duties(person: Person, day: date) -> ColumnElement[bool]:
    """The duties that `person` may see: their own, what they did, and those in places that a role sees."""
    if not person.active:
        return false()
    within = [duties_within(grant.grid) for grant in in_force(person, day) if grant.role in TERRITORIAL_ROLES]
    return or_(own_duties(person, day), DUTIES.c.done_by == person.id, *within)


def duties_of_days(first: date | None, last: date | None) -> ColumnElement[bool]:
    """The condition that a duty is of the days from `first` to `last`, both inclusive; None: open to that side.

    A duty is due on its day, or the night after; the deadlines, in any zone, let the index find the days.
    """
    conditions: list[ColumnElement[bool]] = []
    if first is not None:
        since = datetime.combine(first, time(), UTC) - _ANY_ZONE
        conditions += [DUTIES.c.day >= first, DUTIES.c.due_at >= since]
    if last is not None:
        until = datetime.combine(last, time(), UTC) + timedelta(days=2) + _ANY_ZONE
        conditions += [DUTIES.c.day <= last, DUTIES.c.due_at < until]
    return and_(true(), *conditions)


def duties_within(grid: str | None) -> ColumnElement[bool]:
    """The condition that a duty lies in the subtree of `grid`; None means anywhere."""
    if grid is None:
        return true()
    path = select(GRID_UNITS.c.path).where(GRID_UNITS.c.code == grid).scalar_subquery()
    return DUTIES.c.grid_path.bool_op("<@")(path)
