"""Routes for a reporter's data: the keeper's look, the auditor's list, the runs of retention."""

from fastapi import APIRouter, Response

from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ResourcesDep
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from infra.store.context import local_day
from models.base import STORED
from models.case import Case
from services.cases.queries import find_case
from services.cases.told_log import TellView, read_told_log
from services.reporters.unmask import UnmaskedReporter, Unmasking, list_unmaskings, look_at_reporter

router = APIRouter(
    route_class=StrictRoute, prefix="/api/v1", tags=["reporters"], responses=PROBLEMS, dependencies=[KNOWN_PARAMETERS]
)


@router.get("/cases/{case_no}/reporter")
async def look(case_no: str, response: Response, resources: ResourcesDep, caller: Caller, now: Now) -> UnmaskedReporter:
    """The reporter of the case, for the keeper who gave the command `unmask` within the last 15 minutes. Each look is
    counted, and shown to the auditor."""
    response.headers["Cache-Control"] = "no-store"
    async with resources.reading.connect() as connection:
        return await look_at_reporter(connection, caller, case_no, now)


@router.get("/cases/{case_no}/messages")
async def messages(case_no: str, resources: ResourcesDep, caller: Caller, now: Now) -> tuple[TellView, ...]:
    """What the reporter of the case was told, by which channel and when, for those who speak with reporters; nobody is
    shown the address."""
    async with resources.reading.connect() as connection:
        row = await find_case(connection, caller, case_no, now)
        case = Case.model_validate(row.state, context=STORED)
        return await read_told_log(connection, caller, case, await local_day(connection, now))


@router.get("/unmaskings")
async def unmaskings(resources: ResourcesDep, caller: Caller, now: Now) -> tuple[Unmasking, ...]:
    """The latest unmaskings with their reasons and how often the keeper looked; for auditors and keepers."""
    async with resources.reading.connect() as connection:
        return await list_unmaskings(connection, caller, now)
