"""What people ask: one case, its timeline, a list, their inbox. Each under the same scope rule."""

import base64
import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, Row, and_, func, literal, literal_column, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.cases import facts_of
from infra.store.world import local_day
from models.base import EARLIEST, Code, Frozen, Instant, Text
from models.case import Case
from models.context import Person
from models.errors import BadFilter, NoSuchCase, NoSuchPage
from models.tables import CASES
from models.views import CasePage, CaseView, FactView
from models.words import Light, Stage
from services.case_views import case_item, case_view, fact_views, read_names
from services.scope import visible, within

#: Later than any deadline, and still a moment that Python can hold.
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)

Sort = Literal["reported_at", "-reported_at", "due_at", "-due_at", "updated_at", "-updated_at"]


class CaseFilter(Frozen):
    """What a list is narrowed to. `grid` means the whole subtree; `overdue` looks at open cases only."""

    stage: tuple[Stage, ...] = ()
    light: Light | None = None
    overdue: bool | None = None
    grid: Code | None = None
    category: Code | None = None
    department: Code | None = None
    owner: Text | None = None
    q: Annotated[Text, StringConstraints(max_length=100)] | None = None
    reported_from: Instant | None = None
    reported_to: Instant | None = None
    sort: Sort = "-reported_at"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: str | None = None


async def find_case(connection: AsyncConnection, person: Person, case_no: str, now: datetime) -> Row[Any]:
    """The row of a case that `person` may see. Raises NoSuchCase, whether it is hidden or does not exist."""
    if "\x00" in case_no:  # nothing that PostgreSQL could even compare with
        raise NoSuchCase(case_no=case_no)
    day = await local_day(connection, now)
    row = (
        await connection.execute(
            select(CASES).where(CASES.c.case_no == case_no, visible(person, day)),
        )
    ).one_or_none()
    if row is None:
        raise NoSuchCase(case_no=case_no)
    return row


async def get_case(connection: AsyncConnection, person: Person, case_no: str, now: datetime, language: str) -> CaseView:
    """The case as it stands. Raises NoSuchCase."""
    row = await find_case(connection, person, case_no, now)
    return await view_of(connection, row, person, now, language)


async def get_case_acted_on(
    connection: AsyncConnection, person: Person, case_no: str, now: datetime, language: str
) -> CaseView:
    """The case for somebody whose command on it has just counted, even if that took it out of their sight."""
    row = (await connection.execute(select(CASES).where(CASES.c.case_no == case_no))).one()
    return await view_of(connection, row, person, now, language)


async def get_report(
    connection: AsyncConnection, person: Person, report_id: UUID, now: datetime, language: str
) -> CaseView | None:
    """The case that a report became; None while none is recorded. Raises NoSuchPage if `person` may not see it."""
    seen = visible(person, await local_day(connection, now)).label("seen")
    row = (await connection.execute(select(CASES, seen).where(CASES.c.report_id == report_id))).one_or_none()
    if row is None:
        return None
    if not row.seen:
        raise NoSuchPage(what=f"report {report_id}")
    return await view_of(connection, row, person, now, language)


async def view_of(connection: AsyncConnection, row: Row[Any], person: Person, now: datetime, language: str) -> CaseView:
    """The view of a row of `cases`."""
    names = await read_names(connection, [Case.model_validate(row.state)], language)
    return case_view(row, names, person, await local_day(connection, now), now)


async def get_facts(
    connection: AsyncConnection, person: Person, case_no: str, now: datetime, language: str
) -> tuple[FactView, ...]:
    """The timeline of a case. Raises NoSuchCase."""
    row = await find_case(connection, person, case_no, now)
    case = Case.model_validate(row.state)
    facts = await facts_of(connection, case.report_id)
    actors = {fact.actor.person for fact in facts if fact.actor.person is not None}
    names = await read_names(connection, [case], language, actors)
    return fact_views(facts, case, names)


