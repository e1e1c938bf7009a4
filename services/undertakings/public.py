"""The undertakings as everybody sees them, without an account: who, what, until when, how far, and what was missed.

What was ended undone stays on the list with its reason, and a missed day stays visible whatever comes later.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.matters.rows import read_state
from infra.store.policies import newest_version, policy_version
from models.base import Frozen, Instant
from models.matters.base import MatterKind
from models.matters.undertaking import Undertaking, UndertakingType
from models.personal_numbers import mask_numbers
from models.tables import MATTERS
from rules.matters.undertaking import RULES
from services.undertakings.progress import Progress, read_progress

#: How many are shown; the newest first (our choice).
MOST = 200
#: How many pictures of one undertaking are shown (our choice).
MOST_PICTURES = 6


class PublicMilestone(Frozen):
    """A milestone: due on a day, reached, or missed."""

    name: str
    due_on: date
    done_on: date | None
    missed: bool


class PublicUndertaking(Frozen):
    """An undertaking as everybody sees it. `days_late` counts from the day it was due, while it is not done."""

    code: str
    name: str
    type: UndertakingType
    number: int | None
    statement: str
    owner_name: str
    due_on: date
    first_due_on: date
    status: str
    days_late: int
    missed: bool
    progress: Progress
    latest: str
    result: str
    end_reason: str
    postponements: tuple[str, ...]
    milestones: tuple[PublicMilestone, ...]
    places: tuple[str, ...]
    pictures: tuple[str, ...]
    updated_at: Instant


async def public_undertakings(connection: AsyncConnection, now: datetime) -> tuple[PublicUndertaking, ...]:
    """Return every undertaking, those going on first; the missed ones lead."""
    zone = ZoneInfo((await policy_version(connection, await newest_version(connection))).zone)
    today = now.astimezone(zone).date()
    order = (MATTERS.c.ended_at.is_not(None), MATTERS.c.due_at.asc().nulls_last(), MATTERS.c.id)
    query = select(MATTERS.c.state).where(MATTERS.c.kind == MatterKind.UNDERTAKING).order_by(*order).limit(MOST)
    found = []
    for state in (await connection.execute(query)).scalars():
        undertaking = read_state(RULES, state)
        assert isinstance(undertaking, Undertaking)
        found.append(undertaking)
    progress = await read_progress(connection, found)
    pictures = await _pictures(connection, [sha for one in found for sha in one.evidence])
    return tuple(_public(one, progress[one.code], pictures, today, zone) for one in found)


def _public(
    one: Undertaking, progress: Progress, pictures: frozenset[str], today: date, zone: ZoneInfo
) -> PublicUndertaking:
    open_ = one.status == "open"
    return PublicUndertaking(
        code=one.code,
        name=mask_numbers(one.name),
        type=one.type,
        number=one.number,
        statement=mask_numbers(one.statement),
        owner_name=mask_numbers(one.owner_name),
        due_on=one.due_on,
        first_due_on=one.first_due_on,
        status=one.status,
        days_late=max(0, (today - one.due_on).days) if open_ else 0,
        missed=one.missed or (open_ and today > one.due_on),
        progress=progress,
        latest=mask_numbers(one.progress),
        result=mask_numbers(one.result),
        end_reason=mask_numbers(one.end_reason),
        postponements=tuple(mask_numbers(reason) for reason in one.postponements),
        milestones=tuple(
            PublicMilestone(
                name=mask_numbers(milestone.name),
                due_on=milestone.due_on,
                done_on=None if milestone.done_at is None else milestone.done_at.astimezone(zone).date(),
                missed=milestone.missed_at is not None or (milestone.done_at is None and today > milestone.due_on),
            )
            for milestone in one.milestones
        ),
        places=tuple(mask_numbers(place.name) for place in one.places),
        pictures=tuple(sha for sha in one.evidence if sha in pictures)[-MOST_PICTURES:],
        updated_at=one.updated_at,
    )


async def _pictures(connection: AsyncConnection, hashes: list[str]) -> frozenset[str]:
    if not hashes:
        return frozenset()
    query = text("SELECT sha256 FROM attachments WHERE sha256 = ANY (:hashes) AND media_type LIKE 'image/%'")
    return frozenset((await connection.execute(query, {"hashes": hashes})).scalars())
