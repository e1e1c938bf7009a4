"""二次验证: enrolling an authenticator app, new recovery codes, and doing without it again."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from doors.dependencies import ServicesDep
from doors.security import needs_second_factor
from models.errors import DomainError
from services.accounts import own_second_factor
from web.draw.qr import qr_code
from web.pages import go_to, page, safe_path
from web.reader import Reader, SignedIn, SignedInAtAll

router = APIRouter()

Code = Annotated[str, Form(max_length=40)]


@router.get("/settings/second-factor")
async def show_second_factor(services: ServicesDep, reader: SignedInAtAll, next: str = "") -> Response:
    """The QR code to enrol with, or what there is. `next`: the page to go to afterwards."""
    return await _page(services, reader, next)


async def _page(
    services: ServicesDep, reader: Reader, next: str = "", status: int = 200, fault: str = "",
    codes: tuple[str, ...] = (),
) -> Response:  # fmt: skip
    if reader.must_change_password:
        return page(reader, "account/password.html", next="/settings/second-factor", fault="", first=True, shortest=10)
    there = await own_second_factor.read(services.engine, reader.person.id)
    enrolment = None
    if there.since is None:
        enrolment = await own_second_factor.begin(services.engine, services.settings, reader.person)
    return page(
        reader, "account/second_factor.html", status, next=safe_path(next, ""), fault=fault, there=there,
        enrolment=enrolment, qr=None if enrolment is None else qr_code(enrolment.uri), codes=codes,
        needed=needs_second_factor(services.settings, reader.person, reader.now),
    )  # fmt: skip


@router.post("/settings/second-factor")
async def enrol(
    services: ServicesDep, reader: SignedInAtAll, code: Code = "", next: Annotated[str, Form()] = ""
) -> Response:
    """Begin to ask for codes, and show the recovery codes once."""
    try:
        codes = await own_second_factor.confirm(
            services.engine, services.settings, reader.person.id, reader.session, code, reader.now
        )
    except DomainError as error:
        return await _page(services, reader, next, 422, error.message(reader.language))
    return await _page(services, reader, next, codes=codes)


@router.post("/settings/second-factor/codes")
async def renew(services: ServicesDep, reader: SignedIn, code: Code = "") -> Response:
    """Give new recovery codes, against a code."""
    try:
        codes = await own_second_factor.renew(
            services.engine, services.settings, reader.person.id, code, reader.now
        )  # fmt: skip
    except DomainError as error:
        return await _page(services, reader, "", 422, error.message(reader.language))
    return await _page(services, reader, codes=codes)


@router.post("/settings/second-factor/remove")
async def remove(request: Request, services: ServicesDep, reader: SignedIn, code: Code = "") -> Response:
    """Do without it again, against a code."""
    needed = needs_second_factor(services.settings, reader.person, reader.now)
    try:
        await own_second_factor.remove(
            services.engine, services.settings, reader.person.id, code, reader.now, needed=needed
        )  # fmt: skip
    except DomainError as error:
        return await _page(services, reader, "", 422, error.message(reader.language))
    return go_to(request, "/settings/security")
