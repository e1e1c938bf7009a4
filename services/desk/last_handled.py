"""The last time a case left a tab of the desk, for a tab that is empty now."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.scope import visible
from models.base import Frozen, Instant
from models.context import Grant, Person
from models.tables import CASES, FACTS
from models.tables.directory import GrantRow
from rules.scope import in_force
from services.desk.tabs import DONE_WITHIN, DeskTab

_GRANTS: Any = GrantRow.__table__  # type: ignore[attr-defined]
#: The facts by which the people of a tab move a case off it. Cases leave the other tabs when their light changes,
#: or when somebody else decides.
_LEFT_BY: Mapping[DeskTab, tuple[str, ...]] = {
    DeskTab.ACCEPTING: ("accepted", "rejected"),
    DeskTab.DISPATCHING: ("dispatched",),
    DeskTab.UNCLAIMED: ("claimed",),
    DeskTab.DOING: ("completed", "aborted"),
    DeskTab.REVIEWING: ("review_passed", "review_failed"),
    DeskTab.HELPING: ("progress_reported", "responded"),
    DeskTab.URGED: ("urge_answered",),
    DeskTab.DECIDING: (
        "return_granted", "return_refused", "extension_granted", "extension_refused", "suspension_granted",
        "suspension_refused", "reopened", "reopen_refused", "appeal_decided",
    ),
}  # fmt: skip


class LastHandled(Frozen):
    """The last case of a tab, when it left, and by which fact. The reader may see it."""

    at: Instant
    kind: str
    case_no: str


async def last_handled(connection: AsyncConnection, tab: DeskTab, person: Person, now: datetime) -> LastHandled | None:
    """Return the last action on a case of the tab by the reader, or by others with the same role in the same place.

    None where that is older than `DONE_WITHIN`, or where cases leave the tab by themselves.
    """
    day = await local_day(connection, now)
    kinds = _LEFT_BY.get(tab)
    if kinds is None:
        return None
    same_role = or_(false(), *(_same_grant(grant, day) for grant in in_force(person, day)))
    actors = {person.id, *(await connection.scalars(select(_GRANTS.c.person).where(same_role)))}
    reports_for = FACTS.c.body.op("->>")("reports_for")
    statement = (
        select(FACTS.c.at, FACTS.c.kind, CASES.c.case_no)
        .join(CASES, CASES.c.report_id == FACTS.c.report_id)
        .where(
            FACTS.c.actor.in_(actors),
            FACTS.c.at >= now - DONE_WITHIN,
            FACTS.c.kind != "received",  # the condition of the index on people's actions
            FACTS.c.kind.in_(kinds),
            or_(
                FACTS.c.kind != "progress_reported", reports_for.is_not(None)
            ),  # progress of the host itself completes nothing
            visible(person, day),
        )
        .order_by(FACTS.c.at.desc())
        .limit(1)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else LastHandled.model_validate(dict(row._mapping))


def _same_grant(grant: Grant, day: date) -> ColumnElement[bool]:
    """Whether a grant is of the same role for the same unit and department, and in force."""
    g = _GRANTS.c
    return and_(
        g.role == grant.role.value,
        g.grid.is_not_distinct_from(grant.grid),
        g.department.is_not_distinct_from(grant.department),
        g.since <= day,
        or_(g.until.is_(None), g.until >= day),
    )
