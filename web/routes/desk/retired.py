"""The page of a case that was retired: its timeline, read from the archive."""

from fastapi import APIRouter, Request, Response

from doors.dependencies import ServicesDep
from infra.archive import open_archive
from models.errors import CaseRetired
from services.archive.retired_case import read_retired
from services.cases.queries import find_case
from web.pages import go_to, page
from web.reader import SignedIn
from web.views.case.fact_sentences import fact_lines

router = APIRouter()


@router.get("/cases/{case_no}/archived")
async def show_retired(case_no: str, request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """The timeline, for supervisors and auditors of its place; of a case in the database, its own page."""
    async with services.reading.connect() as connection:
        try:
            row = await find_case(connection, reader.person, case_no, reader.now)
        except CaseRetired:
            archive = open_archive(services.settings)
            found = await read_retired(connection, archive, reader.person, case_no, reader.now, reader.language)
        else:
            return go_to(request, f"/cases/{row.case_no}")
    return page(reader, "case/retired.html", found=found, facts=fact_lines(found.facts, found.names, reader))