async def list_cases(
    connection: AsyncConnection, person: Person, wanted: CaseFilter, now: datetime, language: str
) -> CasePage:
    """One page of the cases that fit, and how many fit in all. Raises BadFilter for a cursor that is none."""
    day = await local_day(connection, now)
    fits = and_(visible(person, day), *_conditions(wanted, now))
    total = await connection.scalar(select(func.count()).select_from(CASES).where(fits))
    key, descending = _order(wanted.sort)
    order = (key.desc(), CASES.c.report_id.desc()) if descending else (key.asc(), CASES.c.report_id.asc())
    query = select(CASES.c.state, key.label("key")).where(fits).order_by(*order).limit(wanted.limit + 1)
    if wanted.cursor is not None:
        query = query.where(_after(wanted.cursor, key, descending))
    rows = (await connection.execute(query)).all()
    cases = [Case.model_validate(row.state) for row in rows[: wanted.limit]]
    names = await read_names(connection, cases, language)
    more = len(rows) > wanted.limit
    return CasePage(
        items=tuple(case_item(case, names, now) for case in cases),
        next_cursor=_cursor(rows[wanted.limit - 1].key, cases[-1].report_id) if more else None,
        total=total or 0,
    )


def _conditions(wanted: CaseFilter, now: datetime) -> list[ColumnElement[bool]]:
    c = CASES.c
    found: list[ColumnElement[bool]] = []
    if wanted.stage:
        found.append(c.stage.in_(wanted.stage))
    if wanted.light is not None:
        found.append(_shines(wanted.light, now))
    if wanted.overdue is not None:
        late = and_(c.closed_at.is_(None), or_(c.overdue_at.is_not(None), c.due_at <= now))
        found.append(late if wanted.overdue else ~func.coalesce(late, False))
    if wanted.grid is not None:
        found.append(within(wanted.grid))
    if wanted.category is not None:
        found.append(c.category.startswith(wanted.category, autoescape=True))
    if wanted.department is not None:
        found.append(c.departments.any(wanted.department))
    if wanted.owner is not None:
        found.append(c.owner_id == wanted.owner)
    return [*found, *_spoken_and_dated(wanted)]


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


def _shines(light: Light, now: datetime) -> ColumnElement[bool]:
    """`rules.lights.light` in SQL, of open cases."""
    c = CASES.c
    is_open = c.closed_at.is_(None)
    red = or_(c.overdue_at.is_not(None), func.coalesce(c.due_at <= now, False))
    match light:
        case Light.RED:
            return and_(is_open, red)
        case Light.GREY:
            return and_(is_open, c.due_at.is_(None), c.overdue_at.is_(None))
        case Light.YELLOW:
            return and_(is_open, ~red, c.yellow_at <= now)
        case Light.GREEN:
            return and_(is_open, ~red, c.yellow_at > now)


def _order(sort: Sort) -> tuple[ColumnElement[datetime], bool]:
    name = sort.removeprefix("-")
    column: ColumnElement[datetime] = CASES.c[name]
    if name == "due_at":  # cases without a running deadline come last, whichever way
        column = func.coalesce(column, literal(_NEVER if sort == "due_at" else EARLIEST))
    return column, sort.startswith("-")


def _cursor(key: datetime | str, report_id: UUID) -> str:
    moment = key.isoformat() if isinstance(key, datetime) else str(key)
    return base64.urlsafe_b64encode(json.dumps([moment, str(report_id)]).encode()).decode()


def _after(cursor: str, key: ColumnElement[datetime], descending: bool) -> ColumnElement[bool]:
    try:
        moment, report_id = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        place = tuple_(datetime.fromisoformat(moment), UUID(report_id))
    except (ValueError, TypeError) as error:
        raise BadFilter(name="cursor", value=cursor, pointer="/query/cursor") from error
    here = tuple_(key, CASES.c.report_id)
    return here < place if descending else here > place
