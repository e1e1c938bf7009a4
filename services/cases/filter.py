"""The filter of a list of cases, and its conditions on the table `cases`."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from sqlalchemy import ColumnElement, and_, exists, func, or_

from infra.store.criteria.scope import within, within_zone
from models.base import EARLIEST, Code, CreditCode, Frozen, Text, WrittenInstant
from models.enums import Light, Stage
from models.errors import BadFilter
from models.figures import FigureKey
from models.policy.questions import Reading
from models.tables import CASES, FACTS
from services.criteria.conditions import is_open, is_overdue, shows_light
from services.criteria.due_filter import DueWithin
from services.figures.conditions import Period
from services.figures.definitions import FIGURES

Sort = Literal["reported_at", "-reported_at", "due_at", "-due_at", "updated_at", "-updated_at"]


#: One answer: the code of the question, and a value in its one form.
AnswerTerm = Annotated[Text, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}=.{1,500}$")]
_ANSWER = re.compile(r"answer\[([^\]]*)\]")


class CaseFilter(Frozen):
    """What a list is narrowed to. `grid` means the whole subtree; `overdue` and `due` apply to open cases only.

    `figure` lists the cases of a figure of supervision, for a figure of a period from `from` up to, not including, `to`
    (up to now when left out); `without` leaves out those that belong to another figure as well. `handler` is who
    completed the handling or has claimed it, for those who lead them; `led` narrows to the cases of everybody the
    reader leads; `handled_by` is who completed it; `level` is where the case stands now (1 park … 4 micro-grid).
    `answer`: answers to questions of a category, each `code=value`; several values of one question are alternatives. It
    may be written `answer[code]=value` as well. Personal answers find nothing.
    """

    stage: tuple[Stage, ...] = ()
    light: Light | None = None
    overdue: bool | None = None
    due: DueWithin | None = None
    grid: Code | None = None
    zone: Code | None = None
    category: Code | None = None
    department: Code | None = None
    enterprise: CreditCode | None = None
    answer: Annotated[tuple[AnswerTerm, ...], Field(max_length=20)] = ()
    host: Code | None = None
    level: Annotated[int | None, Field(ge=1, le=4)] = None
    handled_by: UUID | None = None
    handler: UUID | None = None
    led: bool = False
    owner: Text | None = None
    figure: FigureKey | None = None
    without: FigureKey | None = None
    from_: WrittenInstant | None = Field(None, alias="from")
    to: WrittenInstant | None = None
    q: Annotated[Text, StringConstraints(max_length=100)] | None = None
    reported_from: WrittenInstant | None = None
    reported_to: WrittenInstant | None = None
    sort: Sort = "-reported_at"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _answers_by_name(cls, value: object) -> object:
        """Take `answer[code]=value` as `answer=code=value`."""
        if not isinstance(value, dict):
            return value
        named = {name: found[1] for name in value if isinstance(name, str) and (found := _ANSWER.fullmatch(name))}
        if not named:
            return value
        given = [value.get("answer", ())] if isinstance(value.get("answer"), str) else [*value.get("answer", ())]
        for name, code in named.items():
            texts = value[name] if isinstance(value[name], list | tuple) else [value[name]]
            given += [f"{code}={text}" for text in texts]
        return {**{name: part for name, part in value.items() if name not in named}, "answer": given}


def filter_conditions(case_filter: CaseFilter, now: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions of the filter, except those that need the reader or the database (see `lists`)."""
    c = CASES.c
    conditions: list[ColumnElement[bool]] = []
    conditions += _stage_conditions(case_filter)
    if case_filter.light is not None:
        conditions.append(shows_light(case_filter.light, now))
    if case_filter.overdue is not None:
        overdue = is_overdue(now)
        conditions.append(overdue if case_filter.overdue else ~func.coalesce(overdue, False))
    if case_filter.grid is not None:
        conditions.append(within(case_filter.grid))
    if case_filter.zone is not None:
        conditions.append(within_zone(case_filter.zone))
    if case_filter.category is not None:
        conditions.append(c.category.startswith(case_filter.category, autoescape=True))
    if case_filter.department is not None:
        conditions.append(c.departments.contains([case_filter.department]))
    if case_filter.enterprise is not None:
        conditions.append(c.enterprise == case_filter.enterprise)
    conditions += _answer_conditions(case_filter.answer)
    if case_filter.owner is not None:
        conditions.append(c.owner_id == case_filter.owner)
    return [*conditions, *_figure_conditions(case_filter, now), *_date_conditions(case_filter)]


def _stage_conditions(case_filter: CaseFilter) -> Iterator[ColumnElement[bool]]:
    if case_filter.stage:
        yield CASES.c.stage.in_(case_filter.stage)
        if Stage.CLOSED not in case_filter.stage:
            yield is_open()  # says nothing new, but that the indexes of open cases will do


def _answer_conditions(terms: Sequence[str]) -> Iterator[ColumnElement[bool]]:
    """Yield a condition for each question: one of its values was answered, and is not personal."""
    values: dict[str, list[str]] = {}
    for term in terms:
        code, _, value = term.partition("=")
        values.setdefault(code, []).append(value)
    for code, wanted in values.items():
        yield or_(
            *(
                CASES.c.state["answers"].contains([{"question": code, "reading": reading, "values": [value]}])
                for value in wanted
                for reading in Reading
                if reading is not Reading.PERSONAL
            )
        )


def _figure_conditions(case_filter: CaseFilter, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if case_filter.host is not None:
        conditions.append(CASES.c.host == case_filter.host)
    if case_filter.level is not None:
        conditions.append(CASES.c.level == case_filter.level)
    if case_filter.handled_by is not None:
        conditions.append(completed_by(case_filter.handled_by))
    if case_filter.figure is not None:
        conditions.append(FIGURES[case_filter.figure].condition(_period(case_filter, now)))
        if case_filter.without is not None:
            conditions.append(~func.coalesce(FIGURES[case_filter.without].condition(_period(case_filter, now)), False))
    elif case_filter.from_ is not None or case_filter.to is not None or case_filter.without is not None:
        raise BadFilter(name="figure", value="", pointer="/query/figure")
    return conditions


def _period(case_filter: CaseFilter, now: datetime) -> Period:
    """Return the figure's period.

    Raises BadFilter for a period that ends before it begins, or for a figure that takes none.
    """
    period = Period(case_filter.from_ or EARLIEST, case_filter.to or now, now)
    for name, moment in (("from", case_filter.from_), ("to", case_filter.to)):
        ends_early = name == "to" and period.until <= period.since
        unused = case_filter.figure is not None and not FIGURES[case_filter.figure].timed
        if moment is not None and (ends_early or unused):
            raise BadFilter(name=name, value=moment.isoformat(), pointer=f"/query/{name}")
    return period


def completed_by(person: UUID) -> ColumnElement[bool]:
    """Return the condition that `person` completed the handling that counts."""
    f = FACTS.c
    last_handling = and_(
        f.report_id == CASES.c.report_id, f.at == CASES.c.handled_at, f.kind.in_(("completed", "aborted"))
    )
    return exists().where(last_handling, f.actor == person)


def _date_conditions(case_filter: CaseFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if case_filter.reported_from is not None:
        conditions.append(CASES.c.reported_at >= case_filter.reported_from)
    if case_filter.reported_to is not None:
        conditions.append(CASES.c.reported_at < case_filter.reported_to)
    return conditions
