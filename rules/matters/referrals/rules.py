"""The rules of the matter of a referral desk: what a fact changes, what falls due, what cases are told."""

from collections.abc import Sequence
from datetime import datetime
from functools import singledispatch
from typing import Any

from models.commands import Inform
from models.matters.base import Matter, MatterBody, MatterFact, MatterKind
from models.matters.context import MatterContext
from models.matters.effects import Effect, TellCase
from models.matters.referral_desk import (
    BODIES,
    COMMANDS,
    AttendanceNoted,
    Booking,
    ChangedDay,
    DayChanged,
    DeskChanged,
    DeskEnded,
    DeskRegistered,
    OutcomeMissing,
    OutcomeRecorded,
    ReferralDesk,
    SlotBooked,
    SlotCancelled,
    SlotMoved,
)
from rules.matters.climb import end_climb, rungs_after, start_climb
from rules.matters.kind import MatterRules, Part
from rules.matters.referrals.commands import decide

#: How many changed days are kept: those to come, and the last ones that have passed.
KEPT_DAYS = 120
_KEEPERS = frozenset({Part.OWNER, Part.HEAD, Part.DUTY_OFFICER, Part.SUPERVISOR, Part.ADMIN})
_STAFF = (_KEEPERS - {Part.ADMIN}) | {Part.STAFF, Part.GRID_WORKER, Part.PARTICIPANT}
Changes = dict[str, Any]


def due(desk: ReferralDesk, moment: datetime, ctx: MatterContext) -> Sequence[MatterBody]:
    """The slots whose outcome is missing at `moment`."""
    return [
        OutcomeMissing(number=b.number, case_no=b.case_no, due_at=b.outcome_due_at, rungs=rungs_after(moment, ctx))
        for b in desk.bookings
        if b.missed_at is None and b.outcome_due_at <= moment
    ]


def next_wake_up(desk: ReferralDesk) -> datetime | None:
    """When the next outcome is missing."""
    return min((one.outcome_due_at for one in desk.bookings if one.missed_at is None), default=None)


def evolve(desk: ReferralDesk | None, fact: MatterFact) -> Matter:
    """The desk after the fact."""
    if isinstance(fact.body, DeskRegistered):
        fields = {name: getattr(fact.body, name) for name in type(fact.body).model_fields if name != "kind"}
        return ReferralDesk(
            id=fact.command_id,
            seq=fact.seq,
            status="open",
            created_at=fact.at,
            created_by=fact.actor.person,
            updated_at=fact.at,
            **fields,
        )
    assert desk is not None
    after = desk.model_copy(update=_change(fact.body, desk, fact))
    missing = [one.outcome_due_at for one in after.bookings if one.missed_at is not None]
    due_at = min((one.outcome_due_at for one in after.bookings), default=None)
    return after.model_copy(update={"due_at": due_at, "overdue_at": min(missing, default=None)})


@singledispatch
def _change(body: MatterBody, desk: ReferralDesk, fact: MatterFact) -> Changes:
    return {}


@_change.register
def _(body: DeskChanged, desk: ReferralDesk, fact: MatterFact) -> Changes:
    given = {name: getattr(body, name) for name in type(body).model_fields if name not in ("kind", "note")}
    return {name: value for name, value in given.items() if value is not None}


@_change.register
def _(body: DayChanged, desk: ReferralDesk, fact: MatterFact) -> Changes:
    changed = ChangedDay(day=body.day, sittings=body.sittings, note=body.note)
    days = sorted((*(d for d in desk.changed_days if d.day != body.day), changed), key=lambda one: one.day)
    return {"changed_days": tuple(days[-KEPT_DAYS:])}


@_change.register
def _(body: SlotBooked, desk: ReferralDesk, fact: MatterFact) -> Changes:
    booking = Booking(
        number=body.number,
        at=body.at,
        until=body.until,
        case_no=body.case_no,
        booked_by=fact.actor.person,
        outcome_due_at=body.outcome_due_at,
    )
    return {"bookings": (*desk.bookings, booking), "last_number": body.number}


