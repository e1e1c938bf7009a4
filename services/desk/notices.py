"""The notices of a person: the steps of ladders that reached them, the newest first."""

from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.scope import CACHE_SIZE, visible, within
from infra.store.policies import NoPolicy, newest_version, policy_version
from models.base import STORED, Frozen, Instant, WrittenInstant
from models.case import Case
from models.context import Person
from models.enums import EscalationMode, Level, Severity
from models.quiet_hours import QuietHours
from models.tables import CASES, FACTS, NOTICES
from models.views import CaseItem
from rules.scope import DEPARTMENT_ROLES, in_force
from services.accounts.preferences import read_settings
from services.cases.names import Names, read_names
from services.cases.views import case_item
from services.desk.matter_notices import MatterNotice, find_matter_notices, mark_matters_read, unread_matter_counts
from services.mailboxes.told import Fate, TaskTold, mark_items_read, read_fates, read_tasks_told

MAX_NOTICES = 200
#: The fact of which auditors are told.
UNMASKED = "reporter_unmasked"
#: The severities that alert in quiet hours too; anything about an urge order does as well (our choice).
URGENT = (Severity.URGENT, Severity.MAJOR)


class Notice(Frozen):
    """A step that reached the reader (or their department): to act, or to be informed.

    `urge`: the urge order whose ladder the step belongs to; `consultation`: the step put the case on the consultation
    list. `kind` is that of the fact; "reporter_unmasked" tells an auditor that `by` looks at a reporter, at no step.
    `told`: what became of telling it outside the pages; None: it was not to be.
    """

    at: Instant
    mode: EscalationMode
    kind: str = "step_fired"
    by: str | None = None
    step: int
    urge: int | None
    level: Level
    consultation: bool
    read: bool
    case: CaseItem
    told: Fate | None = None


class Unread(Frozen):
    """The unread notices. `unread` counts all; `calling` those that alert now: in quiet hours the urgent ones, else
    all.

    `quiet_until`: the end of the reader's quiet hours; None outside of them.
    """

    unread: int = 0
    calling: int = 0
    quiet_until: Instant | None = None


class Notices(Unread):
    """Notices about cases (`items`) and about matters, the newest first; `unread` counts all unread ones.

    `tasks`: tasks that were to be told outside the pages, and what became of that.
    """

    items: tuple[Notice, ...]
    matters: tuple[MatterNotice, ...] = ()
    tasks: tuple[TaskTold, ...] = ()


class ReadUpTo(Frozen):
    """Everything that came up to this moment has been read; None: everything."""

    until: Annotated[WrittenInstant | None, Field()] = None


async def find_notices(
    connection: AsyncConnection, person: Person, now: datetime, language: str, *, unread: bool = False
) -> Notices:
    """Return the person's newest notices on cases they may see, at most `MAX_NOTICES`."""
    mine = and_(_mine(person, await local_day(connection, now)), *([NOTICES.c.read_at.is_(None)] if unread else []))
    joined = NOTICES.join(CASES, CASES.c.report_id == NOTICES.c.report_id).join(
        FACTS, and_(FACTS.c.report_id == NOTICES.c.report_id, FACTS.c.seq == NOTICES.c.seq)
    )
    query = select(
        NOTICES.c.report_id,
        NOTICES.c.seq,
        NOTICES.c.at,
        NOTICES.c.mode,
        NOTICES.c.read_at,
        FACTS.c.body,
        FACTS.c.kind,
        FACTS.c.actor,
        CASES.c.state,
    ).select_from(joined)
    rows = (await connection.execute(query.where(mine).order_by(NOTICES.c.at.desc()).limit(MAX_NOTICES))).all()
    cases = [Case.model_validate(row.state, context=STORED) for row in rows]
    actors = {row.actor for row in rows if row.kind == UNMASKED}
    names = await read_names(connection, cases, language, actors)
    unread_counts = await unread_notices(connection, person, now, (await read_settings(connection, person)).quiet)
    day = await local_day(connection, now)
    fates = await read_fates(connection, person.id, [(row.report_id, row.seq) for row in rows], language)
    return Notices(
        matters=await find_matter_notices(connection, person, day, language, MAX_NOTICES, unread=unread),
        items=tuple(
            _notice(row, case_item(case, names, now), names).model_copy(
                update={"told": fates.get((row.report_id, row.seq))}
            )
            for row, case in zip(rows, cases, strict=True)
        ),
        tasks=await read_tasks_told(connection, person.id, language),
        **unread_counts.model_dump(),
    )


