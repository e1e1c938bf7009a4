"""What the caller has reported themselves: for the phone's list of one's own."""

from fastapi import APIRouter

from api.language import Language
from api.problems import PROBLEMS
from api.security import Caller, Now
from api.state import Opened
from services.own_reports import OwnReports, own_reports

router = APIRouter(prefix="/api/v1", tags=["accounts"], responses=PROBLEMS)


@router.get("/me/reports")
async def list_own_reports(opened: Opened, caller: Caller, now: Now, language: Language) -> OwnReports:
    """What the caller has reported, the newest first, and their month: reported, closed, reworked and why."""
    async with opened.engine.connect() as connection:
        return await own_reports(connection, caller, now, language)
