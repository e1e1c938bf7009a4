"""What people ask: one case, its timeline, a list, their inbox. Each under the same scope rule."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.cases import read_facts
from infra.store.context import local_day
from models.case import Case
from models.context import Person
from models.errors import NoSuchCase, NoSuchPage
from models.tables import CASES
from models.views import CaseView, FactView
from services.cases.names import read_names
from services.cases.reporter_contact import masked_phone
from services.cases.views import case_view, fact_views
from services.criteria.scope import visible


async def find_case(connection: AsyncConnection, person: Person, case_no: str, now: datetime) -> Row[Any]:
    """The row of a case that `person` may see. Raises NoSuchCase, whether it is hidden or does not exist."""
    if "\x00" in case_no:  # nothing that PostgreSQL could even compare with
        raise NoSuchCase(case_no=case_no)
    day = await local_day(connection, now)
    row = (
        await connection.execute(
            select(CASES).where(CASES.c.case_no == case_no, visible(person, day)),
        )
    ).one_or_none()
    if row is None:
        raise NoSuchCase(case_no=case_no)
    return row


async def case_no_of(connection: AsyncConnection, report_id: UUID) -> str | None:
    """The number of the case that a report became; None while none is recorded. For who has shown a right to it."""
    found: str | None = await connection.scalar(select(CASES.c.case_no).where(CASES.c.report_id == report_id))
    return found


async def seen_among(
    connection: AsyncConnection, person: Person, case_nos: Sequence[str], now: datetime
) -> frozenset[str]:
    """Those of the cases that `person` may see."""
    day = await local_day(connection, now)
    rows = await connection.execute(select(CASES.c.case_no).where(CASES.c.case_no.in_(case_nos), visible(person, day)))
    return frozenset(rows.scalars())


async def get_case(connection: AsyncConnection, person: Person, case_no: str, now: datetime, language: str) -> CaseView:
    """The case as it stands. Raises NoSuchCase."""
    row = await find_case(connection, person, case_no, now)
    return await view_of(connection, row, person, now, language)


async def get_case_acted_on(
    connection: AsyncConnection, person: Person, case_no: str, now: datetime, language: str
) -> CaseView:
    """The case for somebody whose command on it has just counted, even if that took it out of their sight."""
    row = (await connection.execute(select(CASES).where(CASES.c.case_no == case_no))).one()
    return await view_of(connection, row, person, now, language)


async def get_report(
    connection: AsyncConnection, person: Person, report_id: UUID, now: datetime, language: str
) -> CaseView | None:
    """The case that a report became; None while none is recorded. Raises NoSuchPage if `person` may not see it."""
    seen = visible(person, await local_day(connection, now)).label("seen")
    row = (await connection.execute(select(CASES, seen).where(CASES.c.report_id == report_id))).one_or_none()
    if row is None:
        return None
    if not row.seen:
        raise NoSuchPage(what=f"report {report_id}")
    return await view_of(connection, row, person, now, language)


async def view_of(connection: AsyncConnection, row: Row[Any], person: Person, now: datetime, language: str) -> CaseView:
    """The view of a row of `cases`."""
    case = Case.model_validate(row.state)
    names = await read_names(connection, [case], language)
    day = await local_day(connection, now)
    return case_view(row, names, person, day, now, await masked_phone(connection, case, person, day))


async def get_facts(
    connection: AsyncConnection, person: Person, case_no: str, now: datetime, language: str
) -> tuple[FactView, ...]:
    """The timeline of a case. Raises NoSuchCase."""
    row = await find_case(connection, person, case_no, now)
    case = Case.model_validate(row.state)
    facts = await read_facts(connection, case.report_id)
    actors = {fact.actor.person for fact in facts if fact.actor.person is not None}
    names = await read_names(connection, [case], language, actors)
    return fact_views(facts, case, names)
