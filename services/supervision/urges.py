"""Urge orders (督办单) on the cases in scope: the request, its deadline, and the answer."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import ColumnElement, DateTime, Integer, and_, cast, func, literal, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.scope import visible, within
from infra.store.policies import newest_version, policy_version
from models.base import STORED, Code, Frozen, Instant
from models.case import Case
from models.context import Person
from models.enums import LimitUnit, UrgeCause, UrgeKind
from models.errors import NoSuchPage
from models.personal_numbers import mask_numbers
from models.policy.limits import Length
from models.tables import CASES, FACTS
from models.views import CaseItem, CountedTime
from rules.deadlines.limits import deadline
from services.cases.names import read_names
from services.cases.queries import find_case
from services.cases.reporter_alias import display_name
from services.cases.views import case_item
from services.criteria.cursors import bad_cursor, cursor_after, read_cursor
from services.wording.vocabulary import URGE_CAUSES, label_of

#: The time for an answer where the policy has no rule for that kind of order (our choice).
DEFAULT_REPLY = {
    UrgeKind.ORDINARY: Length(amount=3, unit=LimitUnit.LEGAL_WORK_DAY),
    UrgeKind.LISTED: Length(amount=2, unit=LimitUnit.LEGAL_WORK_DAY),
    UrgeKind.LEADER: Length(amount=1, unit=LimitUnit.LEGAL_WORK_DAY),
    UrgeKind.INTERVIEW: Length(amount=2, unit=LimitUnit.LEGAL_WORK_DAY),
}


class UrgeState(StrEnum):
    """The state of an order: unanswered and in time, unanswered and late, answered (`answered_late` are answered too),
    or ended without an answer: it was cancelled, or the case was closed.
    """

    WAITING = "waiting"
    LATE = "late"
    ANSWERED = "answered"
    ANSWERED_LATE = "answered_late"
    ENDED = "ended"


class UrgeFilter(Frozen):
    """What the list is narrowed to. `state` answered includes those answered late."""

    state: UrgeState | None = None
    kind: UrgeKind | None = None
    grid: Code | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=200)] = None


class UrgeLine(Frozen):
    """An urge order with its case: the request, by whom, by when; and the answer, where there is one.

    `ended_at`: it ended without an answer; `cancelled_by` and `cancelled_why` where somebody took it back, else the
    case was closed. `late_by` counts up to the answer or the end.
    """

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
    ended_at: Instant | None
    cancelled_by: str | None
    cancelled_why: str | None
    late_by: CountedTime | None
    case: CaseItem
    host_name: str | None


class UrgePage(Frozen):
    """The latest order first; `counts` of all that fit, by state."""

    items: tuple[UrgeLine, ...]
    next_cursor: str | None
    counts: dict[UrgeState, int]


_URGED = FACTS.alias("urged")
_REPLY_BY = cast(_URGED.c.body["reply_by"].astext, DateTime(timezone=True))
#: The list is in the order of these keys, the latest first.
_KEYS = (_URGED.c.at, _URGED.c.report_id, _URGED.c.seq)
_urge_number: ColumnElement[int] = cast(_URGED.c.body["number"].astext, Integer)
#: What became of an order: the first fact after it that answers, cancels or ends the order of its number. Cases of
#: before used a number again after a reopening, and closed without a word about the order.
_ENDINGS = ("urge_answered", "urge_cancelled", "urge_lapsed")
_LATER = FACTS.alias("later")
_OUTCOME = (
    select(_LATER.c.kind, _LATER.c.at, _LATER.c.actor, _LATER.c.body)
    .where(
        _LATER.c.report_id == _URGED.c.report_id,
        _LATER.c.seq > _URGED.c.seq,
        or_(
            and_(_LATER.c.kind.in_(_ENDINGS), _LATER.c.body["number"].astext == _URGED.c.body["number"].astext),
            _LATER.c.kind == "closed",
        ),
    )
    .order_by(_LATER.c.seq)
    .limit(1)
    .correlate(_URGED)
    .lateral("outcome")
)
_JOINED = _URGED.join(CASES, CASES.c.report_id == _URGED.c.report_id).outerjoin(_OUTCOME, true())


def _is_in_state(state: UrgeState, now: datetime) -> ColumnElement[bool]:
    open_, answered = _OUTCOME.c.kind.is_(None), _OUTCOME.c.kind == "urge_answered"
    match state:
        case UrgeState.WAITING:
            return and_(open_, now < _REPLY_BY)
        case UrgeState.LATE:
            return and_(open_, now >= _REPLY_BY)
        case UrgeState.ANSWERED:
            return answered
        case UrgeState.ANSWERED_LATE:
            return and_(answered, _OUTCOME.c.at > _REPLY_BY)
        case UrgeState.ENDED:
            return and_(~open_, ~answered)


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
        conditions.append(tuple_(*_KEYS) < tuple_(*map(literal, _read_cursor(urge_filter.cursor))))
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
        next_cursor=None if last is None else _cursor(last.at, last.report_id, last.seq),
        counts={state: counts[state.value] for state in UrgeState},
    )


def _cursor(at: datetime, report_id: UUID, seq: int) -> str:
    """Return the cursor after this order; a case may have several orders of one instant."""
    return cursor_after("urges", at.isoformat(), str(report_id), str(seq))


def _read_cursor(cursor: str) -> tuple[datetime, UUID, int]:
    at, report_id, seq = read_cursor("urges", cursor, 3)
    try:
        found = datetime.fromisoformat(at), UUID(report_id), int(seq)
    except ValueError as error:
        raise bad_cursor(cursor) from error
    if found[0].tzinfo is None or not 0 < found[2] < 2**31:
        raise bad_cursor(cursor)
    return found


async def get_urge(
    connection: AsyncConnection, person: Person, case_no: str, number: int, now: datetime, language: str
) -> UrgeLine:
    """Return one order, the latest of that number. Raises NoSuchCase, and NoSuchPage when the case has none."""
    row = await find_case(connection, person, case_no, now)
    this_order = and_(_URGED.c.kind == "urged", _URGED.c.report_id == row.report_id, _urge_number == number)
    rows = (await connection.execute(_statement().where(this_order).order_by(_URGED.c.seq.desc()))).all()
    if not rows:
        raise NoSuchPage(what=f"{case_no} / {number}")
    return (await _build_lines(connection, rows[:1], now, language))[0]


def _statement() -> Any:
    return select(
        _URGED.c.report_id, _URGED.c.seq, _URGED.c.at, _URGED.c.actor, _URGED.c.body, CASES.c.state,
        _OUTCOME.c.kind.label("end_kind"), _OUTCOME.c.at.label("end_at"), _OUTCOME.c.actor.label("end_by"),
        _OUTCOME.c.body.label("end_body"),
    ).select_from(_JOINED)  # fmt: skip


async def _build_lines(connection: AsyncConnection, rows: Any, now: datetime, language: str) -> tuple[UrgeLine, ...]:
    cases = [Case.model_validate(row.state, context=STORED) for row in rows]
    people = {person for row in rows for person in (row.actor, row.end_by) if person is not None}
    names = await read_names(connection, cases, language, people)

    def build(row: Any, case: Case) -> UrgeLine:
        body = row.body
        reply_by = datetime.fromisoformat(body["reply_by"])
        answered, cancelled = row.end_kind == "urge_answered", row.end_kind == "urge_cancelled"
        end_by = None if row.end_by is None else display_name(row.end_by, case, names)
        ended = row.end_at or now
        return UrgeLine(
            number=body["number"],
            kind=body["urge_kind"],
            by="Gridloop" if row.actor is None or body.get("cause") else display_name(row.actor, case, names),
            cause=body.get("cause"),
            urged_at=row.at,
            reply_by=reply_by,
            note=label_of(URGE_CAUSES, body["cause"], language) if body.get("cause") else mask_numbers(body["note"]),
            state=_state(row, reply_by, now),
            answered_at=row.end_at if answered else None,
            answered_by=end_by if answered else None,
            answer=mask_numbers(row.end_body["note"]) if answered else None,
            ended_at=None if answered else row.end_at,
            cancelled_by=end_by if cancelled else None,
            cancelled_why=mask_numbers(row.end_body["reason"]) if cancelled else None,
            late_by=ended - reply_by if ended > reply_by else None,
            case=case_item(case, names, now),
            host_name=None if case.host is None else names.department(case.host),
        )

    return tuple(build(row, case) for row, case in zip(rows, cases, strict=True))


def _state(row: Any, reply_by: datetime, now: datetime) -> UrgeState:
    if row.end_kind == "urge_answered":
        return UrgeState.ANSWERED_LATE if row.end_at > reply_by else UrgeState.ANSWERED
    if row.end_kind is not None:
        return UrgeState.ENDED
    return UrgeState.LATE if reply_by <= now else UrgeState.WAITING


async def default_reply_by(connection: AsyncConnection, kind: UrgeKind, now: datetime) -> datetime:
    """Return the default deadline for the answer to an order of that kind: by the newest policy, in working time."""
    policy = await policy_version(connection, await newest_version(connection))
    rule = policy.urges.get(kind)
    length = rule.reply if rule else DEFAULT_REPLY[kind]
    calendar = policy.calendar(length.calendar) or policy.calendars[0]
    return deadline(length, calendar, now)
