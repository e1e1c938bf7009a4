"""督办单: every urge order on the cases in scope, what was asked, by when, and what was answered."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement, DateTime, Integer, and_, cast, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.policies import newest_version, policy_version
from models.base import Code, Frozen, Instant
from models.case import Case
from models.context import Person
from models.enums import LimitUnit, UrgeCause, UrgeKind
from models.errors import NoSuchPage
from models.policy.limits import Length
from models.tables import CASES, FACTS
from models.views import CaseItem
from rules.deadlines.limits import deadline
from services.cases.names import read_names
from services.cases.queries import find_case
from services.cases.reporter_alias import display_name
from services.cases.views import case_item
from services.criteria.cursors import cursor_after, read_time_cursor
from services.criteria.scope import visible, within

#: What an answer gets where the policy says nothing of that kind of order (our choice).
USUAL = {
    UrgeKind.ORDINARY: Length(amount=3, unit=LimitUnit.LEGAL_WORK_DAY),
    UrgeKind.LISTED: Length(amount=2, unit=LimitUnit.LEGAL_WORK_DAY),
    UrgeKind.LEADER: Length(amount=1, unit=LimitUnit.LEGAL_WORK_DAY),
    UrgeKind.INTERVIEW: Length(amount=2, unit=LimitUnit.LEGAL_WORK_DAY),
}


class UrgeState(StrEnum):
    """Where an order stands: not answered and in time, not answered and late, answered; `answered_late` is both."""

    WAITING = "waiting"
    LATE = "late"
    ANSWERED = "answered"
    ANSWERED_LATE = "answered_late"


class UrgeFilter(Frozen):
    """What the list is narrowed to. `state` answered holds those answered late as well."""

    state: UrgeState | None = None
    kind: UrgeKind | None = None
    grid: Code | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=200)] = None


class UrgeLine(Frozen):
    """An urge order with its case: what was asked, by whom, by when; the answer, where there is one."""

    number: int
    kind: UrgeKind
    by: str
    cause: UrgeCause | None
    urged_at: Instant
    reply_by: Instant
    note: str
    state: UrgeState
    answered_at: Instant | None
    answered_by: str | None
    answer: str | None
    late_by: timedelta | None
    case: CaseItem
    host_name: str | None


class UrgePage(Frozen):
    """The latest order first; `counts` of all that fit but for their state."""

    items: tuple[UrgeLine, ...]
    next_cursor: str | None
    counts: dict[UrgeState, int]


_URGED = FACTS.alias("urged")
_ANSWER = FACTS.alias("answer")
_REPLY_BY = cast(_URGED.c.body["reply_by"].astext, DateTime(timezone=True))
_order_number: ColumnElement[int] = cast(_URGED.c.body["number"].astext, Integer)
_JOINED = _URGED.join(CASES, CASES.c.report_id == _URGED.c.report_id).outerjoin(
    _ANSWER,
    and_(
        _ANSWER.c.report_id == _URGED.c.report_id,
        _ANSWER.c.kind == "urge_answered",
        _ANSWER.c.body["number"].astext == _URGED.c.body["number"].astext,
    ),
)


def _is(state: UrgeState, now: datetime) -> ColumnElement[bool]:
    answered = _ANSWER.c.at.is_not(None)
    match state:
        case UrgeState.WAITING:
            return and_(~answered, now < _REPLY_BY, CASES.c.closed_at.is_(None))
        case UrgeState.LATE:
            return and_(~answered, now >= _REPLY_BY, CASES.c.closed_at.is_(None))
        case UrgeState.ANSWERED:
            return answered
        case UrgeState.ANSWERED_LATE:
            return and_(answered, _ANSWER.c.at > _REPLY_BY)


async def list_urges(
    connection: AsyncConnection, person: Person, wanted: UrgeFilter, now: datetime, language: str
) -> UrgePage:
    """The orders on the cases that the person may see. Raises BadFilter for a cursor that is none."""
    day = await local_day(connection, now)
    fits = [_URGED.c.kind == "urged", visible(person, day), within(wanted.grid)]
    if wanted.kind is not None:
        fits.append(_URGED.c.body["urge_kind"].astext == wanted.kind.value)
    counted = select(*(func.count().filter(_is(state, now)).label(state.value) for state in UrgeState))
    counts = (await connection.execute(counted.select_from(_JOINED).where(*fits))).one()._mapping
    if wanted.state is not None:
        fits.append(_is(wanted.state, now))
    if wanted.cursor is not None:
        fits.append(_after(wanted.cursor))
    rows = (
        await connection.execute(
            _selected().where(*fits).order_by(_URGED.c.at.desc(), _URGED.c.report_id.desc()).limit(wanted.limit + 1)
        )
    ).all()
    items = await _lines(connection, rows[: wanted.limit], now, language)
    more = len(rows) > wanted.limit
    last = rows[wanted.limit - 1] if more else None
    return UrgePage(
        items=items,
        next_cursor=None if last is None else cursor_after("urges", last.at.isoformat(), str(last.report_id)),
        counts={state: counts[state.value] for state in UrgeState},
    )


async def get_urge(
    connection: AsyncConnection, person: Person, case_no: str, number: int, now: datetime, language: str
) -> UrgeLine:
    """One order. Raises NoSuchCase, and NoSuchPage when the case has no order of that number."""
    row = await find_case(connection, person, case_no, now)
    mine = and_(_URGED.c.kind == "urged", _URGED.c.report_id == row.report_id, _order_number == number)
    found = (await connection.execute(_selected().where(mine))).all()
    if not found:
        raise NoSuchPage(what=f"{case_no} / {number}")
    return (await _lines(connection, found[:1], now, language))[0]


def _selected() -> Any:
    return select(
        _URGED.c.report_id, _URGED.c.at, _URGED.c.actor, _URGED.c.body, CASES.c.state,
        _ANSWER.c.at.label("answered_at"), _ANSWER.c.actor.label("answered_by"), _ANSWER.c.body.label("answer"),
    ).select_from(_JOINED)  # fmt: skip


async def _lines(connection: AsyncConnection, rows: Any, now: datetime, language: str) -> tuple[UrgeLine, ...]:
    cases = [Case.model_validate(row.state) for row in rows]
    people = {person for row in rows for person in (row.actor, row.answered_by) if person is not None}
    names = await read_names(connection, cases, language, people)

    def one(row: Any, case: Case) -> UrgeLine:
        body = row.body
        reply_by = datetime.fromisoformat(body["reply_by"])
        ended = row.answered_at or now
        return UrgeLine(
            number=body["number"],
            kind=body["urge_kind"],
            by="Gridloop" if row.actor is None or body.get("cause") else display_name(row.actor, case, names),
            cause=body.get("cause"),
            urged_at=row.at,
            reply_by=reply_by,
            note=body["note"],
            state=_state(row.answered_at, reply_by, now),
            answered_at=row.answered_at,
            answered_by=None if row.answered_by is None else display_name(row.answered_by, case, names),
            answer=row.answer["note"] if row.answer else None,
            late_by=ended - reply_by if ended > reply_by else None,
            case=case_item(case, names, now),
            host_name=None if case.host is None else names.departments.get(case.host, case.host),
        )

    return tuple(one(row, case) for row, case in zip(rows, cases, strict=True))


def _state(answered_at: datetime | None, reply_by: datetime, now: datetime) -> UrgeState:
    if answered_at is not None:
        return UrgeState.ANSWERED_LATE if answered_at > reply_by else UrgeState.ANSWERED
    return UrgeState.LATE if reply_by <= now else UrgeState.WAITING


def _after(cursor: str) -> ColumnElement[bool]:
    moment, last = read_time_cursor("urges", cursor)
    return tuple_(_URGED.c.at, _URGED.c.report_id) < tuple_(literal(moment), literal(last))


async def usual_reply_by(connection: AsyncConnection, kind: UrgeKind, now: datetime) -> datetime:
    """By when an order of that kind is usually answered: as the newest policy says, counted in working time."""
    policy = await policy_version(connection, await newest_version(connection))
    rule = policy.urges.get(kind)
    length = rule.reply if rule else USUAL[kind]
    calendar = policy.calendar(length.calendar) or policy.calendars[0]
    return deadline(length, calendar, now)
