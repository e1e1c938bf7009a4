"""What the phone keeps of its person's duties: those to do soon, with their checklists, so that they open offline."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.duties import own_duties
from infra.store.policies import policy_version
from models.base import Frozen, Instant
from models.context import Person
from models.matters.plan import DutyStatus
from models.tables import DUTIES
from services.plans.duties import duty_rows, read_duty_names
from services.plans.views import DutyItem, duty_item

#: How far ahead and back the phone keeps duties (our choice): missed ones for a week, done ones for most of a day.
AHEAD, BACK, DONE_BACK = timedelta(days=2), timedelta(days=7), timedelta(hours=18)
#: The most duties a phone keeps.
MOST = 200


class OwnItem(Frozen):
    """An item of a checklist, in the reader's language."""

    code: str
    text: str
    photo: bool


class OwnChecklist(Frozen):
    """A checklist as one policy version has it; `key` is what duties refer to it by."""

    key: str
    name: str
    items: tuple[OwnItem, ...]


class OwnDuty(DutyItem):
    """A duty of the phone's person; `list` is the key of its checklist."""

    list: str | None


class OwnDuties(Frozen):
    """The duties of the caller: due soon, missed lately and done today, by deadline; and their checklists."""

    now: Instant
    duties: tuple[OwnDuty, ...]
    checklists: tuple[OwnChecklist, ...]


async def read_own_duties(connection: AsyncConnection, person: Person, now: datetime, language: str) -> OwnDuties:
    """Return what the caller is to do."""
    c = DUTIES.c
    day = await local_day(connection, now)
    wanted = or_(
        and_(c.status == DutyStatus.DUE, c.opens_at <= now + AHEAD),
        c.status == DutyStatus.MISSED,
        and_(c.status.in_([DutyStatus.DONE, DutyStatus.LATE]), c.received_at >= now - DONE_BACK),
    )
    lately = c.due_at >= now - BACK  # of a year of duties only these days are read, by the index on their deadlines
    query = duty_rows(and_(lately, own_duties(person, day), wanted)).order_by(c.due_at, c.id).limit(MOST)
    rows = (await connection.execute(query)).all()
    names = await read_duty_names(connection, rows, language)
    used = {(row.checklist, row.policy_version) for row in rows if row.checklist is not None}
    lists = [
        found for code, version in sorted(used) if (found := await _checklist(connection, code, version, language))
    ]
    duties = tuple(OwnDuty(**duty_item(row, names).model_dump(), list=_key(row)) for row in rows)
    return OwnDuties(now=now, duties=duties, checklists=tuple(lists))


def _key(row: Any) -> str | None:
    return None if row.checklist is None else f"{row.checklist}@{row.policy_version}"


async def _checklist(connection: AsyncConnection, code: str, version: int, language: str) -> OwnChecklist | None:
    found = (await policy_version(connection, version)).park.checklist(code)
    if found is None:
        return None
    items = tuple(OwnItem(code=item.code, text=item.text(language), photo=item.photo) for item in found.items)
    return OwnChecklist(key=f"{code}@{version}", name=found.name(language), items=items)
