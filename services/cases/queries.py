"""Read one case, its timeline or its view, under the scope rule."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.cases import read_facts
from infra.store.context import local_day
from infra.store.criteria.scope import visible
from models.base import STORED
from models.case import Case
from models.context import Person
from models.errors import NoSuchCase, NoSuchPage
from models.tables import CASES
from models.text import clean_code, escape_controls, find_control
from models.views import CaseView, FactView
from services.cases.answers import open_for
from services.cases.names import read_names
from services.cases.proof import LAST_HASH
from services.cases.reporter_contact import masked_phone
from services.cases.retired import refuse_retired, refuse_retired_report
from services.cases.told import only_reported, read_told
from services.cases.views import case_view, fact_views, files_of


async def find_case(connection: AsyncConnection, person: Person, case_no: str, now: datetime) -> Row[Any]:
    """Return the row of a case that `person` may see. Raises NoSuchCase, whether it is hidden or does not exist, and
    CaseRetired.
    """
    number = clean_code(case_no)
    if find_control(number):
        raise NoSuchCase(case_no=escape_controls(case_no))
    day = await local_day(connection, now)
    row = (
        await connection.execute(
            select(CASES, LAST_HASH).where(CASES.c.case_no == number, visible(person, day)),
        )
    ).one_or_none()
    if row is None:
        await refuse_retired(connection, person, number, now)
        raise NoSuchCase(case_no=case_no)
    return row


async def case_no_of(connection: AsyncConnection, report_id: UUID) -> str | None:
    """Return the number of the case that a report became; None while none is recorded.

    Applies no scope rule: only for callers who have shown a right to the report.
    """
    found: str | None = await connection.scalar(select(CASES.c.case_no).where(CASES.c.report_id == report_id))
    return found


async def visible_case_nos(
    connection: AsyncConnection, person: Person, case_nos: Sequence[str], now: datetime
) -> frozenset[str]:
    """Return those of the cases that `person` may see."""
    day = await local_day(connection, now)
    rows = await connection.execute(select(CASES.c.case_no).where(CASES.c.case_no.in_(case_nos), visible(person, day)))
    return frozenset(rows.scalars())


async def read_cases(connection: AsyncConnection, case_nos: Sequence[str]) -> tuple[Case, ...]:
    """Return those of the cases that exist. Applies no scope rule: the caller decides who may see which."""
    states = await connection.scalars(select(CASES.c.state).where(CASES.c.case_no.in_(case_nos)))
    return tuple(Case.model_validate(state, context=STORED) for state in states)


async def get_case(connection: AsyncConnection, person: Person, case_no: str, now: datetime, language: str) -> CaseView:
    """Return the case as it stands. Raises NoSuchCase."""
    row = await find_case(connection, person, case_no, now)
    return await build_case_view(connection, row, person, now, language)


async def get_case_acted_on(
    connection: AsyncConnection, person: Person, case_no: str, now: datetime, language: str
) -> CaseView:
    """Return the case to a person whose command on it has just counted, even if that took it out of their sight."""
    row = (await connection.execute(select(CASES, LAST_HASH).where(CASES.c.case_no == clean_code(case_no)))).one()
    return await build_case_view(connection, row, person, now, language)


async def get_report(
    connection: AsyncConnection, person: Person, report_id: UUID, now: datetime, language: str
) -> CaseView | None:
    """Return the case that a report became, None while none is recorded. Raises NoSuchPage if `person` may not see
    it, and CaseRetired.
    """
    may_see = visible(person, await local_day(connection, now)).label("may_see")
    row = (
        await connection.execute(select(CASES, LAST_HASH, may_see).where(CASES.c.report_id == report_id))
    ).one_or_none()
    if row is None:
        await refuse_retired_report(connection, person, report_id, now)
        return None
    if not row.may_see:
        raise NoSuchPage(what=f"report {report_id}")
    return await build_case_view(connection, row, person, now, language)


async def build_case_view(
    connection: AsyncConnection, row: Row[Any], person: Person, now: datetime, language: str
) -> CaseView:
    """Return the view of a row of `cases`: of a closed one with what its end tells its reporter. Who only reported it
    sees the files that were sent or shown to them, no urge orders, and not which enterprise it was found to be about.
    """
    case = Case.model_validate(row.state, context=STORED)
    names = await read_names(connection, [case], language)
    day = await local_day(connection, now)
    phone = await masked_phone(connection, case, person, day, anonymous=row.anonymous)
    view = case_view(row, names, person, day, now, phone, opened=await open_for(connection, person, case, day))
    reported = only_reported(person, case, day)
    if case.is_open and not reported:
        return view
    facts = await read_facts(connection, case.report_id)
    told = None if case.is_open else await read_told(connection, case, facts)
    if not reported:
        return view.model_copy(update={"told": told})
    files = files_of(fact_views(facts, case, names, person, day))
    return view.model_copy(update={"told": told, "attachments": files, "urges": (), "enterprise": None})


async def get_facts(
    connection: AsyncConnection, person: Person, case_no: str, now: datetime, language: str
) -> tuple[FactView, ...]:
    """Return the timeline of a case, as far as `person` may read it. Raises NoSuchCase."""
    row = await find_case(connection, person, case_no, now)
    case = Case.model_validate(row.state, context=STORED)
    facts = await read_facts(connection, case.report_id)
    actors = {fact.actor.person for fact in facts if fact.actor.person is not None}
    names = await read_names(connection, [case], language, actors)
    day = await local_day(connection, now)
    opened = await open_for(connection, person, case, day, facts)
    return fact_views(facts, case, names, person, day, opened)
