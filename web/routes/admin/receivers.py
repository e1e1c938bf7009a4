"""管理: the outside systems of departments (接收方), their secrets, their test."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from doors.dependencies import Services, ServicesDep
from infra.store.channels import channel_names
from infra.store.policies import newest_version, policy_version
from models.errors import DomainError
from services.directory.people import list_departments
from services.handovers.receivers import change_secret, list_receivers, put_key, set_receiver, try_out
from web.reader import Reader, SignedIn
from web.routes.admin.common import admin_fault, admin_page
from web.routes.common import status_of
from web.views.receiver_forms import (
    CLOSINGS,
    FORMATS,
    KINDS,
    LABELS,
    ReceiverCode,
    ReceiverForm,
    draft_of,
    empty_form,
    stored_form,
    typed_form,
)

router = APIRouter()


@router.get("/admin/receivers")
async def show_receivers(services: ServicesDep, reader: SignedIn, code: str = "") -> Response:
    """The receivers, and the form for one: a new one, or that of `code`."""
    return await _page(services, reader, code=code)


@router.post("/admin/receivers")
async def save(request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """Make or change a receiver; this answer shows the secret of a new one once."""
    form = await request.form()
    typed, key = typed_form(form), str(form.get("api_key", "")).strip()
    try:
        code = ReceiverCode(code=typed.get("code")).code
        given = await set_receiver(services.resources, reader.person, code, draft_of(typed), reader.now)
        if key:
            await put_key(services.resources, reader.person, code, key, reader.now)
    except (DomainError, ValidationError) as error:
        labels = {name: reader.text(label) for name, label in LABELS.items()}
        return await _page(services, reader, status_of(error), fault=admin_fault(error, reader, labels), typed=typed)
    return await _page(services, reader, said=reader.text("已保存。"), made=given.secret or "")


@router.post("/admin/receivers/secret")
async def secret(services: ServicesDep, reader: SignedIn, code: Annotated[str, Form(max_length=40)] = "") -> Response:
    """Give a receiver another secret, which this answer shows once."""
    try:
        given = await change_secret(services.resources, reader.person, code, reader.now)
    except DomainError as error:
        return await _page(services, reader, status_of(error), fault=admin_fault(error, reader))
    return await _page(services, reader, made=given.secret or "")


@router.post("/admin/receivers/test")
async def try_one(services: ServicesDep, reader: SignedIn, code: Annotated[str, Form(max_length=40)] = "") -> Response:
    """Send a receiver a signed test request."""
    try:
        await try_out(services.resources, reader.person, code, reader.now)
    except DomainError as error:
        return await _page(services, reader, status_of(error), fault=admin_fault(error, reader))
    return await _page(services, reader, said=reader.text("对方已接受测试请求。"))


async def _page(
    services: Services,
    reader: Reader,
    status: int = 200,
    *,
    code: str = "",
    fault: str = "",
    said: str = "",
    made: str = "",
    typed: ReceiverForm | None = None,
) -> Response:
    async with services.engine.connect() as connection:
        receivers = await list_receivers(connection, reader.person, reader.now, reader.language)
        channels = await channel_names(connection)
        departments = (await list_departments(connection)).items
        policy = await policy_version(connection, await newest_version(connection))
    chosen = next((one for one in receivers if one.code == code), None)
    if typed is None:
        typed = empty_form() if chosen is None else stored_form(chosen.code, chosen.receiver)
    choices = [
        *((group.code, reader.text("大类"), group) for group in policy.groups),
        *((category.code, "", category) for category in policy.categories if category.active),
    ]
    return admin_page(
        reader, "receivers.html", status, receivers=receivers, departments=departments, kinds=KINDS, fault=fault,
        said=said, made=made, typed=typed, closings=CLOSINGS, formats=FORMATS, usual=policy.handovers,
        categories=choices, channels=channels,
    )  # fmt: skip
