"""Cases that were retired, for those who could have seen them: that they were, and when."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.retired import find_retired, find_retired_report
from models.context import Person
from models.errors import CaseRetired
from models.retired import RetiredCase
from models.text import clean_code
from models.views import RetiredItem
from rules.scope import could_see, reads_archive


async def refuse_retired(connection: AsyncConnection, person: Person, case_no: str, now: datetime) -> None:
    """Raise CaseRetired where `person` could have seen the case; else return, as if there were none."""
    case = await find_retired(connection, case_no)
    if case is not None and could_see(person, case, await local_day(connection, now)):
        raise await retired_error(connection, case)


async def refuse_retired_report(connection: AsyncConnection, person: Person, report_id: UUID, now: datetime) -> None:
    """The same for the case that a report became."""
    case = await find_retired_report(connection, report_id)
    if case is not None and could_see(person, case, await local_day(connection, now)):
        raise await retired_error(connection, case)


async def retired_error(connection: AsyncConnection, case: RetiredCase) -> CaseRetired:
    """Return the refusal that tells since when a case is in the archive alone."""
    return CaseRetired(case_no=case.case_no, at=await local_day(connection, case.retired_at))


async def search_retired(
    connection: AsyncConnection, person: Person, query: str, now: datetime
) -> tuple[RetiredItem, ...]:
    """Return the retired case whose whole number is sought, if `person` could have seen it."""
    number = "".join(clean_code(query).replace("-", " ").split())
    case = await find_retired(connection, number) if number.isdecimal() else None
    if case is None:
        return ()
    day = await local_day(connection, now)
    if not could_see(person, case, day):
        return ()
    on = await local_day(connection, case.retired_at)
    return (RetiredItem(case_no=case.case_no, retired_on=on, readable=reads_archive(person, case, day)),)
