"""Routes of service requests: the list, one, a new one, what has become of a token, and all as a table."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from api.open311.answers import Open311Route, answer, check_format, streamed_table
from api.open311.catalogue import ROOT
from api.open311.forms import opened_form, read_posted, sent_files, text_fields
from api.open311.parameters import COUNTED, given, listed, whole_number
from doors.client import client_address, public_address
from doors.dependencies import ResourcesDep
from doors.language import Language
from doors.security import Now
from models.base import EARLIEST
from models.errors import InputError
from services.accounts.limits import OPEN311_TABLES, OPEN311_WRONG_KEYS
from services.attachments.files import Limits
from services.attachments.intake import limits_of
from services.open311.bulk import bulk_table
from services.open311.intake import Sent, Taken, read_token, take_key, take_report
from services.open311.jurisdictions import read_jurisdiction
from services.open311.keys import Key
from services.open311.periods import Period, period_between, read_moment
from services.open311.requests import (
    MOST,
    MOST_EXTENDED,
    Found,
    Wanted,
    extended_fields,
    list_requests,
    read_request,
    request_fields,
)
from services.open311.states import CLOSED, OPEN
from services.public.photo_tokens import make_photo_token
from services.runtime.resources import Resources

router = APIRouter(route_class=Open311Route, prefix=ROOT, tags=["open311"], dependencies=[COUNTED])
#: What takes a key: its own limit counts.
keyed = APIRouter(route_class=Open311Route, prefix=ROOT, tags=["open311"])

#: The most pages that are counted; a period narrows the list further.
_MOST_PAGES = 10_000


@router.get("/requests.{suffix}")
async def get_requests(
    suffix: str, request: Request, resources: ResourcesDep, now: Now, language: Language
) -> Response:
    """Public requests, the newest first: of the last 90 days, 1,000 at most, unless parameters say otherwise.

    `service_request_id` (overrides all others but the paging), `service_code`, `status`: several with commas;
    `start_date`, `end_date` (when requested), `updated_after`, `updated_before`; `page`, `page_size`; `extensions`.
    """
    form = check_format(suffix)
    extended = (given(request.query_params, "extensions") or "").lower() == "true"
    wanted = _wanted(request, now, MOST_EXTENDED if extended else MOST)
    async with resources.reading.connect() as connection:
        park = await read_jurisdiction(connection, given(request.query_params, "jurisdiction_id"))
        found = await list_requests(
            connection, resources.settings, park, wanted, now, language, extended=extended
        )  # fmt: skip
    content = _shown(request, resources, found, now, extended=extended)
    return answer(request, form, "service_requests", content)


@router.get("/requests/{service_request_id}.{suffix}")
async def get_request(
    service_request_id: str, suffix: str, request: Request, resources: ResourcesDep, now: Now, language: Language
) -> Response:
    """One public request, as a list of one."""
    form = check_format(suffix)
    extended = (given(request.query_params, "extensions") or "").lower() == "true"
    async with resources.reading.connect() as connection:
        park = await read_jurisdiction(connection, given(request.query_params, "jurisdiction_id"))
        found = await read_request(connection, resources.settings, park, service_request_id, now, language)
    content = _shown(request, resources, found, now, extended=extended)
    return answer(request, form, "service_requests", content)


@router.get("/tokens/{token}.{suffix}")
async def get_token(token: str, suffix: str, request: Request, resources: ResourcesDep) -> Response:
    """The request of a token, as a list of one. Without `service_request_id` it is not recorded yet: ask again."""
    form = check_format(suffix)
    async with resources.reading.connect() as connection:
        await read_jurisdiction(connection, given(request.query_params, "jurisdiction_id"))
    taken = await read_token(resources, token)
    number = {} if taken.number is None else {"service_request_id": taken.number}
    return answer(request, form, "service_requests", [{**number, "token": str(taken.report_id)}])


@router.get("/requests-bulk.csv")
async def get_table(request: Request, resources: ResourcesDep, now: Now, language: Language) -> Response:
    """All public requests as a CSV table of 14 columns (RFC 4180). `start_date`, `end_date` and `status` narrow it."""
    await OPEN311_TABLES.use(resources.engine, client_address(request), now)
    begin, end = moments(request, "start_date", "end_date")
    if begin is not None and end is not None and begin >= end:
        raise InputError(
            why_zh="end_date 须晚于 start_date", why_en="end_date must be after start_date", pointer="/query/end_date"
        )
    period = None if begin is None and end is None else Period(begin or EARLIEST, end or now)
    async with resources.reading.connect() as connection:
        park = await read_jurisdiction(connection, given(request.query_params, "jurisdiction_id"))
    rows = bulk_table(resources, park, _statuses(request), period, now, language)
    return streamed_table(rows, "open311-requests.csv")


@keyed.post("/requests.{suffix}")
async def post_request(
    suffix: str,
    request: Request,
    resources: ResourcesDep,
    now: Now,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Report something, with a key. Sent again with the same `client_request_id` or `Idempotency-Key`, it is the same
    request.

    A form, also multipart with files as `media`; `api_key` in it or in the address. 200 with `service_request_id`, or
    with `token` while it is durable but not recorded yet.
    """
    form = check_format(suffix)
    size = limits_of(resources.settings).file
    limits = Limits(size, size)
    await count_wrong_key(request, resources, now)
    async with opened_form(request, limits) as sent:
        fields = text_fields(request, sent)
        key = await key_of(request, resources, fields, now)
        posted = read_posted(fields, sent, idempotency_key)
        taken = await take_report(resources, key, Sent(posted, sent_files(sent)), limits, now)
    return answer(request, form, "service_requests", [_receipt(taken)])


