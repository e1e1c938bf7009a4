"""The figures of the park's own work. Each opens exactly what it counts, by the same filter as the list."""

from datetime import date, datetime
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.matters import matters_within, visible_matters
from models.base import Frozen, Instant
from models.context import Grant, Person
from models.enums import Role
from models.matters.base import MatterKind
from models.matters.paths import PATHS
from models.tables import MATTERS
from rules.matters.registry import RULES
from services.enterprises.counts import count_enterprises
from services.plans.figures import read_duty_figures
from services.wording.matters.enterprise import COLOURS
from services.wording.matters.registry import WORDS, kind_label, status_label
from services.wording.work import DUTIES, OVERDUE, SECTIONS, pick

#: The kinds that are counted by their status, in the order shown. Enterprises and plans have figures of their own.
BY_STATUS = (
    MatterKind.STATION,
    MatterKind.EMERGENCY,
    MatterKind.TOPIC,
    MatterKind.CLAIM,
    MatterKind.MEETING,
    MatterKind.UNDERTAKING,
    MatterKind.REFERRAL_DESK,
)
#: Statuses that somebody should look at.
_WORRYING = {"breach", "silent"}


class WorkFigure(Frozen):
    """One figure. `worrying`: somebody should look at it when it is not 0; `href` lists what it counts."""

    key: str
    name: str
    value: int
    worrying: bool = False
    href: str


class WorkSection(Frozen):
    """The figures of one subject."""

    key: str
    name: str
    figures: tuple[WorkFigure, ...]


class Work(Frozen):
    """The park's own work as of a moment; duties are those of the days `since` to `until`."""

    as_of: Instant
    since: date
    until: date
    sections: tuple[WorkSection, ...]


def reader_of(grid: str) -> Person:
    """The system as a reader of everything in a unit, for bulletins."""
    grant = Grant(role=Role.AUDITOR, grid=grid, since=date.min)
    return Person(id=UUID(int=0), username="", grants=(grant,))


async def read_work(
    connection: AsyncConnection,
    person: Person,
    now: datetime,
    language: str,
    *,
    grid: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Work:
    """Return the figures of what `person` may see within `grid`; duties of today unless days are given."""
    day = await local_day(connection, now)
    first, last = since or day, until or day
    sections = [
        await _duties(connection, person, now, language, grid, first, last),
        await _colours(connection, person, now, language, grid),
    ]
    sections += [await _statuses(connection, person, day, language, kind, grid) for kind in BY_STATUS]
    return Work(as_of=now, since=first, until=last, sections=tuple(sections))


def _href(path: str, **params: object) -> str:
    given = {name: value for name, value in params.items() if value is not None}
    return f"/api/v1/{path}?{urlencode(given)}" if given else f"/api/v1/{path}"


async def _duties(
    connection: AsyncConnection,
    person: Person,
    now: datetime,
    language: str,
    grid: str | None,
    first: date,
    last: date,
) -> WorkSection:
    found = await read_duty_figures(connection, person, now, language, grid=grid, since=first, until=last)
    figures = tuple(
        WorkFigure(
            key=f"duties_{status}",
            name=pick(label, language),
            value=getattr(found.totals, status),
            worrying=status in ("missed", "late"),
            href=_href("duties", status=status, grid=grid, since=first, until=last),
        )
        for status, label in DUTIES.items()
    )
    return WorkSection(key="duties", name=pick(SECTIONS["duties"], language), figures=figures)


async def _colours(
    connection: AsyncConnection, person: Person, now: datetime, language: str, grid: str | None
) -> WorkSection:
    found = await count_enterprises(connection, person, now, grid)
    figures = tuple(
        WorkFigure(
            key=f"colour_{colour}",
            name=pick(COLOURS[colour], language),
            value=found.colours[colour],
            worrying=colour == "red",
            href=_href(PATHS[MatterKind.ENTERPRISE], colour=colour, grid=grid),
        )
        for colour in reversed(list(found.colours))
    )
    return WorkSection(key="enterprise", name=pick(SECTIONS["enterprise"], language), figures=figures)


async def _statuses(
    connection: AsyncConnection, person: Person, day: date, language: str, kind: MatterKind, grid: str | None
) -> WorkSection:
    """The matters of a kind that go on, by status; and those of them that are overdue."""
    conditions = [visible_matters(person, RULES[kind], day), MATTERS.c.ended_at.is_(None)]
    conditions += [matters_within(grid)] if grid is not None else []
    overdue = func.count().filter(MATTERS.c.overdue_at.is_not(None)).label("overdue")
    query = select(MATTERS.c.status, func.count().label("n"), overdue).where(and_(*conditions))
    rows = (await connection.execute(query.group_by(MATTERS.c.status))).all()
    counts = {row.status: int(row.n) for row in rows}
    path = PATHS[kind]
    figures = [
        WorkFigure(
            key=f"{kind}_{status}",
            name=status_label(kind, status, language),
            value=counts[status],
            worrying=status in _WORRYING,
            href=_href(path, status=status, grid=grid),
        )
        for status in WORDS[kind].statuses
        if status in counts
    ]
    late = sum(int(row.overdue) for row in rows)
    figures.append(
        WorkFigure(
            key=f"{kind}_overdue",
            name=pick(OVERDUE, language),
            value=late,
            worrying=True,
            href=_href(path, overdue="true", grid=grid),
        )
    )
    return WorkSection(key=str(kind), name=kind_label(kind, language), figures=tuple(figures))
