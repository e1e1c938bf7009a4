"""The times of referral desks for everybody: where, who, when, how many slots are free. No case, no client."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.matters.rows import read_state
from models.matters.base import MatterKind
from models.matters.referral_desk import DeskKind, ReferralDesk, Sitter
from models.tables import MATTERS
from rules.matters.referrals.rules import RULES
from rules.matters.referrals.slots import hours_on, slots_on
from services.referrals.slots import policy_in_force


@dataclass(frozen=True)
class PublicDay:
    """A day on which somebody sits: from when to when, and how many slots are free."""

    day: date
    hours: tuple[tuple[time, time], ...]
    free: int


@dataclass(frozen=True)
class PublicDesk:
    """A desk as everybody sees it."""

    name: str
    kind: DeskKind
    place: str
    persons: tuple[Sitter, ...]
    days: tuple[PublicDay, ...]


async def public_desks(connection: AsyncConnection, now: datetime) -> tuple[PublicDesk, ...]:
    """Return every open desk, with the days on which somebody sits, from today."""
    policy = await policy_in_force(connection)
    zone = ZoneInfo(policy.zone)
    today = now.astimezone(zone).date()
    days = [today + timedelta(days=n) for n in range(policy.park.referrals.public_days)]
    query = (
        select(MATTERS.c.state)
        .where(MATTERS.c.kind == MatterKind.REFERRAL_DESK, MATTERS.c.ended_at.is_(None))
        .order_by(MATTERS.c.name)
    )
    found = []
    for state in (await connection.execute(query)).scalars():
        desk = read_state(RULES, state)
        assert isinstance(desk, ReferralDesk)
        calendar = None if desk.calendar is None else policy.calendar(desk.calendar)
        taken = {booking.at for booking in desk.bookings}
        shown = []
        for day in days:
            if hours := hours_on(desk, day, calendar):
                slots = slots_on(desk, day, zone, calendar)
                free = sum(slot.at > now and slot.at not in taken for slot in slots)
                shown.append(PublicDay(day, hours, free))
        found.append(PublicDesk(desk.name, desk.desk_kind, desk.place, desk.persons, tuple(shown)))
    return tuple(found)
