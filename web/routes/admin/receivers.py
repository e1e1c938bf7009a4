"""管理: the outside systems of departments (接收方), their secrets, their test."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from pydantic import TypeAdapter, ValidationError

from doors.dependencies import Services, ServicesDep
from models.base import Code
from models.enums import OutsideKind
from models.errors import DomainError
from models.far_open311 import FarEndpoint
from models.handovers import ANSWER_HOURS, ReceiverDraft
from services.directory.people import list_departments
from services.handovers.receivers import change_secret, list_receivers, put_key, set_receiver, try_out
from web.reader import Reader, SignedIn
from web.routes.admin.common import admin_fault, admin_page
from web.routes.common import status_of
from web.views.translation_marks import _

router = APIRouter()

KINDS = {
    OutsideKind.WEB_SERVICE: _("网络服务(JSON)"),
    OutsideKind.PARTNER: _("无账号单位(一次性链接)"),
    OutsideKind.OPEN311: _("Open311 接口"),
}
_CODE: TypeAdapter[str] = TypeAdapter(Code)
_FIELDS = ("name", "department", "kind", "url", "query_url", "channel", "address", "answer_hours", "language")
_USUAL = {"kind": "web_service", "answer_hours": f"{ANSWER_HOURS:g}", "language": "zh", "enabled": "1"}


@router.get("/admin/receivers")
async def show_receivers(services: ServicesDep, reader: SignedIn, code: str = "") -> Response:
    """The receivers, and the form for one: a new one, or that of `code`."""
    return await _page(services, reader, code=code)


@router.post("/admin/receivers")
async def save(request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """Make or change a receiver; this answer shows the secret of a new one once."""
    typed = {name: str(value) for name, value in (await request.form()).items() if isinstance(value, str)}
    body: dict[str, Any] = {name: typed[name] for name in _FIELDS if typed.get(name, "").strip()}
    body |= {"dedupes": typed.get("dedupes") == "1", "enabled": typed.get("enabled") == "1"}
    key = typed.pop("api_key", "").strip()
    try:
        code = _CODE.validate_python(typed.get("code", ""))
        if typed.get("open311", "").strip():
            body["open311"] = FarEndpoint.model_validate_json(typed["open311"])
        given = await set_receiver(
            services.resources, reader.person, code, ReceiverDraft.model_validate(body), reader.now
        )
        if key:
            await put_key(services.resources, reader.person, code, key, reader.now)
    except (DomainError, ValidationError) as error:
        return await _page(services, reader, status_of(error), fault=admin_fault(error, reader), typed=typed)
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
    typed: dict[str, str] | None = None,
) -> Response:
    async with services.engine.connect() as connection:
        receivers = await list_receivers(connection, reader.person, reader.now, reader.language)
        departments = (await list_departments(connection)).items
    chosen = next((one for one in receivers if one.code == code), None)
    if typed is None and chosen is not None:
        stored = chosen.receiver.model_dump(mode="json", exclude_none=True)
        typed = {"code": chosen.code, **{name: str(stored[name]) for name in _FIELDS if name in stored}}
        if chosen.receiver.open311 is not None:
            typed["open311"] = chosen.receiver.open311.model_dump_json(indent=1)
        typed |= {name: "1" for name in ("dedupes", "enabled") if stored[name]}
    return admin_page(
        reader, "receivers.html", status, receivers=receivers, departments=departments, kinds=KINDS, fault=fault,
        said=said, made=made, typed=typed or _USUAL,
    )  # fmt: skip
