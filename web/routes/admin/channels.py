"""管理: channels, their test, and which web hooks are told of which facts. For administrators."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from doors.dependencies import ServicesDep
from infra.database import transaction
from models.channels import HOOK_FACTS, ChannelInput, HookInput
from models.errors import ChannelInUse, DomainError, NoSuchPage
from models.sends import ChannelKind
from services.admin.channels import ChannelView, get_channel, list_channels, remove_channel, save_channel
from services.admin.deliveries import test_channel
from services.admin.hooks import add_hook, list_hooks, remove_hook
from web.pages import go_to
from web.reader import Reader, SignedIn
from web.routes.admin.common import admin_fault, admin_page
from web.routes.common import status_of
from web.views.channels import fields_of, labels_of, read_config, secrets_of, words_for

router = APIRouter()

#: Kinds whose test message goes to an address that is asked for.
_ADDRESSED = frozenset({ChannelKind.MAIL, ChannelKind.SMS})
Words = Annotated[str, Form(max_length=400)]


@router.get("/admin/channels")
async def show_channels(services: ServicesDep, reader: SignedIn, done: bool = False) -> Response:
    """All channels, and the subscriptions of web hooks."""
    return await _list_page(services, reader, done=done)


async def _list_page(services: ServicesDep, reader: Reader, status: int = 200, **context: Any) -> Response:
    async with services.reading.connect() as connection:
        channels = await list_channels(connection, reader.person, reader.now)
        hooks = await list_hooks(connection, reader.person, reader.now)
    context = {"fault": "", "done": False, "typed": {"channel": "", "grid": "", "kinds": ()}, **context}
    return admin_page(
        reader, "channels.html", status, channels=channels, hooks=hooks, kinds=tuple(ChannelKind), facts=HOOK_FACTS,
        **context,
    )  # fmt: skip


@router.get("/admin/channels/new")
async def show_new_channel(services: ServicesDep, reader: SignedIn, kind: ChannelKind = ChannelKind.MAIL) -> Response:
    """The form of a new channel."""
    async with services.reading.connect() as connection:
        await list_channels(connection, reader.person, reader.now)
    return _form(reader, None, kind, {}, typed={"id": "", "name": "", "enabled": True})


@router.get("/admin/channels/{id}")
async def show_channel(services: ServicesDep, reader: SignedIn, id: str, done: bool = False) -> Response:
    """The form of a channel, without its secrets."""
    return await _channel_page(services, reader, id, done=done)


async def _channel_page(services: ServicesDep, reader: Reader, id_: str, **context: Any) -> Response:
    async with services.reading.connect() as connection:
        known = await get_channel(connection, reader.person, id_, reader.now)
    typed = {"id": known.id, "name": known.name, "enabled": known.enabled}
    return _form(reader, known, known.kind, known.config, typed=typed, **context)


def _form(
    reader: Reader, known: ChannelView | None, kind: ChannelKind, config: Mapping[str, Any], status: int = 200,
    **context: Any,
) -> Response:  # fmt: skip
    fields, patience = fields_of(kind, config)
    context = {"fault": "", "done": False, "tested": None, "address": "", **context}
    return admin_page(
        reader, "channel.html", status, known=known, kind=kind.value, fields=fields, patience=patience,
        secrets=secrets_of(kind), addressed=kind in _ADDRESSED, public_key=config.get("public_key", ""),
        **words_for(reader), **context,
    )  # fmt: skip


@router.post("/admin/channels")
async def save(request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """Add a channel, or change it. An empty field of a secret leaves it as it is."""
    form = await request.form()
    typed = _typed(form)
    try:
        kind = ChannelKind(typed.get("channel_kind", ""))
    except ValueError:
        raise NoSuchPage() from None
    config = read_config(kind, typed)
    names = [name for name, _ in secrets_of(kind)]
    given = {name: typed[f"secret_{name}"] for name in names if typed.get(f"secret_{name}", "").strip()}
    enabled = typed.get("enabled") == "1"
    try:
        wanted = ChannelInput.model_validate(
            {"id": typed.get("id", "").strip(), "name": typed.get("name", ""), "config": config, "secrets": given,
             "enabled": enabled}
        )  # fmt: skip
        async with transaction(services.engine) as connection:
            await save_channel(connection, reader.person, wanted, reader.now)
    except (DomainError, ValidationError) as error:
        known = await _known(services, reader, typed)
        shown = {"id": typed.get("id", ""), "name": typed.get("name", ""), "enabled": enabled}
        return _form(
            reader,
            known,
            kind,
            config,
            status_of(error),
            typed=shown,
            fault=admin_fault(error, reader, labels_of(reader)),
        )
    return go_to(request, f"/admin/channels/{wanted.id}?done=1")


async def _known(services: ServicesDep, reader: Reader, typed: Mapping[str, str]) -> ChannelView | None:
    """The channel that the form was of; None for a new one."""
    async with services.reading.connect() as connection:
        channels = await list_channels(connection, reader.person, reader.now)
    return next((one for one in channels if typed.get("known") and one.id == typed.get("id")), None)


def _typed(form: FormData) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}


@router.post("/admin/channels/{id}/test")
async def send_test(services: ServicesDep, reader: SignedIn, id: str, address: Words = "") -> Response:
    """Send a test message, and show what the far side answered."""
    try:
        tested = await test_channel(services.resources, reader.person, id, address, reader.now, reader.language)
    except DomainError as error:
        fault = admin_fault(error, reader)
        return await _channel_page(services, reader, id, status=status_of(error), fault=fault, address=address)
    return await _channel_page(services, reader, id, tested=tested, address=address)


@router.post("/admin/channels/{id}/remove")
async def remove(request: Request, services: ServicesDep, reader: SignedIn, id: str) -> Response:
    """Remove a disabled channel that nothing needs any more."""
    try:
        async with transaction(services.engine) as connection:
            await remove_channel(connection, reader.person, id, reader.now)
    except ChannelInUse as error:
        return await _channel_page(services, reader, id, status=error.status, fault=admin_fault(error, reader))
    return go_to(request, "/admin/channels?done=1")


@router.post("/admin/channels/hooks")
async def subscribe(
    request: Request, services: ServicesDep, reader: SignedIn, channel: Words = "", grid: Words = "",
    kinds: Annotated[list[str] | None, Form()] = None,
) -> Response:  # fmt: skip
    """Tell a web hook of facts from now on."""
    typed = {"channel": channel, "grid": grid, "kinds": tuple(kinds or ())}
    try:
        wanted = HookInput.model_validate(typed)
        async with transaction(services.engine) as connection:
            await add_hook(connection, reader.person, wanted, reader.now)
    except (DomainError, ValidationError) as error:
        return await _list_page(services, reader, status_of(error), fault=admin_fault(error, reader), typed=typed)
    return go_to(request, "/admin/channels?done=1")


@router.post("/admin/channels/hooks/{id}/end")
async def unsubscribe(request: Request, services: ServicesDep, reader: SignedIn, id: UUID) -> Response:
    """End a subscription."""
    try:
        async with transaction(services.engine) as connection:
            await remove_hook(connection, reader.person, id, reader.now)
    except DomainError as error:
        return await _list_page(services, reader, status_of(error), fault=admin_fault(error, reader))
    return go_to(request, "/admin/channels?done=1")
