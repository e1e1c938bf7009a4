"""Referral desks: slots, who books which, and what becomes of a slot that has passed."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from models.errors import (
    BookingsInTheWay,
    CaseHasSlot,
    DomainError,
    InputError,
    NoSuchBooking,
    NoSuchCase,
    NoSuchSlot,
    NotYours,
    SlotNotOver,
    SlotPassed,
    SlotTaken,
    SlotTooFarAhead,
    UnknownCalendar,
)
from models.matters.base import MatterKind
from models.matters.effects import TellCase
from models.matters.referral_desk import CaseAround, RegisterDesk
from models.policy.calendar import Calendar, CalendarYear, Span, Week
from rules.matters.referrals.slots import slots_on
from tests.builders import LABOUR
from tests.rules.matters.world import MatterLife
from tests.rules.world import START

ZONE = ZoneInfo("Asia/Shanghai")
#: Wednesdays from nine to half past ten, and Fridays from two to three; START is a Monday.
SITTINGS = [
    {"weekday": 3, "start": "09:00", "end": "10:30"},
    {"weekday": 5, "start": "14:00", "end": "15:00"},
]
OPEN = CaseAround(exists=True, is_open=True)


def local(day: int, clock: str, month: int = 3) -> str:
    """A moment of 2026 by the wall clock there, as ISO 8601."""
    return datetime.combine(date(2026, month, day), time.fromisoformat(clock), ZONE).isoformat()


def a_desk(**fields: Any) -> MatterLife:
    """A desk of lawyers."""
    first = {
        "kind": "register", "code": "LAW", "name": "法律顾问坐诊", "desk_kind": "lawyer", "place": "党群服务中心 2 楼",
        "persons": [{"name": "律师一", "organisation": "律师事务所"}], "sittings": SITTINGS, "department": LABOUR,
        **fields,
    }  # fmt: skip
    return MatterLife(MatterKind.REFERRAL_DESK, first, extra=OPEN)


def book(desk: MatterLife, at: str, case_no: str = "C-1", by: str = "duty") -> list[str]:
    """Book a slot."""
    return desk.do(by, {"kind": "book", "at": at, "case_no": case_no})


def clocks(desk: MatterLife, day: date, calendar: Calendar | None = None) -> list[str]:
    """When the slots of that day begin."""
    return [slot.at.strftime("%H:%M") for slot in slots_on(desk.matter, day, ZONE, calendar)]


def test_the_slots_of_a_week() -> None:
    desk = a_desk()
    assert clocks(desk, date(2026, 3, 4)) == ["09:00", "09:30", "10:00"]
    assert clocks(desk, date(2026, 3, 6)) == ["14:00", "14:30"]
    assert clocks(desk, date(2026, 3, 5)) == []
    desk.do("labour_handler", {"kind": "change", "slot_minutes": 50, "note": "改为 50 分钟"})
    assert clocks(desk, date(2026, 3, 4)) == ["09:00"], "what is left of a sitting is no slot"
    desk.do("labour_handler", {"kind": "change_day", "day": "2026-03-04", "note": "停诊"})
    assert clocks(desk, date(2026, 3, 4)) == []
    hours = [{"start": "16:00", "end": "17:00"}]
    desk.do("labour_handler", {"kind": "change_day", "day": "2026-03-05", "sittings": hours, "note": "补诊"})
    assert clocks(desk, date(2026, 3, 5)) == ["16:00"]


def test_nobody_sits_on_a_holiday_of_the_calendar() -> None:
    day = (Span(start=540, end=1080),)
    week = Week(**dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), day))
    year = CalendarYear(year=2026, holidays=(date(2026, 3, 4),), workdays=())
    calendar = Calendar(name="office", week=week, makeup=day, years=(year,))
    desk = a_desk()
    assert clocks(desk, date(2026, 3, 4), calendar) == []
    assert clocks(desk, date(2026, 3, 6), calendar) == ["14:00", "14:30"]


def test_the_first_has_the_slot_and_the_other_is_told() -> None:
    desk = a_desk()
    assert book(desk, local(4, "09:00")) == ["slot_booked"]
    for by in ("worker", "fire_handler"):
        with pytest.raises(SlotTaken):
            book(desk, local(4, "09:00"), "C-2", by)
    assert book(desk, local(4, "09:30"), "C-2", "worker") == ["slot_booked"]
    with pytest.raises(CaseHasSlot):
        book(desk, local(6, "14:00"), "C-1")
    told = [(e.case_no, e.command.what) for e in desk.effects if isinstance(e, TellCase)]
    assert told == [("C-1", "slot_booked"), ("C-2", "slot_booked")]


@pytest.mark.parametrize(
    ("at", "extra", "by", "error"),
    [
        (local(4, "09:10"), OPEN, "duty", NoSuchSlot),
        (local(4, "10:30"), OPEN, "duty", NoSuchSlot),
        (local(5, "09:00"), OPEN, "duty", NoSuchSlot),
        (local(25, "09:00", 2), OPEN, "duty", SlotPassed),
        (local(3, "09:00", 6), OPEN, "duty", SlotTooFarAhead),
        (local(4, "09:00"), CaseAround(), "duty", NoSuchCase),
        (local(4, "09:00"), CaseAround(exists=True), "duty", InputError),
        (local(4, "09:00"), OPEN, "reporter", NotYours),
        (local(4, "09:00"), OPEN, "auditor", NotYours),
        (local(4, "09:00"), OPEN, "volunteer", NotYours),
    ],
)
def test_what_is_not_booked(at: str, extra: CaseAround, by: str, error: type[DomainError]) -> None:
    desk = a_desk()
    desk.extra = extra
    with pytest.raises(error):
        book(desk, at, by=by)
    assert desk.matter.bookings == ()


def test_a_booking_is_moved_and_cancelled_by_who_made_it_or_keeps_the_desk() -> None:
    desk = a_desk()
    book(desk, local(4, "09:00"), by="worker")
    book(desk, local(4, "09:30"), "C-2")
    with pytest.raises(NotYours):
        desk.do("fire_handler", {"kind": "cancel", "number": 1, "reason": "不去了"})
    with pytest.raises(SlotTaken):
        desk.do("worker", {"kind": "move", "number": 1, "at": local(4, "09:30")})
    assert desk.do("worker", {"kind": "move", "number": 1, "at": local(6, "14:00")}) == ["slot_moved"]
    assert book(desk, local(4, "09:00"), "C-3") == ["slot_booked"], "the old slot is free again"
    with pytest.raises(BookingsInTheWay):
        desk.do("labour_head", {"kind": "change_day", "day": "2026-03-06", "note": "停诊"})
    with pytest.raises(BookingsInTheWay):
        desk.do("supervisor", {"kind": "end", "reason": "撤台"})
    assert desk.do("labour_handler", {"kind": "cancel", "number": 1, "reason": "停诊"}) == ["slot_cancelled"]
    with pytest.raises(NoSuchBooking):
        desk.do("labour_handler", {"kind": "cancel", "number": 1, "reason": "停诊"})


def test_a_slot_that_passed_without_an_outcome_climbs_until_it_is_recorded() -> None:
    desk = a_desk()
    book(desk, local(4, "09:00"))
    with pytest.raises(SlotNotOver):
        desk.do("duty", {"kind": "record_outcome", "number": 1, "outcome": "advised"})
    due = datetime.fromisoformat(local(5, "09:30"))
    assert desk.next_wake_up == due
    assert desk.wake(due) == ["outcome_missing", "climbed"]
    assert desk.matter.overdue_at == due.astimezone(UTC)
    assert desk.do("duty", {"kind": "note_attendance", "number": 1, "attended": True}) == ["attendance_noted"]
    assert desk.matter.climbs, "attendance alone is no outcome"
    assert desk.do("labour_handler", {"kind": "record_outcome", "number": 1, "outcome": "aid_granted"}) == [
        "outcome_recorded"
    ]
    assert (desk.matter.climbs, desk.matter.bookings, desk.matter.overdue_at) == ((), (), None)
    assert not desk.waits
    last = desk.effects[-1]
    assert isinstance(last, TellCase)
    assert last.command.values["outcome"] == "aid_granted"


def test_who_did_not_come_owes_no_outcome() -> None:
    desk = a_desk()
    book(desk, local(4, "09:00"))
    desk.now = START + timedelta(days=2, hours=3)
    desk.do("duty", {"kind": "note_attendance", "number": 1, "attended": False, "note": "电话无人接听"})
    assert (desk.matter.bookings, desk.next_wake_up) == ((), None)


@pytest.mark.parametrize(
    "change",
    [
        {"sittings": []},
        {"persons": []},
        {"sittings": [{"weekday": 8, "start": "09:00", "end": "10:00"}]},
        {"sittings": [{"weekday": 1, "start": "10:00", "end": "10:00"}]},
        {"sittings": [{"weekday": 1, "start": "09:00+08:00", "end": "10:00"}]},
        {"slot_minutes": 0},
        {"desk_kind": "wizard"},
        {"place": ""},
    ],
)
def test_a_desk_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    known = {
        "code": "LAW", "name": "坐诊", "grid": "1", "desk_kind": "lawyer", "place": "二楼",
        "persons": [{"name": "律师一"}], "sittings": SITTINGS,
    }  # fmt: skip
    RegisterDesk.model_validate(known)
    with pytest.raises(ValidationError):
        RegisterDesk.model_validate({**known, **change})
    with pytest.raises(UnknownCalendar):
        a_desk(calendar="nothing")
