"""Routes of emergency plans beside those of every matter: begin one for a case, one's own steps, who was told."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from pydantic import Field

from api.headers import IdempotencyKey
from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ResourcesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from models.base import Code, Frozen
from models.ids import new_id
from models.matters.base import MatterKind
from models.matters.emergency import Emergency
from rules.matters.registry import RULES
from services.cases.queries import find_case
from services.emergencies.begin import begin_by_hand
from services.emergencies.show import MySteps, Told, runs_of_case, steps_for, who_was_told
from services.matters.queries import build_matter_view, find_matter
from services.matters.views import MatterView

router = APIRouter(
    route_class=StrictRoute, prefix="/api/v1", tags=["emergencies"], responses=PROBLEMS, dependencies=[KNOWN_PARAMETERS]
)


class Beginning(Frozen):
    """Which plan is to begin; without it, the one that fits the case."""

    plan: Annotated[Code | None, Field(description="A plan of the policy")] = None


@router.post("/cases/{case_no}/emergencies", status_code=201, responses={200: {"model": MatterView}})
async def begin_emergency(
    case_no: str,
    response: Response,
    resources: ResourcesDep,
    caller: Caller,
    now: Now,
    language: Language,
    body: Annotated[Beginning, Body(default_factory=Beginning)],
    key: IdempotencyKey = None,
) -> MatterView:
    """Begins an emergency plan for the case. 201: a new run; 200: this very command came before."""
    sent = await begin_by_hand(resources, caller, case_no, body.plan, id_=key or new_id(), now=now)
    response.status_code = 201 if sent.created else 200
    return await _view(resources, caller, sent.receipt.code, now, language)


@router.get("/cases/{case_no}/emergencies")
async def list_emergencies_of_case(
    case_no: str, resources: ResourcesDep, caller: Caller, now: Now, language: Language
) -> tuple[MatterView, ...]:
    """The runs of emergency plans for the case, the newest first."""
    async with resources.reading.connect() as connection:
        row = await find_case(connection, caller, case_no, now)
        rules = RULES[MatterKind.EMERGENCY]
        runs = await runs_of_case(connection, row.case_no)
        return tuple([await build_matter_view(connection, caller, rules, run, now, language) for run in runs])


@router.get("/emergency-steps")
async def list_my_steps(resources: ResourcesDep, caller: Caller, now: Now) -> MySteps:
    """The open steps of running emergency plans that were given to the caller, the next due first."""
    async with resources.reading.connect() as connection:
        return await steps_for(connection, caller, now)


@router.get("/emergencies/{code}/told")
async def list_told(code: str, resources: ResourcesDep, caller: Caller, now: Now) -> tuple[Told, ...]:
    """Who was told of the run and its steps, when, and when they read it."""
    async with resources.reading.connect() as connection:
        _, run = await find_matter(connection, caller, MatterKind.EMERGENCY, code, now)
        assert isinstance(run, Emergency)
        return await who_was_told(connection, run)


async def _view(resources: ResourcesDep, caller: Caller, code: str, now: Now, language: Language) -> MatterView:
    async with resources.reading.connect() as connection:
        rules, run = await find_matter(connection, caller, MatterKind.EMERGENCY, code, now)
        return await build_matter_view(connection, caller, rules, run, now, language)
