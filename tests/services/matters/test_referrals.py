"""Referral desks with the real stores: two at one slot, hidden cases, the public times, the calendar file."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from models.errors import NoSuchCase
from models.ids import new_id
from models.matters.base import MatterKind
from models.matters.referral_desk import Book, ReferralDesk
from services.matters.send import MatterSent
from services.referrals.calendar_file import calendar_file
from services.referrals.public import public_desks
from services.referrals.slots import book, bookings_of_case, find_desk, for_reader, read_slots
from services.wording.informed import informed_text
from tests.builders import LABOUR, MICRO
from tests.services.matters.hall import Hall, eventually

KIND = MatterKind.REFERRAL_DESK
ZONE = ZoneInfo("Asia/Shanghai")


async def a_desk(hall: Hall) -> date:
    """A desk that sits every day; return tomorrow's date."""
    sittings = [{"weekday": n, "start": "09:00", "end": "10:00"} for n in range(1, 8)]
    await hall.begin(
        "duty", KIND, code="LAW", name="法律顾问坐诊", grid=MICRO, desk_kind="lawyer", place="二楼", department=LABOUR,
        persons=[{"name": "律师一"}], sittings=sittings,
    )  # fmt: skip
    return (datetime.now(ZONE) + timedelta(days=1)).date()


async def book_slot(hall: Hall, username: str, case_no: str, day: date, clock: str = "09:00") -> MatterSent:
    """Book a slot."""
    at = datetime.combine(day, time.fromisoformat(clock), ZONE)
    person = await hall.town.person(username)
    command = Book(at=at, case_no=case_no)
    return await book(hall.town.resources, person, "LAW", command, command_id=new_id(), now=datetime.now(UTC))


async def test_two_book_one_slot_at_once_and_the_first_has_it(hall: Hall) -> None:
    day = await a_desk(hall)
    numbers = [await hall.town.report(category="0201") for _ in range(2)]
    sent: list[Any] = await asyncio.gather(
        *(book_slot(hall, "duty", number, day) for number in numbers), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in sent) == ["MatterSent", "SlotTaken"]
    winner = numbers[0] if isinstance(sent[0], MatterSent) else numbers[1]

    async def was_told() -> bool:
        return (await hall.town.kinds(winner))[-1] == "informed"

    await eventually(was_told)
    facts = await hall.town.facts(winner)
    said = informed_text(facts[-1].body.model_dump(mode="json"), "zh", lambda at: f"{at.astimezone(ZONE):%H:%M}")
    assert said == "已预约 09:00 坐诊,地点:二楼"
    with pytest.raises(NoSuchCase):
        await book_slot(hall, "other_duty", winner, day, "09:30")
    with pytest.raises(NoSuchCase):
        await book_slot(hall, "environment_handler", winner, day, "09:30")

    async with hall.town.engine.connect() as connection:
        desk = await find_desk(connection, await hall.town.person("worker"), "LAW", datetime.now(UTC))
        slots = await read_slots(connection, desk, day, day, datetime.now(UTC))
        seen = {}
        for who in ("worker", "labour_handler", "fire_handler"):
            person = await hall.town.person(who)
            found = await for_reader(connection, person, desk, slots, datetime.now(UTC))
            seen[who] = [slot.booking.case_no for slot in found if slot.booking is not None]
        of_case = await bookings_of_case(connection, winner)
        shown = await public_desks(connection, datetime.now(UTC))
    assert [(slot.free, slot.booking is not None) for slot in slots] == [(False, True), (True, False)]
    assert [(one.desk, one.state) for one in of_case] == [("LAW", "booked")]
    assert seen == {"worker": [winner], "labour_handler": [winner], "fire_handler": [None]}
    for who, tells in (("duty", True), ("labour_handler", True), ("fire_handler", False), ("keeper", True)):
        told = repr((await hall.facts(KIND, "LAW", who), await hall.listed(who, KIND)))
        assert (winner in told) == tells, f"{who} reads the number of a case that they may not see"
    (public,) = shown
    assert next(one.free for one in public.days if one.day == day) == 1
    assert winner not in repr(shown), "nothing of a case in public"
    file = Calendar.from_ical(calendar_file(desk, slots, datetime.now(UTC), "zh").decode())
    (event,) = file.walk("VEVENT")
    assert str(event["summary"]) == f"法律咨询 {winner}"
    assert event.decoded("dtstart") == slots[0].at

    await hall.do("duty", KIND, "LAW", "cancel", number=1, reason="改日")
    assert isinstance(desk, ReferralDesk)
    await book_slot(hall, "duty", numbers[0], day)