async def count_wrong_key(request: Request, resources: Resources, now: datetime) -> None:
    """Count a key as wrong before anything is read; `key_of` takes it back. Raises TooManyAttempts."""
    await OPEN311_WRONG_KEYS.use(resources.engine, client_address(request), now)


async def key_of(request: Request, resources: Resources, fields: Mapping[str, str], now: datetime) -> Key:
    """Return the key that comes with a form, for the jurisdiction that it names.

    Raises what `take_key` raises, and JurisdictionMissing or NoSuchJurisdiction once the key is known to be good.
    """
    key = await take_key(resources, given(fields, "api_key"), now)
    await OPEN311_WRONG_KEYS.give_back(resources.engine, client_address(request))
    async with resources.reading.connect() as connection:
        park = await read_jurisdiction(connection, given(fields, "jurisdiction_id"))
    key.check_park(park)
    return key


def _receipt(taken: Taken) -> dict[str, str | None]:
    known = {"token": str(taken.report_id)} if taken.number is None else {"service_request_id": taken.number}
    return {**known, "service_notice": None, "account_id": None}


def _statuses(request: Request) -> frozenset[str]:
    found = frozenset(one.lower() for one in listed(request, "status"))
    if unknown := found - {OPEN, CLOSED}:
        said = ", ".join(sorted(unknown))[:80]
        raise InputError(
            why_zh=f"status 只有 open 与 closed,没有 {said}",
            why_en=f"status is open or closed, not {said}",
            pointer="/query/status",
        )
    return found


def moments(request: Request, *names: str) -> tuple[datetime | None, ...]:
    """Return the times of these parameters. Raises DateWithoutZone."""
    return tuple(read_moment(name, given(request.query_params, name)) for name in names)


def _wanted(request: Request, now: datetime, most: int) -> Wanted:
    begin, end, after, before = moments(request, "start_date", "end_date", "updated_after", "updated_before")
    by_update = after is not None or before is not None
    by_request = begin is not None or end is not None or not by_update
    return Wanted(
        numbers=listed(request, "service_request_id")[:most],
        services=listed(request, "service_code"),
        statuses=_statuses(request),
        requested=period_between(("start_date", "end_date"), begin, end, now) if by_request else None,
        updated=period_between(("updated_after", "updated_before"), after, before, now) if by_update else None,
        page=whole_number(request, "page", 1, _MOST_PAGES),
        page_size=min(whole_number(request, "page_size", most, MOST), most),
    )


def _shown(
    request: Request, resources: Resources, found: Found, now: datetime, *, extended: bool
) -> list[dict[str, Any]]:
    shown = []
    for one in found.cases:
        tokens = (make_photo_token(resources.settings, sha256, now) for sha256 in one.photos)
        photos = [public_address(request, f"/p/photo/{token}") for token in tokens]
        fields = request_fields(one, found.names, photos)
        shown.append({**fields, **(extended_fields(one, found.names, photos) if extended else {})})
    return shown
