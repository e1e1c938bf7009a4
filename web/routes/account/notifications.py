"""通知方式: how the reader is told outside the pages."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from doors.dependencies import ServicesDep
from infra.database import transaction
from models.errors import DomainError, NoSuchAddress
from services.cases.queries import find_case
from services.mailboxes.addresses import NewAddress, add_address, remove_address, send_code, verify_address
from services.mailboxes.choices import AddressOrder, Choices, MuteGiven, read_notifications, save_notifications
from web.pages import go_to, page
from web.reader import Reader, SignedIn
from web.routes.common import error_text, status_of
from web.views.notifications import DIGESTS, KINDS, MUTE_DAYS, SECONDS, WHATS

router = APIRouter()
_HERE = "/settings/notifications"


@router.get(_HERE)
async def show_notifications(services: ServicesDep, reader: SignedIn, saved: bool = False) -> Response:
    """The form with what the reader chose, their addresses, and what the policy leaves no choice about."""
    return await _page(services, reader, saved=saved)


async def _page(
    services: ServicesDep,
    reader: Reader,
    status: int = 200,
    fault: str = "",
    *,
    saved: bool = False,
    typed: Mapping[str, Any] = MappingProxyType({}),
    mute_number: str = "",
) -> Response:
    """The page. `typed`: what was chosen in a form that was refused, in place of what is stored."""
    async with services.engine.connect() as connection:
        stored = await read_notifications(connection, reader.person, reader.language)
    found = stored.model_copy(update=dict(typed))
    return page(
        reader, "account/notifications.html", status, chosen=found, fault=fault, saved=saved, digests=DIGESTS,
        seconds=SECONDS, kinds=KINDS, whats=WHATS, mute_days=MUTE_DAYS, mute_number=mute_number,
    )  # fmt: skip


@router.post(_HERE)
async def change_notifications(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    on: Annotated[str | None, Form()] = None,
    language: Annotated[str, Form(max_length=8)] = "",
    quiet: Annotated[str | None, Form()] = None,
    quiet_since: Annotated[str, Form(max_length=8)] = "",
    quiet_until: Annotated[str, Form(max_length=8)] = "",
    rest_days: Annotated[str | None, Form()] = None,
    zone: Annotated[str, Form(max_length=60)] = "",
    digest: Annotated[str, Form(max_length=6)] = "",
    second: Annotated[str, Form(max_length=6)] = "",
    muted: Annotated[list[str] | None, Form()] = None,
    mute_number: Annotated[str, Form(max_length=60)] = "",
    mute_what: Annotated[str, Form(max_length=60)] = "",
    mute_days: Annotated[str, Form(max_length=4)] = "",
) -> Response:
    """Save what the reader chose. `muted`: the places of the mutes that are kept; a new one may be added.

    Only a case that the reader may see is muted: of a mistyped number they would go on being told.
    """
    plain = {
        "on": on == "on", "language": language or None, "rest_days": rest_days == "on", "zone": zone or None,
        "digest_minutes": digest or None, "second_minutes": second or None,
    }  # fmt: skip
    try:
        async with transaction(services.engine) as connection:
            before = await read_notifications(connection, reader.person, reader.language)
            kept: list[dict[str, Any]] = [
                mute.model_dump(mode="json")
                for index, mute in enumerate(before.mutes)
                if str(index) in (muted or ()) and (mute.until is None or mute.until > reader.now)
            ]
            if mute_number:
                mute_number = (await find_case(connection, reader.person, mute_number, reader.now)).case_no
            if mute_number or mute_what:
                until = None if not mute_days else reader.now + timedelta(days=int(mute_days))
                new = MuteGiven.model_validate(
                    {
                        "number": mute_number or None,
                        "what": mute_what or None,
                        "until": None if until is None else until.isoformat(),
                    }
                )
                kept.append(new.model_dump(mode="json"))
            wanted = Choices.model_validate(
                {
                    **plain,
                    "quiet": {"since": quiet_since, "until": quiet_until} if quiet == "on" else None,
                    "mutes": kept,
                }
            )
            await save_notifications(connection, reader.person, wanted, reader.now)
    except (DomainError, ValidationError, ValueError) as error:
        minutes = {name: int(n) for name in ("digest_minutes", "second_minutes") if (n := str(plain[name])).isdigit()}
        hours = {} if quiet == "on" else {"quiet": None}
        return await _failed(services, reader, error, typed={**plain, **minutes, **hours}, mute_number=mute_number)
    return go_to(request, f"{_HERE}?saved=true")


@router.post(f"{_HERE}/address")
async def change_address(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    act: Annotated[Literal["add", "verify", "code", "remove", "up", "off", "on"], Form()],
    id: Annotated[UUID | None, Form()] = None,
    channel: Annotated[str, Form(max_length=60)] = "",
    address: Annotated[str, Form(max_length=320)] = "",
    code: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Add an address, verify it, have its code sent again, take it away, try it earlier, or switch it off and on."""
    try:
        if act == "add":
            new = NewAddress.model_validate({"channel": channel, "address": address})
            await add_address(services.resources, reader.person, new, reader.now)
        elif id is None:
            raise NoSuchAddress()
        elif act == "verify":
            await verify_address(services.resources, reader.person, id, code, reader.now)
        elif act == "code":
            await send_code(services.resources, reader.person, id, reader.now)
        elif act == "remove":
            await remove_address(services.resources, reader.person, id)
        else:
            await _order(services, reader, id, act)
    except (DomainError, ValidationError) as error:
        return await _failed(services, reader, error)
    return go_to(request, f"{_HERE}?saved=true")


async def _order(services: ServicesDep, reader: Reader, id_: UUID, act: str) -> None:
    """Put an address one place up, or switch it."""
    async with transaction(services.engine) as connection:
        before = await read_notifications(connection, reader.person, reader.language)
        order = [AddressOrder(id=one.id, off=one.off) for one in before.addresses]
        place = next((index for index, one in enumerate(order) if one.id == id_), None)
        if place is None:
            raise NoSuchAddress()
        if act == "up" and place:
            order[place - 1], order[place] = order[place], order[place - 1]
        elif act in ("off", "on"):
            order[place] = AddressOrder(id=id_, off=act == "off")
        known = before.model_dump(mode="json", include=set(Choices.model_fields) - {"addresses"})
        wanted = Choices.model_validate({**known, "addresses": [one.model_dump(mode="json") for one in order]})
        await save_notifications(connection, reader.person, wanted, reader.now)


async def _failed(services: ServicesDep, reader: Reader, error: Exception, **typed: Any) -> Response:
    if not isinstance(error, DomainError | ValidationError):
        raise error
    return await _page(services, reader, status_of(error), error_text(error, reader), **typed)
