"""A sitting day of a desk as a calendar file (RFC 5545): one entry for each booking, with the case's number alone."""

from collections.abc import Sequence
from datetime import datetime

from icalendar import Calendar, Event

from models.matters.referral_desk import ReferralDesk
from services.referrals.slots import SlotView
from services.wording.matters.referral_desk import BOOKING_STATES, KINDS

MEDIA_TYPE = "text/calendar; charset=utf-8"


def calendar_file(desk: ReferralDesk, slots: Sequence[SlotView], now: datetime, language: str) -> bytes:
    """Return the day's bookings; free slots are left out."""
    english = language.startswith("en")
    file = Calendar()
    file.add("prodid", "-//Gridloop//referral desk//")
    file.add("version", "2.0")
    for slot in slots:
        if slot.booking is None:
            continue
        kind, state = KINDS[desk.desk_kind], BOOKING_STATES[slot.booking.state]
        event = Event()
        event.add("uid", f"{desk.id}-{slot.booking.number}@gridloop")
        event.add("dtstamp", now)
        event.add("dtstart", slot.at)
        event.add("dtend", slot.until)
        event.add("summary", f"{kind[english]} {slot.booking.case_no or '#' + str(slot.booking.number)}")
        event.add("location", desk.place)
        event.add("description", f"{desk.name} #{slot.booking.number} · {state[english]}")
        file.add_component(event)
    return bytes(file.to_ical())
