"""The filter of a list of cases, and the conditions on the table `cases` that it stands for."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, and_, exists, func, literal_column, or_

from models.base import EARLIEST, Code, Frozen, SaidInstant, Text
from models.enums import Light, Stage
from models.errors import BadFilter
from models.figures import FigureKey
from models.tables import CASES, FACTS
from services.criteria.conditions import is_overdue, shines
from services.criteria.due_filter import DueWithin
from services.criteria.scope import within
from services.figures.conditions import Period
from services.figures.definitions import FIGURES

Sort = Literal["reported_at", "-reported_at", "due_at", "-due_at", "updated_at", "-updated_at"]


class CaseFilter(Frozen):
    """What a list is narrowed to. `grid` means the whole subtree; `overdue` and `due` look at open cases only.

    `figure` opens the cases of a figure of supervision, where it is one of a period in `from` … `to` (not included;
    up to now when left out); `without` leaves out those that belong to another figure as well. `handler` is who
    completed the handling or has claimed it, for who leads them, and `led` narrows to the cases of all whom one leads;
    `handled_by` who completed it; `level` where the case stands now (1 park … 4 micro-grid).
    """

    stage: tuple[Stage, ...] = ()
    light: Light | None = None
    overdue: bool | None = None
    due: DueWithin | None = None
    grid: Code | None = None
    category: Code | None = None
    department: Code | None = None
    host: Code | None = None
    level: Annotated[int | None, Field(ge=1, le=4)] = None
    handled_by: UUID | None = None
    handler: UUID | None = None
    led: bool = False
    owner: Text | None = None
    figure: FigureKey | None = None
    without: FigureKey | None = None
    from_: SaidInstant | None = Field(None, alias="from")
    to: SaidInstant | None = None
    q: Annotated[Text, StringConstraints(max_length=100)] | None = None
    reported_from: SaidInstant | None = None
    reported_to: SaidInstant | None = None
    sort: Sort = "-reported_at"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: str | None = None


def conditions(wanted: CaseFilter, now: datetime) -> list[ColumnElement[bool]]:
    c = CASES.c
    found: list[ColumnElement[bool]] = []
    if wanted.stage:
        found.append(c.stage.in_(wanted.stage))
    if wanted.light is not None:
        found.append(shines(wanted.light, now))
    if wanted.overdue is not None:
        late = is_overdue(now)
        found.append(late if wanted.overdue else ~func.coalesce(late, False))
    if wanted.grid is not None:
        found.append(within(wanted.grid))
    if wanted.category is not None:
        found.append(c.category.startswith(wanted.category, autoescape=True))
    if wanted.department is not None:
        found.append(c.departments.contains([wanted.department]))
    if wanted.owner is not None:
        found.append(c.owner_id == wanted.owner)
    return [*found, *_counted(wanted, now), *_spoken_and_dated(wanted)]


def _counted(wanted: CaseFilter, now: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.host is not None:
        found.append(CASES.c.host == wanted.host)
    if wanted.level is not None:
        found.append(CASES.c.level == wanted.level)
    if wanted.handled_by is not None:
        found.append(completed_by(wanted.handled_by))
    if wanted.figure is not None:
        found.append(FIGURES[wanted.figure].condition(_period(wanted, now)))
        if wanted.without is not None:
            found.append(~func.coalesce(FIGURES[wanted.without].condition(_period(wanted, now)), False))
    elif wanted.from_ is not None or wanted.to is not None or wanted.without is not None:
        raise BadFilter(name="figure", value="", pointer="/query/figure")
    return found


def _period(wanted: CaseFilter, now: datetime) -> Period:
    """The figure's period. Raises BadFilter for one that ends before it begins, or that the figure has no use for."""
    period = Period(wanted.from_ or EARLIEST, wanted.to or now, now)
    for name, moment in (("from", wanted.from_), ("to", wanted.to)):
        ends_early = name == "to" and period.until <= period.since
        idle = wanted.figure is not None and not FIGURES[wanted.figure].timed
        if moment is not None and (ends_early or idle):
            raise BadFilter(name=name, value=moment.isoformat(), pointer=f"/query/{name}")
    return period


def completed_by(person: UUID) -> ColumnElement[bool]:
    """The condition that `person` completed the handling that counts."""
    f = FACTS.c
    at_last = and_(f.report_id == CASES.c.report_id, f.at == CASES.c.handled_at, f.kind.in_(("completed", "aborted")))
    return exists().where(at_last, f.actor == person)


def _spoken_and_dated(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.q:
        found.append(_matches(wanted.q))
    if wanted.reported_from is not None:
        found.append(CASES.c.reported_at >= wanted.reported_from)
    if wanted.reported_to is not None:
        found.append(CASES.c.reported_at < wanted.reported_to)
    return found


def _matches(words: str) -> ColumnElement[bool]:
    spoken: ColumnElement[str] = literal_column("(title || ' ' || description)")
    return or_(spoken.icontains(words, autoescape=True), CASES.c.case_no.startswith(words, autoescape=True))
