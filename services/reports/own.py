"""What somebody has reported themselves, the newest first, and their month in figures."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.policies import newest_version, policy_version
from models.base import Frozen, Instant
from models.case import Case
from models.context import Person
from models.tables import CASES, FACTS
from models.views import CaseItem
from services.cases.names import read_names
from services.cases.views import case_item
from services.criteria.scope import visible

#: How many reports a phone is given to keep, and how many reasons of rework.
MOST = 200
MOST_REASONS = 20


class Rework(Frozen):
    """A failed review of one of the reports, and why."""

    case_no: str
    at: Instant
    reason: str


class OwnMonth(Frozen):
    """The reports made since the first of the month: how many, how many of them are closed, how many went into rework.

    `reasons`: the failed reviews of this month of any of one's reports, the newest first.
    """

    since: Instant
    reported: int
    closed: int
    rework: int
    reasons: tuple[Rework, ...]


class OwnReports(Frozen):
    """One's own reports, and one's month."""

    items: tuple[CaseItem, ...]
    month: OwnMonth


async def own_reports(connection: AsyncConnection, person: Person, now: datetime, language: str) -> OwnReports:
    """The cases that `person` reported, the newest `MOST`, and the figures of the month that `now` lies in."""
    mine = and_(CASES.c.reported_by == person.id, visible(person, await local_day(connection, now)))
    rows = await connection.execute(
        select(CASES.c.state).where(mine).order_by(CASES.c.reported_at.desc(), CASES.c.report_id).limit(MOST)
    )
    cases = [Case.model_validate(state) for state in rows.scalars()]
    names = await read_names(connection, cases, language)
    since = await _first_of_month(connection, now)
    counted = (
        await connection.execute(
            select(
                func.count().label("reported"),
                func.count(CASES.c.closed_at).label("closed"),
                func.count().filter(CASES.c.round > 1).label("rework"),
            ).where(mine, CASES.c.reported_at >= since)
        )
    ).one()
    failed = await connection.execute(
        select(CASES.c.case_no, FACTS.c.at, FACTS.c.body)
        .join(FACTS, FACTS.c.report_id == CASES.c.report_id)
        .where(mine, FACTS.c.kind == "review_failed", FACTS.c.at >= since)
        .order_by(FACTS.c.at.desc())
        .limit(MOST_REASONS)
    )
    reasons = tuple(Rework(case_no=row.case_no, at=row.at, reason=row.body["reason"]) for row in failed)
    return OwnReports(
        items=tuple(case_item(case, names, now) for case in cases),
        month=OwnMonth(since=since, **counted._mapping, reasons=reasons),
    )


async def _first_of_month(connection: AsyncConnection, now: datetime) -> datetime:
    """When the month began where the newest policy applies."""
    zone = ZoneInfo((await policy_version(connection, await newest_version(connection))).zone)
    local = now.astimezone(zone)
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
