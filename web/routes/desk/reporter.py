"""The reporter of a case for its keeper, and the list of unmaskings for the auditor."""

from fastapi import APIRouter, Response

from doors.dependencies import ServicesDep
from models.errors import NotUnmasked
from services.reporters.retention import latest_runs
from services.reporters.unmask import list_unmaskings, look_at_reporter
from web.pages import page
from web.reader import SignedIn

router = APIRouter()


@router.get("/cases/{case_no}/reporter")
async def look(case_no: str, services: ServicesDep, reader: SignedIn) -> Response:
    """The reporter, with the time that remains; without a reason given, the way to give one. Each look is counted."""
    try:
        async with services.reading.connect() as connection:
            seen = await look_at_reporter(connection, reader.person, case_no, reader.now)
    except NotUnmasked:
        return page(reader, "case/reporter.html", 403, case_no=case_no, seen=None, left=0)
    left = max(1, round((seen.until - reader.now).total_seconds() / 60))
    return page(reader, "case/reporter.html", case_no=case_no, seen=seen, left=left)


@router.get("/unmaskings")
async def unmaskings(services: ServicesDep, reader: SignedIn) -> Response:
    """Who looked at which reporter, why and how often; and what the retention erased."""
    async with services.reading.connect() as connection:
        found = await list_unmaskings(connection, reader.person, reader.now)
        runs = await latest_runs(connection)
    return page(reader, "desk/unmaskings.html", unmaskings=found, runs=runs)
