"""The queue (D1): the reader's pending cases by tab, bulk commands, and saved views."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from doors.dependencies import Services, ServicesDep
from infra.database import transaction
from models.enums import Role
from models.errors import InputError
from models.ids import new_id
from models.views import FactView
from rules.life_cycle import COMMANDS
from services.cases.lists import find_items
from services.commands.transfer_targets import colleague_names
from services.desk.case_page import last_actions
from services.desk.last_handled import last_handled
from services.desk.saved_views import NewView, remove_view, save_view
from web.local_time import format_short
from web.pages import go_to, is_part, page, safe_path
from web.reader import Reader, SignedIn
from web.routes.bulk import give_to_selected
from web.routes.desk.listing import (
    QUEUE,
    SEARCH,
    filter_context,
    head_context,
    page_context,
    read_address,
    row_context,
    tab_condition,
    unfiltered_tab,
)
from web.views.case.fact_sentences import fact_title
from web.views.lists.list_address import ListAddress

router = APIRouter()

#: The commands that a list offers for many cases at once: each field of the command with the control it is read from.
BULK_COMMANDS: Mapping[str, Mapping[str, str]] = {
    "claim": {},
    "release": {"reason": "release.reason"},
    "transfer": {"to_person": "to_person", "reason": "reason"},
    "comment": {"note": "note"},
    "redispatch": {"host": "redispatch.host", "reason": "redispatch.reason"},
    "recall": {"reason": "recall.reason"},
    **{name: {"reason": "refuse.reason"} for name in COMMANDS if name.startswith("refuse_")},
}
_DESK = (Role.DUTY_OFFICER, Role.SUPERVISOR)
#: Who is offered to take cases away from departments, and to refuse requests of each kind.
_BULK_ROLES: Mapping[str, tuple[Role, ...]] = {
    "redispatch": _DESK,
    "recall": _DESK,
    "refuse_return": _DESK,
    "refuse_transfer": (Role.HANDLER, Role.DEPARTMENT_HEAD),
    "refuse_extension": _DESK,
    "refuse_suspension": (Role.SUPERVISOR,),
    "refuse_void": _DESK,
    "refuse_reopen": _DESK,
}


@router.get("/queue")
async def show_queue(
    request: Request, services: ServicesDep, reader: SignedIn, left: str = "", did: str = ""
) -> Response:
    """The list of a tab. `left`: the case that the reader's command `did` has just moved out of their sight."""
    address = read_address(reader, QUEUE, request.url.query)
    if is_part(request):
        return page(reader, "desk/list_part.html", **await _list_context(services, reader, address))
    context = await _queue_context(services, reader, address)
    return page(reader, "desk/queue.html", **context, batch=new_id(), left=left[:40], did=did[:40])


async def _list_context(services: Services, reader: Reader, address: ListAddress) -> dict[str, Any]:
    """The list; if a tab is empty, with the case last handled there."""
    async with services.reading.connect() as connection:
        rows = await page_context(connection, reader, address, QUEUE)
        bare = address.tab if not address.pairs and not rows["total"] else None
        last = None if bare is None else await last_handled(connection, bare, reader.person, reader.now)
        return {**rows, **await filter_context(connection, reader, address), "last": last}


async def _queue_context(services: Services, reader: Reader, address: ListAddress) -> dict[str, Any]:
    """The list with tabs and saved views. The other tabs are counted while the rows of this one are read."""
    whole = unfiltered_tab(address)

    async def load_head() -> dict[str, Any]:
        async with services.reading.connect() as connection:
            head = await head_context(connection, reader, address, without=whole)
            return {**head, "colleagues": await colleague_names(connection, reader.person, reader.now)}

    rows, head = await asyncio.gather(_list_context(services, reader, address), load_head())
    if whole is not None:
        head["counts"][whole] = rows["total"]
    offered = [name for name, roles in _BULK_ROLES.items() if reader.acts_as(*roles)]
    return {**rows, **head, "offered": offered, "refusals": [name for name in offered if name.startswith("refuse_")]}


