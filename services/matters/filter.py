"""The filter of a list of matters, and its conditions on the table `matters`."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, func, or_

from infra.store.criteria.matters import matters_within
from models.base import Code, Frozen, Line, Text
from models.matters.base import MatterKind
from models.matters.enterprise import SizeClass
from models.policy.colours import Colour
from models.tables import MATTERS
from models.text import clean_search
from services.criteria.hidden_numbers import without_numbers

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

    def own_conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions of what only this kind is narrowed to."""
        return []


class EnterpriseFilter(MatterFilter):
    """What a list of enterprises is narrowed to besides. `colour` is the one shown: set by hand, else computed.

    `without`: those that have no volunteer, no responsible cadre, or no safety officer.
    """

    colour: Colour | None = None
    size: SizeClass | None = None
    industry: Annotated[Line, StringConstraints(max_length=40)] | None = None
    without: Literal["volunteer", "cadre", "safety_officer"] | None = None

    def own_conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions on the state of an enterprise."""
        state = MATTERS.c.state
        conditions: list[ColumnElement[bool]] = []
        if self.colour is not None:
            conditions.append(shown_colour() == self.colour)
        if self.size is not None:
            conditions.append(state["size"].astext == self.size)
        if self.industry is not None:
            conditions.append(state["industry"].astext.icontains(self.industry, autoescape=True))
        if self.without is not None:
            conditions.append(state[self.without].astext.is_(None))
        return conditions


#: The filter of a kind that has one of its own.
FILTERS: Mapping[MatterKind, type[MatterFilter]] = {MatterKind.ENTERPRISE: EnterpriseFilter}


def shown_colour() -> ColumnElement[str]:
    """The colour that counts of a row of `matters`: the one set by hand while it lasts, else the computed one."""
    state = MATTERS.c.state
    return func.coalesce(state["override"]["colour"].astext, state["colour"].astext)


def matter_conditions(wanted: MatterFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of the filter."""
    c = MATTERS.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.q:
        words = clean_search(wanted.q)
        conditions.append(
            or_(without_numbers(c.name).icontains(words, autoescape=True), c.code.icontains(words, autoescape=True))
        )
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
    return [*conditions, *wanted.own_conditions()]
