"""Bring one retired case back into the database: the undoing of its retirement."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from infra.objects import Objects
from infra.store.retired import find_retired, forget_retired, store_run
from models.errors import NoSuchCase
from models.jobs.retirement import RetirementRun
from models.text import clean_code
from services.archive.retired_case import archived_facts
from services.archive.write_cases import as_fact, insert_case

_ARCHIVED = text("INSERT INTO archived (origin, seq) VALUES (:origin, :seq) ON CONFLICT DO NOTHING")


async def bring_back(owner: AsyncEngine, archive: Objects, case_no: str, now: datetime) -> RetirementRun:
    """Write a retired case from the archive, fact by fact, with its hashes; its notices and looks do not come back.

    `owner`: the engine of the role that owns the tables. Raises NoSuchCase when no case of that number is retired,
    ArchiveAway, ArchiveAltered, and what a database raises that is away.
    """
    async with transaction(owner) as connection:
        await connection.execute(text("LOCK TABLE retired_cases IN SHARE ROW EXCLUSIVE MODE"))
        retired = await find_retired(connection, clean_code(case_no))
        if retired is None:
            raise NoSuchCase(case_no=case_no)
        facts = [as_fact(fact) for fact in await archived_facts(archive, retired)]
        await forget_retired(connection, retired.report_id)
        await insert_case(connection, facts, notices=False)
        await connection.execute(_ARCHIVED, {"origin": retired.report_id, "seq": retired.seq})
        done = RetirementRun(at=now, facts=len(facts), brought_back=retired.case_no)
        await store_run(connection, done)
    return done