@router.get("/queue/rows")
async def more_of_queue(request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """The rows that follow a cursor."""
    return await _more_rows(request, services, reader, QUEUE)


@router.get("/cases/rows")
async def more_of_search(request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """The rows that follow a cursor."""
    return await _more_rows(request, services, reader, SEARCH)


async def _more_rows(request: Request, services: ServicesDep, reader: Reader, place: str) -> Response:
    async with services.reading.connect() as connection:
        address = read_address(reader, place, request.url.query)
        context = await page_context(connection, reader, address, place)
    return page(reader, "desk/rows.html", **context)


@router.get("/queue/head")
async def show_head(request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """Tabs and saved views with their current counts."""
    async with services.reading.connect() as connection:
        address = read_address(reader, QUEUE, request.url.query)
        return page(reader, "desk/head.html", **await head_context(connection, reader, address))


@router.get("/lists/changes")
async def show_changes(
    request: Request, services: ServicesDep, reader: SignedIn, cases: str = "", known: str = "", list: str = QUEUE
) -> Response:
    """The changes of an open list: the row of each changed case that is in it, and for each `known` case (a row that
    the page shows) that is no longer in it, why it left. `cases` and `known` are separated by commas.
    """
    place = SEARCH if list == SEARCH else QUEUE
    shown_nos = [no for no in known.split(",") if no][:200]
    changed_nos = [no for no in cases.split(",") if no][:200]
    async with services.reading.connect() as connection:
        address = read_address(reader, place, request.url.query)
        items = await find_items(
            connection, reader.person, [*shown_nos, *changed_nos], address.filter, reader.now, reader.language,
            tab_condition(address, reader),
        )  # fmt: skip
        gone_nos = [no for no in shown_nos if no not in {item.case_no for item in items}]
        last_facts = await last_actions(connection, reader.person, gone_nos, reader.now, reader.language)
        context = await row_context(connection, reader, items, place, address.filter.q)
    reasons = {no: _leave_reason(reader, last_facts[no]) for no in gone_nos}
    return page(reader, "desk/changes.html", gone=reasons, place=place, **context)


def _leave_reason(reader: Reader, fact: FactView | None) -> str:
    if fact is None:
        return reader.text("已不在您的权限范围内")
    return reader.text(
        "%(who)s %(when)s %(what)s",
        who=fact.actor.name,
        when=format_short(fact.at, reader),
        what=fact_title(fact, reader),
    )


@router.post("/queue/bulk")
async def give_many(request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """Give one command to the selected cases, and show the outcome for each."""
    form = await request.form()
    name = str(form.get("command", ""))
    # A claim is taken back for the cases that it was given for, whatever is selected by now.
    field = "release.case" if name == "release" else "case"
    controls = BULK_COMMANDS.get(name)
    body = None if controls is None else {key: form.get(control, "") for key, control in controls.items()}
    back = safe_path(str(form.get("back", "")), QUEUE)
    return await give_to_selected(request, services, reader, form, name, body, back, cases=field)


@router.post("/views")
async def keep_view(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    name: Annotated[str, Form()] = "",
    query: Annotated[str, Form()] = "",
    shared_with: Annotated[str, Form()] = "",
) -> Response:
    """Save a view under a name, and go back to its list."""
    try:
        view = NewView(name=name, query=_saved_query(query), shared_with=shared_with or None)
    except ValidationError as error:
        raise InputError(
            why_zh="视图名称须为 1 至 40 个字", why_en="a view's name has 1 to 40 letters", pointer="/name"
        ) from error
    async with transaction(services.engine) as connection:
        await save_view(connection, reader.person, view, reader.now)
    return go_to(request, f"{QUEUE}?{view.query}")


@router.post("/views/{id_}/remove")
async def drop_view(
    request: Request, services: ServicesDep, reader: SignedIn, id_: UUID, back: Annotated[str, Form()] = QUEUE
) -> Response:
    """Remove a view of the reader."""
    async with transaction(services.engine) as connection:
        await remove_view(connection, reader.person, id_)
    return go_to(request, safe_path(back, QUEUE))


def _saved_query(query: str) -> str:
    """The query without parameters that belong to a single visit."""
    return urlencode(
        [(k, v) for k, v in parse_qsl(query) if k not in ("cursor", "shown", "lang", "large", "left", "did")]
    )
