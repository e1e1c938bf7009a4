"""The filter of a list of matters, and its conditions on the table `matters`."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, or_

from models.base import Code, Frozen, Line, Text
from models.tables import MATTERS
from models.text import clean_search
from services.criteria.matters import matters_within

MatterSort = Literal["code", "-created_at", "-updated_at", "due_at"]


class MatterFilter(Frozen):
    """What a list is narrowed to. `grid` means the whole subtree; `ended` None: both, by default those that go on.

    `q` looks in name and code.
    """

    q: Annotated[Text, StringConstraints(max_length=100)] | None = None
    status: Annotated[Line, StringConstraints(max_length=40)] | None = None
    grid: Code | None = None
    department: Code | None = None
    overdue: bool | None = None
    ended: bool | None = False
    sort: MatterSort = "-updated_at"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: str | None = None


def matter_conditions(wanted: MatterFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of the filter."""
    c = MATTERS.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.q:
        words = clean_search(wanted.q)
        conditions.append(or_(c.name.icontains(words, autoescape=True), c.code.icontains(words, autoescape=True)))
    if wanted.status is not None:
        conditions.append(c.status == wanted.status)
    if wanted.grid is not None:
        conditions.append(matters_within(wanted.grid))
    if wanted.department is not None:
        conditions.append(c.department == wanted.department)
    if wanted.overdue is not None:
        conditions.append(c.overdue_at.is_not(None) if wanted.overdue else c.overdue_at.is_(None))
    if wanted.ended is not None:
        conditions.append(c.ended_at.is_not(None) if wanted.ended else c.ended_at.is_(None))
    return conditions
