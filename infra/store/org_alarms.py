"""Org alarms: vacancies that a ladder step has met, listed until the role is held again."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import run
from infra.store.holders import with_holders
from models.context import Unit
from models.enums import Level, Role
from models.facts import Fact, StepFired
from models.matters.base import MatterFact
from models.organisation import OrgAlarm

_RAISE = """
    INSERT INTO org_alarms AS a (unit, role, first_at, last_at, last_case, times)
    VALUES (%(unit)s, %(role)s, %(at)s, %(at)s, %(case)s, 1)
    ON CONFLICT (unit, role) DO UPDATE SET
        last_at = excluded.last_at, last_case = excluded.last_case, times = a.times + 1
"""
_OPEN = text("SELECT unit, role, last_at, times FROM org_alarms ORDER BY unit, role")
_CLEAR = text("DELETE FROM org_alarms WHERE unit = :unit AND role = :role AND last_at = :last_at")


async def raise_alarms(connection: AsyncConnection, report_id: UUID, facts: Iterable[Fact]) -> None:
    """Store an alarm for every vacancy that `facts` met, in the transaction that records them.

    The order is fixed, so that two cases that escalate at once cannot deadlock.
    """
    met = [(v.unit, v.role, fact.at) for fact in facts if isinstance(fact.body, StepFired) for v in fact.body.vacancies]
    await _raise(connection, report_id, met)


async def raise_matter_alarms(connection: AsyncConnection, id_: UUID, facts: Iterable[MatterFact]) -> None:
    """Store an alarm for every vacancy that facts of a matter met: a step of its ladder, duties that nobody can do."""
    vacancies = ((getattr(fact.body, "vacancies", ()), fact.at) for fact in facts)
    await _raise(connection, id_, [(v.unit, v.role, at) for found, at in vacancies for v in found])


async def _raise(connection: AsyncConnection, cause: UUID, met: list[tuple[str, Role, datetime]]) -> None:
    for unit, role, at in sorted(met):
        await run(connection, _RAISE, {"unit": unit, "role": role.value, "at": at, "case": cause})


async def list_open_alarms(connection: AsyncConnection, now: datetime, today: date) -> tuple[OrgAlarm, ...]:
    """Return the alarms whose role nobody holds at `now`."""
    alarms, held = await _alarms(connection, now, today)
    return tuple(alarm for alarm in alarms if (alarm.unit, alarm.role) not in held)


async def clear_alarms(connection: AsyncConnection, now: datetime, today: date) -> int:
    """Delete the alarms whose role is held again, and return how many. An alarm raised meanwhile stays."""
    alarms, held = await _alarms(connection, now, today)
    answered = [alarm for alarm in alarms if (alarm.unit, alarm.role) in held]
    for alarm in answered:
        await connection.execute(_CLEAR, {"unit": alarm.unit, "role": alarm.role.value, "last_at": alarm.last_at})
    return len(answered)


async def _alarms(
    connection: AsyncConnection, now: datetime, today: date
) -> tuple[list[OrgAlarm], set[tuple[str, Role]]]:
    rows = await connection.execute(_OPEN)
    alarms = [OrgAlarm(unit=r.unit, role=Role(r.role), last_at=r.last_at, times=r.times) for r in rows]
    units = [Unit(code=code, level=Level.PARK) for code in sorted({alarm.unit for alarm in alarms})]
    staffed = await with_holders(connection, units, now, today)
    return alarms, {(unit.code, holder.role) for unit in staffed for holder in unit.holders}
