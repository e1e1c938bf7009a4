"""A retired case read from the archive: its facts as they are provable, and its timeline with the masking of today."""

from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.objects import Objects, ObjectsAway
from infra.store.context import local_day
from infra.store.retired import find_retired
from models.base import Frozen, Instant
from models.context import Person
from models.errors import ArchiveAltered, ArchiveAway, CaseRetired, NoSuchCase
from models.retired import RetiredCase
from models.text import clean_code
from models.views import CaseItem, FactView
from rules.evolve import fold
from rules.scope import could_see, reads_archive
from services.archive.bundles import is_provable, read_bundle
from services.archive.lines import ArchivedFact
from services.archive.write_cases import as_fact
from services.cases.answers import open_for
from services.cases.names import read_names
from services.cases.queries import get_facts
from services.cases.retired import retired_error
from services.cases.views import case_item, fact_views

log = structlog.get_logger(__name__)


class ArchivedCase(Frozen):
    """A retired case with its timeline. `names`: of departments, units and people by id."""

    case: CaseItem
    facts: tuple[FactView, ...]
    names: dict[str, str]
    retired_at: Instant


async def archived_facts(archive: Objects, case: RetiredCase) -> list[ArchivedFact]:
    """Return the facts of a retired case. Raises ArchiveAltered when they are not those that were retired, and
    ArchiveAway.
    """
    try:
        facts = (await read_bundle(archive, case.object)).get(case.report_id, [])
    except ObjectsAway as error:
        log.error("a retired case can't be read", case_no=case.case_no, reason=str(error))
        raise ArchiveAway() from error
    if not is_provable(facts, case.seq) or facts[-1].hash != case.head:
        log.error("a retired case is not in the archive as it was", case_no=case.case_no, object=case.object)
        raise ArchiveAltered(case_no=case.case_no)
    return facts


async def read_retired(
    connection: AsyncConnection, archive: Objects, person: Person, case_no: str, now: datetime, language: str
) -> ArchivedCase:
    """Return a retired case to a supervisor or an auditor of its place.

    Raises CaseRetired for others who could have seen it, NoSuchCase, and what `archived_facts` raises.
    """
    retired = await find_retired(connection, clean_code(case_no))
    day = await local_day(connection, now)
    if retired is None or not could_see(person, retired, day):
        raise NoSuchCase(case_no=case_no)
    if not reads_archive(person, retired, day):
        raise await retired_error(connection, retired)
    facts = [as_fact(fact) for fact in await archived_facts(archive, retired)]
    case = fold(facts)
    assert case is not None
    actors = {fact.actor.person for fact in facts if fact.actor.person is not None}
    names = await read_names(connection, [case], language, actors)
    opened = await open_for(connection, person, case, day, facts)
    return ArchivedCase(
        case=case_item(case, names, now), facts=fact_views(facts, case, names, person, day, opened),
        names={**names.units, **names.departments, **names.people, **names.enterprises}, retired_at=retired.retired_at,
    )  # fmt: skip


async def timeline(
    connection: AsyncConnection, archive: Objects, person: Person, case_no: str, now: datetime, language: str
) -> tuple[FactView, ...]:
    """Return the timeline of a case, wherever it lies. Raises what `read_retired` raises."""
    try:
        return await get_facts(connection, person, case_no, now, language)
    except CaseRetired:
        return (await read_retired(connection, archive, person, case_no, now, language)).facts
