"""Routes for the caller's own reports and settings, for the phone."""

from fastapi import APIRouter

from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ServicesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from infra.database import transaction
from models.base import Frozen
from models.quiet_hours import QuietHours
from services.accounts.preferences import read_settings, save_settings
from services.reports.own import OwnReports, read_own_reports

router = APIRouter(
    route_class=StrictRoute, prefix="/api/v1", tags=["accounts"], responses=PROBLEMS, dependencies=[KNOWN_PARAMETERS]
)


@router.get("/me/reports")
async def list_own_reports(services: ServicesDep, caller: Caller, now: Now, language: Language) -> OwnReports:
    """The caller's reports, the newest first, and their month: reported, closed, reworked and why."""
    async with services.reading.connect() as connection:
        return await read_own_reports(connection, caller, now, language)


class OwnSettings(Frozen):
    """The caller's settings that the phone uses. Without `quiet`, notices always alert."""

    quiet: QuietHours | None = None


@router.get("/me/settings")
async def get_own_settings(services: ServicesDep, caller: Caller) -> OwnSettings:
    """The caller's settings."""
    async with services.reading.connect() as connection:
        return OwnSettings(quiet=(await read_settings(connection, caller)).quiet)


@router.put("/me/settings")
async def set_own_settings(body: OwnSettings, services: ServicesDep, caller: Caller, now: Now) -> OwnSettings:
    """Stores the caller's settings. Those made elsewhere (columns, tabs) stay as they are."""
    async with transaction(services.engine) as connection:
        current = await read_settings(connection, caller)
        await save_settings(connection, caller, current.model_copy(update={"quiet": body.quiet}), now)
    return body
