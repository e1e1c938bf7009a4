"""管理: drafts of the policy, changed row by row or as YAML, compared, simulated and published."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from pydantic import ValidationError
from temporalio.service import RPCError

from doors.dependencies import ServicesDep
from infra.database import transaction
from models.errors import DomainError, DraftChanged, InputError
from models.text import clean_search
from services.admin import policies, simulations
from services.admin.draft_rows import change_row, compare_draft
from services.admin.policy_rows import Section
from services.directory.people import list_departments
from services.files.reference_files import BadFile
from services.policies.preview import PreviewCounts
from services.policies.publish import roll_out
from services.wording.input_faults import fault_text
from web.pages import go_to
from web.reader import Reader, SignedIn
from web.routes.admin.common import admin_page, open_admin
from web.views.admin import file_faults
from web.views.forms import read_local
from web.views.policy_forms import Names
from web.views.policy_rows import TABS, anchor, group_rows

router = APIRouter()
log = structlog.get_logger(__name__)

Words = Annotated[str, Form(max_length=200)]
Long = Annotated[str, Form(max_length=2_000_000)]
#: The most fields of a form of a row, and the longest text in one.
_MAX_FIELDS, _MAX_TEXT = 100, 2_000
#: The longest YAML of the questions of one category.
_MAX_YAML = 20_000


def _read_draft(title: str, content: str) -> policies.DraftText:
    """Return a draft that was typed. Raises InputError for what no draft can be."""
    try:
        return policies.DraftText(title=title, content=content)
    except ValidationError as error:
        first = error.errors()[0]
        why = {"why_zh": fault_text(first, "zh"), "why_en": fault_text(first, "en")}
        raise InputError(**why, pointer=f"/{first['loc'][0]}") from error


@router.post("/admin/drafts")
async def make_draft(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    title: Words = "",
    version: Annotated[int | None, Form()] = None,
    file: Annotated[UploadFile | None, File()] = None,
    rows: Annotated[bool, Form()] = False,
) -> Response:
    """Make a draft from a version or from a file. `rows`: go on to its rows."""
    content = (await file.read()).decode("utf-8-sig", "replace") if file is not None and file.filename else ""
    async with transaction(services.engine) as connection:
        if not content:
            number, policy = await policies.read_policy_version(connection, version)
            content = policies.to_yaml(policy)
            title = title or reader.text("由第 %(n)s 版起草", n=number)
        else:
            title = title or str(file.filename if file else "")
        typed = _read_draft(title, content)
        id_ = await policies.new_draft(connection, reader.person, typed, reader.now)
    return go_to(request, f"/admin/drafts/{id_}/limits" if rows else f"/admin/drafts/{id_}")


# --- as YAML ----------------------------------------------------------------------------------------------------------


@router.get("/admin/drafts/{id}")
async def show_draft(services: ServicesDep, reader: SignedIn, id: UUID) -> Response:
    """A draft as YAML, to edit, check and publish."""
    return await _draft_page(services, reader, id)


async def _draft_page(
    services: ServicesDep,
    reader: Reader,
    id_: UUID,
    status: int = 200,
    *,
    typed: dict[str, str] | None = None,
    **context: Any,
) -> Response:
    async with open_admin(services, reader) as connection:
        draft = await policies.get_draft(connection, id_)
        versions = await policies.list_versions(connection)
    defaults: dict[str, Any] = {"problems": (), "fault": "", "good": "", "counts": None, "theirs": "", **context}
    values = typed or {"title": draft.title, "content": draft.content}
    return admin_page(
        reader, "draft.html", status, draft=draft, typed=values, versions=versions, tabs=TABS, tab="yaml", **defaults
    )


@router.post("/admin/drafts/{id}")
async def work_on_draft(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    id: UUID,
    action: Words = "save",
    title: Words = "",
    content: Long = "",
    effective: Words = "",
    seen: Annotated[str | None, Form(max_length=64)] = None,
    view: Words = "yaml",
) -> Response:
    """Save the draft, then do the action: check, preview, simulate or publish; or drop the draft.

    From the page of differences (`view`) nothing is saved: the action is done with the draft as it was `seen` there.
    """
    typed = {"title": title, "content": content.replace("\r\n", "\n")}
    try:
        if action == "drop":
            async with transaction(services.engine) as connection:
                await policies.delete_draft(connection, reader.person, id, reader.now)
            return go_to(request, "/admin/policies")
        async with transaction(services.engine) as connection:
            if view == "changes":
                draft = await policies.lock_draft(connection, reader.person, id, reader.now)
                if seen != draft.mark:
                    raise DraftChanged()
                draft_text = policies.DraftText(title=draft.title, content=draft.content)
            else:
                draft_text = policies.DraftText.model_validate(typed)
                await policies.save_draft(connection, reader.person, id, draft_text, reader.now, seen=seen)
        return await _do_action(
            request, services, reader, id, action, draft_text, read_local(effective, reader), view=view
        )  # fmt: skip
    except BadFile as error:
        problems = file_faults(error.problems, draft_text.content, reader)
        return await _show(services, reader, id, view, 422, typed, problems=problems)
    except DraftChanged as error:
        async with open_admin(services, reader) as connection:
            theirs = (await policies.get_draft(connection, id)).content
        fault = error.message(reader.language)
        return await _show(services, reader, id, view, error.status, typed, fault=fault, theirs=theirs)
    except DomainError as error:
        return await _show(services, reader, id, view, error.status, typed, fault=error.message(reader.language))
    except ValidationError as error:
        fault = fault_text(error.errors(include_url=False)[0], reader.language)
        return await _show(services, reader, id, view, 422, typed, fault=fault)


async def _show(
    services: ServicesDep, reader: Reader, id_: UUID, view: str, status: int, typed: dict[str, str], **context: Any
) -> Response:
    """The page that the action came from, with its outcome."""
    if view == "changes":
        context.pop("theirs", None)
        return await _changes_page(services, reader, id_, status, **context)
    return await _draft_page(services, reader, id_, status, typed=typed, **context)


async def _do_action(
    request: Request,
    services: ServicesDep,
    reader: Reader,
    id_: UUID,
    action: str,
    draft_text: policies.DraftText,
    effective: datetime | None,
    *,
    view: str,
) -> Response:
    back = _changes_page if view == "changes" else _draft_page
    match action:
        case "publish":
            published = await policies.publish_draft(
                services.engine, reader.person, id_, effective, reader.now, seen=policies.mark_of(draft_text.content)
            )
            late = not await _start_rollout(services, published.version, published.effective_from)
            return go_to(request, f"/admin/policies?published={published.version}" + ("&late=1" if late else ""))
        case "simulate":
            async with services.reading.connect() as connection:
                number, _ = await policies.read_policy_version(connection, None)
            run = await simulations.start_run(
                services.settings,
                services.engine,
                reader.person,
                draft_text.title,
                draft_text.content,
                number,
                reader.now,
            )
            return go_to(request, f"/admin/simulations/{run}")
        case "preview":
            counts: PreviewCounts = await policies.preview_draft(services.engine, draft_text.content, reader.now)
            return await back(services, reader, id_, counts=counts)
    await policies.read_draft(services.engine, draft_text.content)
    checked, saved = reader.text("没有问题。演练一年通过。"), reader.text("已保存,没有问题。演练一年通过。")
    return await back(services, reader, id_, good=checked if view == "changes" else saved)


async def _start_rollout(services: ServicesDep, version: int, effective_from: datetime) -> bool:
    """Start the rollout. Return False if Temporal is away; the rollout then starts by itself once it is back."""
    try:
        await roll_out(services.temporal, services.settings.case_queue, version, effective_from)
    except (RPCError, RuntimeError, OSError) as error:
        log.warning("rollout not started", version=version, reason=type(error).__name__)
        return False
    return True


# --- differences, and row by row --------------------------------------------------------------------------------------


@router.get("/admin/drafts/{id}/changes")
async def show_changes(services: ServicesDep, reader: SignedIn, id: UUID) -> Response:
    """What the draft changes: each row as it is and as it becomes; from here it is simulated and published."""
    return await _changes_page(services, reader, id)


async def _changes_page(
    services: ServicesDep, reader: Reader, id_: UUID, status: int = 200, **context: Any
) -> Response:
    async with open_admin(services, reader) as connection:
        draft = await policies.get_draft(connection, id_)
        names = await _department_names(services, reader)
        try:
            compared = await compare_draft(connection, draft)
        except BadFile as error:
            return await _broken_page(services, reader, draft, error, "changes")
    called = Names(names, compared.policy, reader.language)
    changed = [
        (title, groups)
        for section, title in TABS
        if (groups := group_rows(compared, section, called, reader, only_changed=True))
    ]
    defaults: dict[str, Any] = {"problems": (), "fault": "", "good": "", "counts": None, **context}
    return admin_page(
        reader, "draft_changes.html", status, draft=draft, compared=compared, changed=changed, tabs=TABS, tab="changes",
        **defaults,
    )  # fmt: skip


@router.get("/admin/drafts/{id}/{section}")
async def show_rows(
    services: ServicesDep,
    reader: SignedIn,
    id: UUID,
    section: Section,
    row: Annotated[str, Query(max_length=200)] = "",
    q: Annotated[str, Query(max_length=100)] = "",
    saved: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """The rows of a section, each as published and as drafted. `row` is open to be changed; `q` narrows the list."""
    return await _rows_page(services, reader, id, section, opened=row, words=clean_search(q), saved=saved)


async def _rows_page(
    services: ServicesDep,
    reader: Reader,
    id_: UUID,
    section: Section,
    status: int = 200,
    *,
    opened: str = "",
    words: str = "",
    saved: str = "",
    typed: Mapping[str, str] | None = None,
    fault: str = "",
) -> Response:
    async with open_admin(services, reader) as connection:
        draft = await policies.get_draft(connection, id_)
        departments = await _department_names(services, reader)
        try:
            compared = await compare_draft(connection, draft)
        except BadFile as error:
            return await _broken_page(services, reader, draft, error, section)
    called = Names(departments, compared.policy, reader.language)
    groups = group_rows(compared, section, called, reader, words=words, opened=opened, typed=typed)
    return admin_page(
        reader, "draft_rows.html", status, draft=draft, compared=compared, groups=groups, section=section, tabs=TABS,
        tab=section, opened=opened, words=words, saved=saved, fault=fault, problems=(),
    )  # fmt: skip


async def _broken_page(
    services: ServicesDep, reader: Reader, draft: policies.DraftView, error: BadFile, tab: str
) -> Response:
    """Rows need a policy: the faults of the YAML are shown in its place."""
    problems = file_faults(error.problems, draft.content, reader)
    fault = reader.text("草稿的 YAML 有误,改正后才能逐行修改。")
    return await _draft_page(services, reader, draft.id, 422, problems=problems, fault=fault)


async def _department_names(services: ServicesDep, reader: Reader) -> dict[str, str]:
    async with services.reading.connect() as connection:
        departments = await list_departments(connection)
    return {one.id: one.name_en if reader.language == "en" else one.name_zh for one in departments.items}


@router.post("/admin/drafts/{id}/{section}")
async def save_row(request: Request, services: ServicesDep, reader: SignedIn, id: UUID, section: Section) -> Response:
    """Store one row of the draft. The form says what the row was when it was opened (`was.…`)."""
    async with request.form(max_fields=_MAX_FIELDS) as form:
        fields = {
            name: text.replace("\r\n", "\n")[: _MAX_YAML if section == "questions" else _MAX_TEXT]
            for name, text in form.items()
            if isinstance(text, str)
        }
    row, words = fields.pop("row", ""), fields.pop("q", "")
    shown = {name.removeprefix("was."): text for name, text in fields.items() if name.startswith("was.")}
    typed = {name: fields.get(name, "") for name in shown}
    try:
        async with transaction(services.engine) as connection:
            await change_row(
                connection, reader.person, id, section, row, shown=shown, values=typed, now=reader.now
            )  # fmt: skip
    except BadFile as error:
        async with open_admin(services, reader) as connection:
            draft = await policies.get_draft(connection, id)
        return await _broken_page(services, reader, draft, error, section)
    except DomainError as error:
        return await _rows_page(
            services, reader, id, section, error.status,
            opened=row, words=words, typed=typed, fault=error.message(reader.language),
        )  # fmt: skip
    query = f"?saved={row}" + (f"&q={words}" if words else "")
    return go_to(request, f"/admin/drafts/{id}/{section}{query}#{anchor(row)}")