@_change.register
def _(body: SlotMoved, desk: ReferralDesk, fact: MatterFact) -> Changes:
    update = {"at": body.at, "until": body.until, "outcome_due_at": body.outcome_due_at, "missed_at": None}
    return _with(desk, body.number, update)


@_change.register
def _(body: SlotCancelled, desk: ReferralDesk, fact: MatterFact) -> Changes:
    return _without(desk, body.number)


@_change.register
def _(body: AttendanceNoted, desk: ReferralDesk, fact: MatterFact) -> Changes:
    return _with(desk, body.number, {"attended": True}, ends=False) if body.attended else _without(desk, body.number)


@_change.register
def _(body: OutcomeRecorded, desk: ReferralDesk, fact: MatterFact) -> Changes:
    return _without(desk, body.number)


@_change.register
def _(body: OutcomeMissing, desk: ReferralDesk, fact: MatterFact) -> Changes:
    climbs = start_climb(desk.climbs, f"booking:{body.number}", body.due_at, body.rungs)
    return {**_with(desk, body.number, {"missed_at": fact.at}, ends=False), "climbs": climbs}


@_change.register
def _(body: DeskEnded, desk: ReferralDesk, fact: MatterFact) -> Changes:
    return {"status": "ended", "ended_at": fact.at, "climbs": ()}


def _with(desk: ReferralDesk, number: int, update: Changes, *, ends: bool = True) -> Changes:
    """The booking changed; with `ends`, what climbs for it ends."""
    bookings = tuple(one.model_copy(update=update) if one.number == number else one for one in desk.bookings)
    climbs = end_climb(desk.climbs, f"booking:{number}") if ends else desk.climbs
    return {"bookings": bookings, "climbs": climbs}


def _without(desk: ReferralDesk, number: int) -> Changes:
    return {
        "bookings": tuple(one for one in desk.bookings if one.number != number),
        "climbs": end_climb(desk.climbs, f"booking:{number}"),
    }


def effects(before: ReferralDesk | None, fact: MatterFact, after: ReferralDesk) -> Sequence[Effect]:
    """What the case of a booking is told. Notes stay with the desk."""
    match fact.body:
        case SlotBooked() as body:
            return [_tell(after, body.case_no, "slot_booked", {"at": body.at.isoformat(), "place": after.place})]
        case SlotMoved() as body:
            values = {"old_at": body.old_at.isoformat(), "at": body.at.isoformat(), "place": after.place}
            return [_tell(after, body.case_no, "slot_moved", values)]
        case SlotCancelled() as body:
            return [_tell(after, body.case_no, "slot_cancelled", {"at": body.at.isoformat()})]
        case AttendanceNoted(attended=False) as body:
            return [_tell(after, body.case_no, "slot_missed", {"at": body.at.isoformat()})]
        case OutcomeRecorded() as body:
            values = {"at": body.at.isoformat(), "outcome": body.outcome.value}
            return [_tell(after, body.case_no, "slot_outcome", values)]
    return []


def _tell(desk: ReferralDesk, case_no: str, what: str, values: dict[str, str]) -> TellCase:
    command = Inform(matter_kind=MatterKind.REFERRAL_DESK, code=desk.code, name=desk.name, what=what, values=values)
    return TellCase(case_no=case_no, command=command)


RULES = MatterRules(
    kind=MatterKind.REFERRAL_DESK,
    name_zh="专业坐诊台",
    name_en="referral desk",
    state=ReferralDesk,
    commands=COMMANDS,
    bodies=BODIES,
    who={
        "register": frozenset({Part.HEAD, Part.DUTY_OFFICER, Part.SUPERVISOR, Part.ADMIN}),
        "change": _KEEPERS,
        "change_day": _KEEPERS - {Part.ADMIN},
        "book": _STAFF,
        "move": _STAFF,
        "cancel": _STAFF,
        "note_attendance": _STAFF,
        "record_outcome": _STAFF,
        "end": frozenset({Part.HEAD, Part.SUPERVISOR, Part.ADMIN}),
    },
    decide=decide,
    evolve=evolve,
    due=due,
    next_wake_up=next_wake_up,
    effects=effects,
    open_to_staff=True,
)
