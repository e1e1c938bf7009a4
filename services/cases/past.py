"""A case as it was at an earlier moment, under the scope of today."""

from datetime import datetime
from types import SimpleNamespace

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.case_row import report_columns
from infra.store.cases import last_location, read_facts
from infra.store.chain import read_link
from infra.store.context import local_day
from infra.store.past import facts_until
from models.base import STORED
from models.case import Case
from models.context import Person
from models.errors import NoSuchCase, NotYetPast
from models.facts import Received
from models.views import CaseView
from rules.evolve import fold
from rules.scope import may_see
from services.cases.answers import open_for
from services.cases.names import read_names
from services.cases.queries import find_case
from services.cases.reporter_contact import masked_phone
from services.cases.told import only_reported, read_told
from services.cases.views import case_view, fact_views, files_of


def check_past(moment: datetime, now: datetime) -> None:
    """Raises NotYetPast when `moment` lies after `now`."""
    if moment > now:
        raise NotYetPast(moment=moment.isoformat())


async def get_past_case(
    connection: AsyncConnection, person: Person, case_no: str, moment: datetime, now: datetime, language: str
) -> CaseView:
    """Return the case as it stood at `moment`, with the facts up to and including it; nothing can be done with it.

    Whoever may not see the case as it is, or could not see it as it was, gets NoSuchCase, as for a moment before it
    was received. Raises NotYetPast.
    """
    check_past(moment, now)
    row = await find_case(connection, person, case_no, now)
    facts = facts_until(await read_facts(connection, row.report_id), moment)
    case = fold(facts)
    day = await local_day(connection, now)
    if case is None or not may_see(person, case, day):
        raise NoSuchCase(case_no=case_no)
    first = facts[0].body
    assert isinstance(first, Received)
    names = await read_names(connection, [case], language)
    present = Case.model_validate(row.state, context=STORED)
    link = await read_link(connection, case.report_id, case.seq)
    known = {"state": case, "report_id": case.report_id, "last_hash": None if link is None else link.hash}
    columns = known | report_columns(first) | last_location(facts)
    phone = await masked_phone(connection, present, person, day, anonymous=row.anonymous)
    opened = await open_for(connection, person, present, day, facts)
    view = case_view(SimpleNamespace(**columns), names, person, day, moment, phone, present, opened)
    changes = {
        "as_of": moment,
        "allowed_commands": (),
        "told": None if case.is_open else await read_told(connection, case, facts),
    }
    if only_reported(person, case, day):
        files = files_of(fact_views(facts, case, names, person, day))
        changes |= {"attachments": files, "urges": (), "enterprise": None}
    return view.model_copy(update=changes)
