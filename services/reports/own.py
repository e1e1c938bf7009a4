"""The reports that a person made, the newest first, and their month in figures."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.scope import visible
from infra.store.policies import newest_version, policy_version
from models.base import STORED, Frozen, Instant
from models.case import Case
from models.context import Person
from models.tables import CASES, FACTS
from models.views import CaseItem
from services.cases.names import read_names
from services.cases.views import case_item

#: The most reports that a phone is given to keep, and the most reasons of rework.
MAX_REPORTS = 200
MAX_REASONS = 20


class Rework(Frozen):
    """A failed review of one of the reports, and its reason."""

    case_no: str
    at: Instant
    reason: str


class OwnMonth(Frozen):
    """The reports made since the first of the month: how many, how many of them are closed, how many went into rework.

    `reasons`: the failed reviews of this month of any of the person's reports, the newest first.
    """

    since: Instant
    reported: int
    closed: int
    rework: int
    reasons: tuple[Rework, ...]


class OwnReports(Frozen):
    """A person's own reports, and their month."""

    items: tuple[CaseItem, ...]
    month: OwnMonth


async def read_own_reports(connection: AsyncConnection, person: Person, now: datetime, language: str) -> OwnReports:
    """Return the cases that `person` reported, the newest `MAX_REPORTS`, and the figures of the month of `now`."""
    is_own = and_(CASES.c.reported_by == person.id, visible(person, await local_day(connection, now)))
    rows = await connection.execute(
        select(CASES.c.state).where(is_own).order_by(CASES.c.reported_at.desc(), CASES.c.report_id).limit(MAX_REPORTS)
    )
    cases = [Case.model_validate(state, context=STORED) for state in rows.scalars()]
    names = await read_names(connection, cases, language)
    since = await _first_of_month(connection, now)
    counted = (
        await connection.execute(
            select(
                func.count().label("reported"),
                func.count(CASES.c.closed_at).label("closed"),
                func.count().filter(CASES.c.round > 1).label("rework"),
            ).where(is_own, CASES.c.reported_at >= since)
        )
    ).one()
    failed = await connection.execute(
        select(CASES.c.case_no, FACTS.c.at, FACTS.c.body)
        .join(FACTS, FACTS.c.report_id == CASES.c.report_id)
        .where(is_own, FACTS.c.kind == "review_failed", FACTS.c.at >= since)
        .order_by(FACTS.c.at.desc())
        .limit(MAX_REASONS)
    )
    reasons = tuple(Rework(case_no=row.case_no, at=row.at, reason=row.body["reason"]) for row in failed)
    return OwnReports(
        items=tuple(case_item(case, names, now) for case in cases),
        month=OwnMonth(since=since, **counted._mapping, reasons=reasons),
    )


async def _first_of_month(connection: AsyncConnection, now: datetime) -> datetime:
    """Return when the month began in the zone of the newest policy."""
    zone = ZoneInfo((await policy_version(connection, await newest_version(connection))).zone)
    local = now.astimezone(zone)
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
