"""管理: the content of the policy, its versions, and drafts up to publication."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from pydantic import ValidationError
from temporalio.service import RPCError

from doors.dependencies import ServicesDep
from infra.database import transaction
from models.errors import DomainError
from services.admin import policies, simulations
from services.admin.calendars import build_year
from services.directory.people import list_categories
from services.files.reference_files import BadFile
from services.policies.preview import PreviewCounts
from services.policies.publish import roll_out
from services.wording.input_faults import fault_text
from web.pages import go_to, is_part
from web.reader import Reader, SignedIn
from web.routes.admin.common import admin_page, open_admin
from web.views.admin import file_faults
from web.views.forms import read_local

router = APIRouter()
log = structlog.get_logger(__name__)

#: Content policy of a simulation report: its own inline styles and nothing else.
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"
Version = Annotated[int | None, Query(ge=1)]
Words = Annotated[str, Form(max_length=200)]
Long = Annotated[str, Form(max_length=2_000_000)]


# --- content of the policy --------------------------------------------------------------------------------------------


@router.get("/admin/categories")
async def show_categories(services: ServicesDep, reader: SignedIn) -> Response:
    """The categories (小类) in force, with opening conditions, limits, sources and ceilings."""
    async with open_admin(services, reader) as connection:
        categories = await list_categories(connection)
    return admin_page(reader, "categories.html", categories=categories)


@router.get("/admin/calendars")
async def show_calendars(
    services: ServicesDep,
    reader: SignedIn,
    name: Annotated[str | None, Query(max_length=40)] = None,
    year: Annotated[int | None, Query(ge=2000, le=2099)] = None,
) -> Response:
    """A year of a calendar, day by day."""
    async with open_admin(services, reader) as connection:
        number, policy = await policies.read_policy_version(connection, None)
    calendar = policy.calendar(name) or policy.calendars[0]
    shown_year = year or reader.day.year
    return admin_page(
        reader, "calendars.html", version=number, calendars=policy.calendars, calendar=calendar, year=shown_year,
        months=build_year(calendar, shown_year),
    )  # fmt: skip


@router.get("/admin/ladders")
async def show_ladders(services: ServicesDep, reader: SignedIn) -> Response:
    """The ladders in force with their steps, and the standards that use them."""
    async with open_admin(services, reader) as connection:
        number, policy = await policies.read_policy_version(connection, None)
    climbed = {ladder.code: [s.code for s in policy.standards if s.ladder == ladder.code] for ladder in policy.ladders}
    return admin_page(reader, "ladders.html", version=number, policy=policy, climbed=climbed)


@router.get("/admin/policies")
async def show_policies(
    services: ServicesDep, reader: SignedIn, published: int | None = None, late: bool = False
) -> Response:
    """The versions and the drafts of the policy."""
    async with open_admin(services, reader) as connection:
        versions = await policies.list_versions(connection)
        drafts = await policies.list_drafts(connection)
    return admin_page(reader, "policies.html", versions=versions, drafts=drafts, published=published, late=late)


@router.get("/admin/policies/{number}")
async def show_version(services: ServicesDep, reader: SignedIn, number: int) -> Response:
    """A published version as YAML."""
    async with open_admin(services, reader) as connection:
        _, policy = await policies.read_policy_version(connection, number)
    return admin_page(reader, "version.html", number=number, policy=policy, text=policies.to_yaml(policy))


# --- drafts -----------------------------------------------------------------------------------------------------------


@router.post("/admin/drafts")
async def make_draft(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    title: Words = "",
    version: Annotated[int | None, Form()] = None,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Make a draft from a version or from a file."""
    content = (await file.read()).decode("utf-8-sig", "replace") if file is not None and file.filename else ""
    async with transaction(services.engine) as connection:
        if not content:
            number, policy = await policies.read_policy_version(connection, version)
            content = policies.to_yaml(policy)
            title = title or reader.text("由第 %(n)s 版起草", n=number)
        else:
            title = title or str(file.filename if file else "")
        typed = policies.DraftText(title=title, content=content)
        id_ = await policies.new_draft(connection, reader.person, typed, reader.now)
    return go_to(request, f"/admin/drafts/{id_}")


@router.get("/admin/drafts/{id}")
async def show_draft(services: ServicesDep, reader: SignedIn, id: UUID) -> Response:
    """A draft, to edit, check and publish."""
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
    defaults: dict[str, Any] = {"problems": (), "fault": "", "good": "", "counts": None, **context}
    values = typed or {"title": draft.title, "content": draft.content}
    return admin_page(reader, "draft.html", status, draft=draft, typed=values, versions=versions, **defaults)


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
) -> Response:
    """Save the draft, then do the action: check, preview, simulate or publish; or drop the draft."""
    typed = {"title": title, "content": content.replace("\r\n", "\n")}
    try:
        if action == "drop":
            async with transaction(services.engine) as connection:
                await policies.delete_draft(connection, reader.person, id, reader.now)
            return go_to(request, "/admin/policies")
        async with transaction(services.engine) as connection:
            draft_text = policies.DraftText.model_validate(typed)
            await policies.save_draft(connection, reader.person, id, draft_text, reader.now)
        return await _do_action(request, services, reader, id, action, draft_text, read_local(effective, reader))
    except BadFile as error:
        problems = file_faults(error.problems, typed["content"], reader)
        return await _draft_page(services, reader, id, 422, typed=typed, problems=problems)
    except DomainError as error:
        return await _draft_page(services, reader, id, error.status, typed=typed, fault=error.message(reader.language))
    except ValidationError as error:
        fault = fault_text(error.errors(include_url=False)[0], reader.language)
        return await _draft_page(services, reader, id, 422, typed=typed, fault=fault)


async def _do_action(
    request: Request,
    services: ServicesDep,
    reader: Reader,
    id_: UUID,
    action: str,
    draft_text: policies.DraftText,
    effective: datetime | None,
) -> Response:
    match action:
        case "publish":
            published = await policies.publish_draft(services.engine, reader.person, id_, effective, reader.now)
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
            return await _draft_page(services, reader, id_, counts=counts)
    await policies.read_draft(services.engine, draft_text.content)
    return await _draft_page(services, reader, id_, good=reader.text("已保存,没有问题。演练一年通过。"))


async def _start_rollout(services: ServicesDep, version: int, effective_from: datetime) -> bool:
    """Start the rollout. Return False if Temporal is away; the rollout then starts by itself once it is back."""
    try:
        await roll_out(services.temporal, services.settings.case_queue, version, effective_from)
    except (RPCError, RuntimeError, OSError) as error:
        log.warning("rollout not started", version=version, reason=type(error).__name__)
        return False
    return True


# --- simulations ------------------------------------------------------------------------------------------------------


@router.get("/admin/simulations/{id}")
async def show_run(request: Request, services: ServicesDep, reader: SignedIn, id: UUID) -> Response:
    """The progress and the result of a simulation."""
    async with open_admin(services, reader):
        run = simulations.find_run(services.settings, id)
    template = "run.html" if is_part(request) else "simulation.html"
    return admin_page(reader, template, run=run, broken=run.is_interrupted(reader.now))


@router.get("/admin/simulations/{id}/report.html")
async def show_report(services: ServicesDep, reader: SignedIn, id: UUID) -> Response:
    """The report of a simulation with charts, as the command line writes it."""
    async with open_admin(services, reader):
        text = simulations.render_run(services.settings, id)
    return Response(text, media_type="text/html", headers={"Content-Security-Policy": _REPORT_POLICY})
