"""Routes for the one-time links of a case."""

from uuid import UUID

from fastapi import APIRouter, Request

from api.parameters import KNOWN_PARAMETERS
from doors.client import public_address
from doors.dependencies import ResourcesDep
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from models.base import Frozen
from services.one_time_links import LinkLine, LinkRequest, list_links, make_partner_link, take_back_link

router = APIRouter(
    route_class=StrictRoute, prefix="/api/v1", tags=["cases"], responses=PROBLEMS, dependencies=[KNOWN_PARAMETERS]
)


class LinkList(Frozen):
    """The partners' links of a case, the latest first; `path` where one can still be used."""

    items: tuple[LinkLine, ...]


class MadeLink(Frozen):
    """The whole address of a link."""

    address: str


@router.get("/cases/{case_no}/links")
async def list_case_links(case_no: str, resources: ResourcesDep, caller: Caller, now: Now) -> LinkList:
    """The links of the case, for those who deal with it."""
    return LinkList(items=await list_links(resources, caller, case_no, now))


@router.post("/cases/{case_no}/links", status_code=201)
async def make_case_link(
    case_no: str, body: LinkRequest, request: Request, resources: ResourcesDep, caller: Caller, now: Now
) -> MadeLink:
    """Makes a link by which a partner without an account answers once. With the same id, it is the same link."""
    token = await make_partner_link(resources, caller, case_no, body, now)
    return MadeLink(address=public_address(request, f"/l/{token}"))


@router.delete("/cases/{case_no}/links/{id}", status_code=204)
async def take_back_case_link(case_no: str, id: UUID, resources: ResourcesDep, caller: Caller, now: Now) -> None:
    """Takes a link back that was not used."""
    await take_back_link(resources, caller, case_no, id, now)
