"""The slots of a desk with their bookings, and the bookings of a case."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.driver import all_rows
from infra.store.policies import newest_version, policy_version
from models.base import Frozen, Instant
from models.context import Person
from models.errors import BadFilter
from models.matters.base import MatterKind
from models.matters.referral_desk import Book, ReferralDesk
from models.personal_numbers import mask_numbers
from models.policy.document import Policy
from rules.matters.referrals.slots import slots_between
from rules.matters.registry import RULES
from services.cases.queries import find_case
from services.matters.case_numbers import readable_cases, sees_all_numbers
from services.matters.queries import find_matter
from services.matters.send import MatterSent, act
from services.matters.views import parts_of
from services.runtime.resources import Resources

#: The most days that one request covers.
MOST_DAYS = 92
_BOOKINGS = """
    SELECT b.number, b.at, b.until, b.case_no, b.state, b.outcome, b.note, p.name FROM referral_bookings b
    LEFT JOIN people p ON p.id = b.booked_by
    WHERE b.desk = %(desk)s AND b.at >= %(since)s AND b.at < %(until)s ORDER BY b.at, b.number
"""
_OF_CASE = """
    SELECT m.code, m.name, b.number, b.at, b.state, b.outcome FROM referral_bookings b JOIN matters m ON m.id = b.desk
    WHERE b.case_no = %(no)s ORDER BY b.at DESC
"""


class BookingView(Frozen):
    """A booking: the number of the case, never a name of a client. `for_reader` hides what is about a hidden case."""

    number: int
    at: Instant
    until: Instant
    case_no: str | None
    state: str
    outcome: str | None
    note: str
    booked_by: str | None


class SlotView(Frozen):
    """A slot, free or booked. `passed`: it can be booked no more."""

    at: Instant
    until: Instant
    free: bool
    passed: bool
    booking: BookingView | None = None


class BookingOfCase(Frozen):
    """A booking for a case, with its desk."""

    desk: str
    desk_name: str
    number: int
    at: Instant
    state: str
    outcome: str | None


async def find_desk(connection: AsyncConnection, person: Person, code: str, now: datetime) -> ReferralDesk:
    """Return a desk that `person` may see. Raises NoSuchMatter."""
    _, desk = await find_matter(connection, person, MatterKind.REFERRAL_DESK, code, now)
    assert isinstance(desk, ReferralDesk)
    return desk


async def policy_in_force(connection: AsyncConnection) -> Policy:
    """Return the policy in force now."""
    return await policy_version(connection, await newest_version(connection))


async def read_slots(
    connection: AsyncConnection, desk: ReferralDesk, first: date, last: date, now: datetime
) -> tuple[SlotView, ...]:
    """Return the slots from the first day to the last, with their bookings; bookings outside the sittings too.

    Raises BadFilter for days that run backwards, or too many.
    """
    if last < first or (last - first).days >= MOST_DAYS:
        raise BadFilter(name="to", value=str(last), pointer="/query/to")
    policy = await policy_in_force(connection)
    zone = ZoneInfo(policy.zone)
    bookings = await read_bookings(connection, desk.id, first, last, zone)
    taken = {one.at: one for one in bookings if one.state != "cancelled"}
    calendar = None if desk.calendar is None else policy.calendar(desk.calendar)
    found = [
        SlotView(
            at=slot.at,
            until=slot.until,
            free=slot.at not in taken,
            passed=slot.at <= now,
            booking=taken.pop(slot.at, None),
        )
        for slot in slots_between(desk, first, last, zone, calendar)
    ]
    found += [
        SlotView(at=one.at, until=one.until, free=False, passed=one.at <= now, booking=one) for one in taken.values()
    ]
    return tuple(sorted(found, key=lambda slot: slot.at))


async def read_bookings(
    connection: AsyncConnection, desk: UUID, first: date, last: date, zone: ZoneInfo
) -> tuple[BookingView, ...]:
    """Return the bookings of those days, cancelled ones too."""
    since = datetime.combine(first, time(), zone)
    values = {"desk": desk, "since": since, "until": since + timedelta(days=(last - first).days + 1)}
    rows = await all_rows(connection, _BOOKINGS, values)
    return tuple(_booking(row) for row in rows)


def _booking(row: Sequence[Any]) -> BookingView:
    number, at, until, case_no, state, outcome, note, by = row
    return BookingView(
        number=number, at=at.astimezone(UTC), until=until.astimezone(UTC), case_no=case_no, state=state,
        outcome=outcome, note=mask_numbers(note), booked_by=by,
    )  # fmt: skip


async def for_reader(
    connection: AsyncConnection, person: Person, desk: ReferralDesk, slots: Sequence[SlotView], now: datetime
) -> tuple[SlotView, ...]:
    """Return the slots without what is about cases that `person` may not see, unless they work at the desk."""
    day = await local_day(connection, now)
    rules = RULES[MatterKind.REFERRAL_DESK]
    if sees_all_numbers(person, rules, parts_of(person, rules, desk, day)):
        return tuple(slots)
    numbers = [slot.booking.case_no for slot in slots if slot.booking is not None and slot.booking.case_no]
    readable = await readable_cases(connection, person, day, numbers)
    bare: dict[str, Any] = {"case_no": None, "outcome": None, "note": ""}
    return tuple(
        slot.model_copy(update={"booking": slot.booking.model_copy(update=bare)})
        if slot.booking is not None and slot.booking.case_no not in readable
        else slot
        for slot in slots
    )


async def bookings_of_case(connection: AsyncConnection, case_no: str) -> tuple[BookingOfCase, ...]:
    """Return the bookings for a case, which the caller has found in scope; the latest first."""
    rows = await all_rows(connection, _OF_CASE, {"no": case_no})
    return tuple(
        BookingOfCase(desk=row[0], desk_name=row[1], number=row[2], at=row[3], state=row[4], outcome=row[5])
        for row in rows
    )


async def book(
    resources: Resources, person: Person, code: str, command: Book, *, command_id: UUID, now: datetime
) -> MatterSent:
    """Book a slot for a case that `person` sees.

    Raises NoSuchCase, whether it is hidden or does not exist, and the refusals of the desk.
    """
    async with resources.reading.connect() as connection:
        row = await find_case(connection, person, command.case_no, now)
    known = command.model_copy(update={"case_no": row.case_no})
    return await act(resources, person, MatterKind.REFERRAL_DESK, code, known, command_id=command_id, now=now)
