"""Routes for duties (勤务): what plans ask for, listed and reported. Plans themselves are matters, in `matters.py`."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query
from pydantic import Field

from api.headers import IdempotencyKey
from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ResourcesDep, ServicesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from models.base import Code, Frozen, OptionalNote, WrittenInstant
from models.commands.report import Attachments, GivenLocation
from models.ids import new_id
from models.matters.plan import ItemAnswer, Need, ReportDuty
from services.plans.duties import get_duty, list_duties
from services.plans.figures import DutyFigures, read_duty_figures
from services.plans.filter import DutyFilter
from services.plans.load import MOST_DAYS, PlanLoad, read_load
from services.plans.own import OwnDuties, read_own_duties
from services.plans.report import report_duty
from services.plans.views import DutyPage, DutyView

router = APIRouter(
    route_class=StrictRoute,
    prefix="/api/v1/duties",
    tags=["duties"],
    responses=PROBLEMS,
    dependencies=[KNOWN_PARAMETERS],
)


class DutyReport(Frozen):
    """What was found. Every item of the checklist is answered once; `done_at` is the phone's time."""

    done_at: WrittenInstant | None = None
    items: Annotated[tuple[ItemAnswer, ...], Field(max_length=100)] = ()
    note: OptionalNote = ""
    needs: Annotated[tuple[Need, ...], Field(max_length=20)] = ()
    photos: Attachments = ()
    location: GivenLocation | None = None


@router.get("")
async def list_all(
    filters: Annotated[DutyFilter, Query()], services: ServicesDep, caller: Caller, now: Now, language: Language
) -> DutyPage:
    """Those that the caller may see and that fit the filters, by deadline, a page at a time."""
    async with services.reading.connect() as connection:
        return await list_duties(connection, caller, filters, now, language)


@router.get("/mine")
async def list_mine(services: ServicesDep, caller: Caller, now: Now, language: Language) -> OwnDuties:
    """What the caller is to do soon, missed lately and did today, with the checklists: for the phone to keep."""
    async with services.reading.connect() as connection:
        return await read_own_duties(connection, caller, now, language)


@router.get("/figures")
async def get_figures(
    services: ServicesDep,
    caller: Caller,
    now: Now,
    language: Language,
    grid: Code | None = None,
    since: date | None = None,
    until: date | None = None,
) -> DutyFigures:
    """How many are done, late, missed and still due: of today, or of the days given, by community and enterprise."""
    async with services.reading.connect() as connection:
        return await read_duty_figures(connection, caller, now, language, grid=grid, since=since, until=until)


@router.get("/load")
async def get_load(
    services: ServicesDep,
    caller: Caller,
    now: Now,
    language: Language,
    days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 30,
    grid: Code | None = None,
) -> PlanLoad:
    """How many duties the plans ask of each person and day, from today on; the fullest days first."""
    async with services.reading.connect() as connection:
        return await read_load(connection, caller, now, language, days=days, grid=grid)


@router.get("/{duty}")
async def get_one(duty: UUID, services: ServicesDep, caller: Caller, now: Now, language: Language) -> DutyView:
    """A duty with its checklist and, once it is done, what was found."""
    async with services.reading.connect() as connection:
        return await get_duty(connection, caller, duty, now, language)


@router.post("/{duty}/report")
async def report(
    duty: UUID,
    body: Annotated[DutyReport, Body()],
    resources: ResourcesDep,
    caller: Caller,
    now: Now,
    language: Language,
    key: IdempotencyKey = None,
) -> DutyView:
    """Reports the duty as done. Sent again it counts once; what arrives after the deadline is late."""
    command = ReportDuty(duty=duty, **body.model_dump())
    await report_duty(resources, caller, command, command_id=key or new_id(), now=now)
    async with resources.reading.connect() as connection:
        return await get_duty(connection, caller, duty, now, language)
