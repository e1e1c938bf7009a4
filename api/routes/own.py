"""What the caller has reported and set themselves: for the phone."""

from fastapi import APIRouter

from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ServicesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from infra.database import transaction
from models.base import Frozen
from rules.deadlines.quiet_hours import QuietHours
from services.accounts.preferences import read_settings, save_settings
from services.reports.own import OwnReports, read_own_reports

router = APIRouter(prefix="/api/v1", tags=["accounts"], responses=PROBLEMS, dependencies=[KNOWN_PARAMETERS])


@router.get("/me/reports")
async def list_own_reports(opened: ServicesDep, caller: Caller, now: Now, language: Language) -> OwnReports:
    """What the caller has reported, the newest first, and their month: reported, closed, reworked and why."""
    async with opened.reading.connect() as connection:
        return await read_own_reports(connection, caller, now, language)


class OwnSettings(Frozen):
    """What the caller has set for themselves, as far as a phone has use for it. No `quiet`: notices always call."""

    quiet: QuietHours | None = None


@router.get("/me/settings")
async def get_own_settings(opened: ServicesDep, caller: Caller) -> OwnSettings:
    """What the caller has set."""
    async with opened.reading.connect() as connection:
        return OwnSettings(quiet=(await read_settings(connection, caller)).quiet)


@router.put("/me/settings")
async def set_own_settings(body: OwnSettings, opened: ServicesDep, caller: Caller, now: Now) -> OwnSettings:
    """Keeps what the caller sets; what is set elsewhere (columns, tabs) stays as it is."""
    async with transaction(opened.engine) as connection:
        known = await read_settings(connection, caller)
        await save_settings(connection, caller, known.model_copy(update={"quiet": body.quiet}), now)
    return body