async def unread_notices(
    connection: AsyncConnection, person: Person, now: datetime, quiet: QuietHours | None
) -> Unread:
    """Return how many notices the person has not read, and how many of them alert now: in `quiet` hours the urgent
    ones.

    All zero while no policy is published.
    """
    try:
        zone = ZoneInfo((await policy_version(connection, await newest_version(connection))).zone)
    except NoPolicy:
        return Unread()
    end = quiet.end(now.astimezone(zone)) if quiet is not None else None
    found = (await connection.execute(_unread_and_urgent(person, await local_day(connection, now)))).one()
    return Unread(unread=found.unread, calling=found.unread if end is None else found.pressing, quiet_until=end)


async def mark_read(connection: AsyncConnection, person: Person, now: datetime, until: datetime | None) -> int:
    """Mark as read the notices that came up to `until`, and return how many. Repeating it changes nothing."""
    mine = _mine(person, await local_day(connection, now))
    keys = (
        select(NOTICES.c.report_id, NOTICES.c.seq, NOTICES.c.receiver)
        .select_from(NOTICES.join(CASES, CASES.c.report_id == NOTICES.c.report_id))
        .where(mine, NOTICES.c.read_at.is_(None), NOTICES.c.at <= (until or now))
        .subquery()
    )
    done = await connection.execute(
        update(NOTICES)
        .values(read_at=now)
        .where(
            NOTICES.c.report_id == keys.c.report_id,
            NOTICES.c.seq == keys.c.seq,
            NOTICES.c.receiver == keys.c.receiver,
        )
    )
    await mark_items_read(connection, person.id, now, until or now)
    day = await local_day(connection, now)
    return int(done.rowcount) + await mark_matters_read(connection, person, day, now, until or now)


@lru_cache(maxsize=CACHE_SIZE)
def _unread_and_urgent(person: Person, day: date) -> Select[int, int]:
    urgent = or_(CASES.c.severity.in_(URGENT), FACTS.c.body["urge"].astext.is_not(None))
    joined = NOTICES.join(CASES, CASES.c.report_id == NOTICES.c.report_id).join(
        FACTS, and_(FACTS.c.report_id == NOTICES.c.report_id, FACTS.c.seq == NOTICES.c.seq)
    )
    matters, urgent_matters = unread_matter_counts(person, day)
    unread = (func.count() + matters).label("unread")
    pressing = (func.count().filter(urgent) + urgent_matters).label("pressing")
    return select(unread, pressing).select_from(joined).where(_mine(person, day), NOTICES.c.read_at.is_(None))


def _mine(person: Person, day: date) -> ColumnElement[bool]:
    receivers: list[ColumnElement[bool]] = [NOTICES.c.person == person.id]
    receivers += [
        and_(NOTICES.c.department == grant.department, within(grant.grid))
        for grant in in_force(person, day)
        if grant.role in DEPARTMENT_ROLES and grant.department is not None
    ]
    return and_(or_(*receivers), visible(person, day))


def _notice(row: Any, item: CaseItem, names: Names) -> Notice:
    body = row.body
    return Notice(
        at=row.at,
        mode=row.mode,
        kind=row.kind,
        by=names.people.get(str(row.actor)) if row.kind == UNMASKED else None,
        step=body.get("step", 0),
        urge=body.get("urge"),
        level=body.get("level", item.level),
        consultation=bool(body.get("consultation")),
        read=row.read_at is not None,
        case=item,
    )
