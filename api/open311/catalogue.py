"""Routes of discovery, services and their definitions."""

from fastapi import APIRouter, Request, Response

from api.open311.answers import JSON, MEDIA_TYPES, XML, Open311Route, answer, check_format
from api.open311.parameters import COUNTED, given
from doors.client import public_address
from doors.dependencies import ResourcesDep
from doors.language import Language
from services.open311.catalogue import find_service, list_services, read_policy, service_definition
from services.open311.jurisdictions import read_jurisdiction

#: Where the interface is, and what GeoReport v2 calls itself.
ROOT = "/open311/v2"
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
#: When what the interface offers changed last.
CHANGED = "2026-01-01T00:00:00Z"

discovery = APIRouter(route_class=Open311Route, prefix="/open311", tags=["open311"])
router = APIRouter(route_class=Open311Route, prefix=ROOT, tags=["open311"], dependencies=[COUNTED])


@discovery.get("/discovery.{suffix}")
@discovery.get("/v2/discovery.{suffix}")
async def discover(suffix: str, request: Request, resources: ResourcesDep, language: Language) -> Response:
    """Where the interface is, in which formats, and whom to ask for a key."""
    form = check_format(suffix)
    contact = resources.settings.open311_contact
    key_service = {
        "zh": f"密钥由园区管理员在“管理 · Open311 密钥”中发放。联系:{contact}",
        "en": f"The administrator of the park gives keys under “Administration · Open311 keys”. Contact: {contact}",
    }
    content = {
        "changeset": CHANGED,
        "contact": contact,
        "key_service": key_service[language],
        "endpoints": [
            {
                "specification": SPECIFICATION,
                "url": public_address(request, ROOT),
                "changeset": CHANGED,
                "type": "production",
                "formats": [MEDIA_TYPES[one].partition(";")[0] for one in (XML, JSON)],
            }
        ],
    }
    return answer(request, form, "discovery", content)


@router.get("/services.{suffix}")
async def services(suffix: str, request: Request, resources: ResourcesDep, language: Language) -> Response:
    """What can be reported."""
    form = check_format(suffix)
    async with resources.reading.connect() as connection:
        await read_jurisdiction(connection, given(request.query_params, "jurisdiction_id"))
        policy = await read_policy(connection)
    return answer(request, form, "services", list_services(policy, language))


@router.get("/services/{service_code}.{suffix}")
async def definition(
    service_code: str, suffix: str, request: Request, resources: ResourcesDep, language: Language
) -> Response:
    """What is asked when something of a service is reported."""
    form = check_format(suffix)
    async with resources.reading.connect() as connection:
        await read_jurisdiction(connection, given(request.query_params, "jurisdiction_id"))
        category = find_service(await read_policy(connection), service_code)
    return answer(request, form, "service_definition", service_definition(category, language))
