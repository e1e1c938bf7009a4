"""The organisation, checked: holes that would leave a case with nobody."""

from fastapi import APIRouter

from api.parameters import KNOWN_PARAMETERS
from api.problems import PROBLEMS
from api.security import Caller, Now
from api.state import Opened
from services import org_lint
from services.org_lint import OrgLint

router = APIRouter(prefix="/api/v1/org", tags=["organisation"], responses=PROBLEMS, dependencies=[KNOWN_PARAMETERS])


@router.get("/lint")
async def lint_organisation(opened: Opened, caller: Caller, now: Now) -> OrgLint:
    """What is wrong with the organisation, errors first; a supervisor sees the units they supervise."""
    async with opened.reading.connect() as connection:
        return await org_lint.check_in_scope(connection, caller, now)
