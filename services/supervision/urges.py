"""Urge orders (督办单) on the cases in scope: the request, its deadline, and the answer."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement, DateTime, Integer, and_, cast, func, select
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
from services.criteria.cursors import beyond_time_cursor, time_cursor
from services.criteria.scope import visible, within

#: The time for an answer where the policy has no rule for that kind of order (our choice).
DEFAULT_REPLY = {
    UrgeKind.ORDINARY: Length(amount=3, unit=LimitUnit.LEGAL_WORK_DAY),
    UrgeKind.LISTED: Length(amount=2, unit=LimitUnit.LEGAL_WORK_DAY),
    UrgeKind.LEADER: Length(amount=1, unit=LimitUnit.LEGAL_WORK_DAY),
    UrgeKind.INTERVIEW: Length(amount=2, unit=LimitUnit.LEGAL_WORK_DAY),
}


class UrgeState(StrEnum):
    """The state of an order: unanswered and in time, unanswered and late, or answered; `answered_late` are answered
    too.
    """

    WAITING = "waiting"
    LATE = "late"
    ANSWERED = "answered"
    ANSWERED_LATE = "answered_late"


class UrgeFilter(Frozen):
    """What the list is narrowed to. `state` answered includes those answered late."""

    state: UrgeState | None = None
    kind: UrgeKind | None = None
    grid: Code | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=200)] = None


class UrgeLine(Frozen):
    """An urge order with its case: the request, by whom, by when; and the answer, where there is one."""

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
    """The latest order first; `counts` of all that fit, by state."""

    items: tuple[UrgeLine, ...]
    next_cursor: str | None
    counts: dict[UrgeState, int]


_URGED = FACTS.alias("urged")
_ANSWER = FACTS.alias("answer")
_REPLY_BY = cast(_URGED.c.body["reply_by"].astext, DateTime(timezone=True))
#: The list is in the order of these keys, the latest first.
_KEYS = (_URGED.c.at, _URGED.c.report_id)
_urge_number: ColumnElement[int] = cast(_URGED.c.body["number"].astext, Integer)
_JOINED = _URGED.join(CASES, CASES.c.report_id == _URGED.c.report_id).outerjoin(
    _ANSWER,
    and_(
        _ANSWER.c.report_id == _URGED.c.report_id,
        _ANSWER.c.kind == "urge_answered",
        _ANSWER.c.body["number"].astext == _URGED.c.body["number"].astext,
    ),
)


def _is_in_state(state: UrgeState, now: datetime) -> ColumnElement[bool]:
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
    connection: AsyncConnection, person: Person, urge_filter: UrgeFilter, now: datetime, language: str
) -> UrgePage:
    """Return the orders on the cases that the person may see. Raises BadFilter for an invalid cursor."""
    day = await local_day(connection, now)
    conditions = [_URGED.c.kind == "urged", visible(person, day), within(urge_filter.grid)]
    if urge_filter.kind is not None:
        conditions.append(_URGED.c.body["urge_kind"].astext == urge_filter.kind.value)
    counted = select(*(func.count().filter(_is_in_state(state, now)).label(state.value) for state in UrgeState))
    counts = (await connection.execute(counted.select_from(_JOINED).where(*conditions))).one()._mapping
    if urge_filter.state is not None:
        conditions.append(_is_in_state(urge_filter.state, now))
    if urge_filter.cursor is not None:
        conditions.append(beyond_time_cursor("urges", urge_filter.cursor, *_KEYS, descending=True))
    rows = (
        await connection.execute(
            _statement().where(*conditions).order_by(*(key.desc() for key in _KEYS)).limit(urge_filter.limit + 1)
        )
    ).all()
    items = await _build_lines(connection, rows[: urge_filter.limit], now, language)
    more = len(rows) > urge_filter.limit
    last = rows[urge_filter.limit - 1] if more else None
    return UrgePage(
        items=items,
        next_cursor=None if last is None else time_cursor("urges", last.at, last.report_id),
        counts={state: counts[state.value] for state in UrgeState},
    )


async def get_urge(
    connection: AsyncConnection, person: Person, case_no: str, number: int, now: datetime, language: str
) -> UrgeLine:
    """Return one order. Raises NoSuchCase, and NoSuchPage when the case has no order of that number."""
    row = await find_case(connection, person, case_no, now)
    this_order = and_(_URGED.c.kind == "urged", _URGED.c.report_id == row.report_id, _urge_number == number)
    rows = (await connection.execute(_statement().where(this_order))).all()
    if not rows:
        raise NoSuchPage(what=f"{case_no} / {number}")
    return (await _build_lines(connection, rows[:1], now, language))[0]


def _statement() -> Any:
    return select(
        _URGED.c.report_id, _URGED.c.at, _URGED.c.actor, _URGED.c.body, CASES.c.state,
        _ANSWER.c.at.label("answered_at"), _ANSWER.c.actor.label("answered_by"), _ANSWER.c.body.label("answer"),
    ).select_from(_JOINED)  # fmt: skip


async def _build_lines(connection: AsyncConnection, rows: Any, now: datetime, language: str) -> tuple[UrgeLine, ...]:
    cases = [Case.model_validate(row.state) for row in rows]
    people = {person for row in rows for person in (row.actor, row.answered_by) if person is not None}
    names = await read_names(connection, cases, language, people)

    def build(row: Any, case: Case) -> UrgeLine:
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
            host_name=None if case.host is None else names.department(case.host),
        )

    return tuple(build(row, case) for row, case in zip(rows, cases, strict=True))


def _state(answered_at: datetime | None, reply_by: datetime, now: datetime) -> UrgeState:
    if answered_at is not None:
        return UrgeState.ANSWERED_LATE if answered_at > reply_by else UrgeState.ANSWERED
    return UrgeState.LATE if reply_by <= now else UrgeState.WAITING


async def default_reply_by(connection: AsyncConnection, kind: UrgeKind, now: datetime) -> datetime:
    """Return the default deadline for the answer to an order of that kind: by the newest policy, in working time."""
    policy = await policy_version(connection, await newest_version(connection))
    rule = policy.urges.get(kind)
    length = rule.reply if rule else DEFAULT_REPLY[kind]
    calendar = policy.calendar(length.calendar) or policy.calendars[0]
    return deadline(length, calendar, now)
