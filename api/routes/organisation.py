"""Routes for the org lint: gaps in the organisation that would leave a case with nobody."""

from fastapi import APIRouter

from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ServicesDep
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from services.organisation import lint
from services.organisation.lint import OrgLint

router = APIRouter(
    route_class=StrictRoute,
    prefix="/api/v1/org",
    tags=["organisation"],
    responses=PROBLEMS,
    dependencies=[KNOWN_PARAMETERS],
)


@router.get("/lint")
async def lint_organisation(services: ServicesDep, caller: Caller, now: Now) -> OrgLint:
    """The gaps in the organisation, errors first. Supervisors see those of the units they supervise."""
    async with services.reading.connect() as connection:
        return await lint.check_in_scope(connection, caller, now)
