"""The page of a referral desk: its slots by day, free and booked."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs

from sqlalchemy.ext.asyncio import AsyncConnection

from models.ids import new_id
from models.matters.referral_desk import ReferralDesk
from services.referrals.slots import SlotView, for_reader, read_slots
from services.wording.matters.referral_desk import BOOKING_STATES, OUTCOMES, WEEKDAYS
from web.reader import Reader

#: How many days the page shows at once.
DAYS = 14


@dataclass(frozen=True)
class SlotLine:
    """A slot in words: when it begins, what it is, and what the forms in it send."""

    clock: str
    value: str
    slot: SlotView
    state: str
    outcome: str
    id: str


@dataclass(frozen=True)
class DayLine:
    """A day with its slots."""

    day: date
    name: str
    slots: tuple[SlotLine, ...]


async def page_contents(connection: AsyncConnection, reader: Reader, desk: ReferralDesk) -> dict[str, Any]:
    """The slots of two weeks, from the day that the address names, else from today."""
    query = parse_qs(reader.query)
    first = _day(query.get("from", [""])[0]) or reader.day
    slots = await read_slots(connection, desk, first, first + timedelta(days=DAYS - 1), reader.now)
    slots = await for_reader(connection, reader.person, desk, slots, reader.now)
    days: dict[date, list[SlotLine]] = {}
    for slot in slots:
        local = slot.at.astimezone(reader.zone)
        state = "" if slot.booking is None else _word(BOOKING_STATES, slot.booking.state, reader)
        outcome = "" if slot.booking is None or slot.booking.outcome is None else slot.booking.outcome
        line = SlotLine(
            clock=f"{local:%H:%M}–{slot.until.astimezone(reader.zone):%H:%M}",
            value=local.isoformat(),
            slot=slot,
            state=state,
            outcome=_word(OUTCOMES, outcome, reader) if outcome else "",
            id=str(new_id()),
        )
        days.setdefault(local.date(), []).append(line)
    lines = [DayLine(day, _word(WEEKDAYS, str(day.isoweekday()), reader), tuple(found)) for day, found in days.items()]
    return {
        "desk": desk,
        "days": lines,
        "earlier": first - timedelta(days=DAYS),
        "later": first + timedelta(days=DAYS),
        "case_asked": query.get("case", [""])[0][:40],
        "outcomes": {code: _word(OUTCOMES, code, reader) for code in OUTCOMES},
        "weekdays": {int(code): _word(WEEKDAYS, code, reader) for code in WEEKDAYS},
    }


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _word(labels: Any, code: str, reader: Reader) -> str:
    zh, en = labels[code]
    return str(en if reader.language == "en" else zh)
