"""The reconciliation list (移交对账): hand-overs that are unanswered, uncertain or refused, and what people decide."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.database import transaction
from infra.handover_client import look_at_handover
from infra.store.cases import read_case
from infra.store.context import local_day
from infra.store.criteria.scope import visible, within
from infra.store.handovers import change_handover, read_handover
from models.base import Frozen, Instant
from models.context import Person
from models.errors import NoSuchPage, NotToSettle, NotYours
from models.handovers import OVER, HandoverStatus, HandoverTrouble, Settlement
from models.tables import CASES, metadata
from rules.life_cycle import Who
from rules.scope import standing
from services.runtime.resources import Resources

_HANDOVERS = metadata.tables["handovers"]
_RECEIVERS = metadata.tables["receivers"]
#: The longest list; the oldest are shown.
MOST = 200
_SETTLERS = frozenset({Who.SUPERVISOR, Who.DUTY_OFFICER, Who.OWNING_UNIT, Who.HOST_HEAD})
#: In which state each decision can be made.
_FITS = {
    Settlement.SEND_AGAIN: (HandoverStatus.UNCERTAIN, HandoverStatus.REFUSED, HandoverStatus.WAITING),
    Settlement.RECEIVED: (HandoverStatus.UNCERTAIN, HandoverStatus.REFUSED, HandoverStatus.SENDING),
    Settlement.TAKE_BACK: tuple(one for one in HandoverStatus if one not in OVER),
}


class HandoverLine(Frozen):
    """A hand-over in the list. `trouble`: why it needs somebody; None: it does not. `may`: what the reader can decide,
    whether they may is checked when they do."""

    id: UUID
    case_no: str
    title: str
    receiver: str
    receiver_name: str
    round: int
    status: HandoverStatus
    created_at: Instant
    sent_at: Instant | None
    far_id: str | None
    tries: int
    failure: str | None
    due_at: Instant | None
    unanswered_at: Instant | None
    answered_at: Instant | None
    trouble: HandoverTrouble | None
    may: tuple[Settlement, ...]


class HandoverList(Frozen):
    """Hand-overs, the oldest first; `total` of them in all."""

    total: int
    items: tuple[HandoverLine, ...]


def needs_somebody() -> ColumnElement[bool]:
    """The condition that a person has to look at a hand-over: unanswered, uncertain or refused."""
    h = _HANDOVERS.c
    open_ = h.status.not_in([one.value for one in OVER]) & h.departed_at.is_(None)
    stuck = h.status.in_([HandoverStatus.UNCERTAIN.value, HandoverStatus.REFUSED.value])
    return open_ & or_(stuck, h.unanswered_at.is_not(None) & h.answered_at.is_(None))


async def list_handovers(
    connection: AsyncConnection, person: Person, now: datetime, *, all_: bool = False, grid: str | None = None
) -> HandoverList:
    """Return the hand-overs of cases that the person may see that need somebody; with `all_`, all that are not over.

    `grid`: only of cases in the subtree of that unit.
    """
    h, r = _HANDOVERS.c, _RECEIVERS.c
    day = await local_day(connection, now)
    wanted = h.status.not_in([one.value for one in OVER]) if all_ else needs_somebody()
    scope = (CASES.c.report_id == h.report_id) & visible(person, day) & within(grid)
    total = await connection.scalar(select(func.count()).select_from(_HANDOVERS).join(CASES, scope).where(wanted))
    rows = await connection.execute(
        select(_HANDOVERS, CASES.c.case_no, CASES.c.title, r.config["name"].astext.label("receiver_name"))
        .select_from(_HANDOVERS)
        .join(CASES, scope)
        .join(_RECEIVERS, r.code == h.receiver)
        .where(wanted)
        .order_by(h.created_at, h.id)
        .limit(MOST)
    )
    return HandoverList(total=total or 0, items=tuple(_line(row) for row in rows))


async def count_waiting(connection: AsyncConnection, condition: ColumnElement[bool]) -> int:
    """How many hand-overs of the cases under the condition need somebody."""
    query = (
        select(func.count())
        .select_from(_HANDOVERS)
        .join(CASES, (CASES.c.report_id == _HANDOVERS.c.report_id) & condition)
        .where(needs_somebody())
    )
    return await connection.scalar(query) or 0


async def settle(resources: Resources, person: Person, id_: UUID, decision: Settlement, now: datetime) -> None:
    """Decide about a hand-over: send it again, take it as received, or take it back from the receiver.

    Raises NoSuchPage for one out of scope, NotYours, and NotToSettle where it does not fit any more.
    """
    async with transaction(resources.engine) as connection:
        handover = await read_handover(connection, id_, lock=True)
        case = None if handover is None else await read_case(connection, handover.report_id)
        day = await local_day(connection, now)
        found = frozenset() if case is None else standing(person, case, day)
        if handover is None or not found:
            raise NoSuchPage(what=str(id_))
        if found.isdisjoint(_SETTLERS):
            raise NotYours(command="settle", who=" / ".join(sorted(_SETTLERS)))
        if handover.status not in _FITS[decision] or handover.departed_at is not None:
            raise NotToSettle(status=handover.status)
        values: dict[str, Any] = {"next_try_at": None, "failure": None}
        match decision:
            case Settlement.SEND_AGAIN:
                values |= {"status": HandoverStatus.WAITING.value}
            case Settlement.RECEIVED:
                values |= {"status": HandoverStatus.SENT.value, "sent_at": handover.sent_at or now}
            case Settlement.TAKE_BACK:
                values |= {"departed_at": now}
        await change_handover(connection, id_, **values)
    await look_at_handover(resources.temporal, id_, queue=resources.settings.case_queue)


def _line(row: Any) -> HandoverLine:
    values = {name: getattr(row, name) for name in HandoverLine.model_fields if name not in ("may", "trouble")}
    may = tuple(one for one, fits in _FITS.items() if row.status in fits and row.departed_at is None)
    return HandoverLine(**values, may=may, trouble=_trouble(row))


def _trouble(row: Any) -> HandoverTrouble | None:
    """Why somebody is needed, as `needs_somebody` has it."""
    if row.departed_at is not None:
        return None
    if row.status == HandoverStatus.UNCERTAIN:
        return HandoverTrouble.UNKNOWN
    if row.status == HandoverStatus.REFUSED:
        return HandoverTrouble.REFUSED
    return HandoverTrouble.LATE if row.unanswered_at is not None and row.answered_at is None else None
