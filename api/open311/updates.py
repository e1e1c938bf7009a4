"""Routes of updates of service requests, both ways (mySociety's extension)."""

from fastapi import APIRouter, Request, Response

from api.open311.answers import Open311Route, answer, check_format
from api.open311.catalogue import ROOT
from api.open311.forms import opened_form, read_update, text_fields
from api.open311.parameters import COUNTED, given
from api.open311.requests import count_wrong_key, key_of, moments
from doors.dependencies import ResourcesDep
from doors.language import Language
from doors.security import Now
from services.attachments.files import Limits
from services.open311.jurisdictions import read_jurisdiction
from services.open311.periods import period_between
from services.open311.updates import list_updates, take_update

router = APIRouter(route_class=Open311Route, prefix=ROOT, tags=["open311"], dependencies=[COUNTED])
keyed = APIRouter(route_class=Open311Route, prefix=ROOT, tags=["open311"])

#: The most bytes of a form without files.
_TEXT = Limits(256 * 1024, 256 * 1024)


@router.get("/servicerequestupdates.{suffix}")
async def get_updates(suffix: str, request: Request, resources: ResourcesDep, now: Now, language: Language) -> Response:
    """What everybody was told of public requests from `start_date` to before `end_date`, the oldest first."""
    form = check_format(suffix)
    begin, end = moments(request, "start_date", "end_date")
    period = period_between(("start_date", "end_date"), begin, end, now)
    async with resources.reading.connect() as connection:
        park = await read_jurisdiction(connection, given(request.query_params, "jurisdiction_id"))
        found = await list_updates(connection, resources.settings, park, period, now, language)
    return answer(request, form, "service_request_updates", found)


@keyed.post("/servicerequestupdates.{suffix}")
async def post_update(suffix: str, request: Request, resources: ResourcesDep, now: Now) -> Response:
    """Say something about a request that came by this interface, with a key. The same `update_id` counts once."""
    form = check_format(suffix)
    await count_wrong_key(request, resources, now)
    async with opened_form(request, _TEXT) as sent:
        fields = text_fields(request, sent)
        key = await key_of(request, resources, fields, now)
        update = read_update(fields, sent)
        taken = await take_update(resources, key, update, now)
    return answer(request, form, "service_request_updates", [{"update_id": taken}])
