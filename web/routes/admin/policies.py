"""管理: what the policy says, its versions, and drafts up to publication."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from pydantic import ValidationError
from temporalio.service import RPCError

from doors.dependencies import ServicesDep
from infra.database import transaction
from models.enums import Role
from models.errors import DomainError
from services.admin import policies, simulations
from services.admin.calendars import year_of
from services.admin.rights import require_looker
from services.directory.people import list_categories
from services.files.reference_files import BadFile
from services.policies.preview import PreviewCounts
from services.policies.publish import roll_out
from services.wording.input_faults import fault_text
from web.pages import go_to, is_part, page
from web.reader import Reader, SignedIn
from web.views.admin import SECTIONS, file_faults
from web.views.forms import read_local

router = APIRouter()
log = structlog.get_logger(__name__)

#: A page of charts brings its own styles and nothing else.
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"
Version = Annotated[int | None, Query(ge=1)]
Words = Annotated[str, Form(max_length=200)]
Long = Annotated[str, Form(max_length=2_000_000)]


def _shown(reader: Reader, template: str, status: int = 200, **context: Any) -> Response:
    return page(
        reader, f"admin/{template}", status, sections=SECTIONS, changes=reader.acts_as(Role.ADMIN),
        english=reader.language == "en", **context,
    )  # fmt: skip


# --- what the policy says ---------------------------------------------------------------------------------------------


@router.get("/admin/categories")
async def show_categories(opened: ServicesDep, reader: SignedIn) -> Response:
    """小类 with their opening conditions, limits, sources and ceilings, as they are in force."""
    async with opened.reading.connect() as connection:
        await require_looker(connection, reader.person, reader.now)
        found = await list_categories(connection)
    return _shown(reader, "categories.html", found=found)


@router.get("/admin/calendars")
async def show_calendars(
    opened: ServicesDep,
    reader: SignedIn,
    name: Annotated[str | None, Query(max_length=40)] = None,
    year: Annotated[int | None, Query(ge=2000, le=2099)] = None,
) -> Response:
    """A year of a calendar, day by day."""
    async with opened.reading.connect() as connection:
        await require_looker(connection, reader.person, reader.now)
        number, policy = await policies.policy_of(connection, None)
    calendar = policy.calendar(name) or policy.calendars[0]
    shown = year or reader.day.year
    return _shown(
        reader, "calendars.html", version=number, calendars=policy.calendars, calendar=calendar, year=shown,
        months=year_of(calendar, shown),
    )  # fmt: skip


@router.get("/admin/ladders")
async def show_ladders(opened: ServicesDep, reader: SignedIn) -> Response:
    """The ladders in force, step by step, and the standards that climb them."""
    async with opened.reading.connect() as connection:
        await require_looker(connection, reader.person, reader.now)
        number, policy = await policies.policy_of(connection, None)
    climbed = {ladder.code: [s.code for s in policy.standards if s.ladder == ladder.code] for ladder in policy.ladders}
    return _shown(reader, "ladders.html", version=number, policy=policy, climbed=climbed)


@router.get("/admin/policies")
async def show_policies(
    opened: ServicesDep, reader: SignedIn, published: int | None = None, late: bool = False
) -> Response:
    """The versions and the drafts."""
    async with opened.reading.connect() as connection:
        await require_looker(connection, reader.person, reader.now)
        versions = await policies.versions(connection)
        drafts = await policies.drafts(connection)
    return _shown(reader, "policies.html", versions=versions, drafts=drafts, published=published, late=late)


@router.get("/admin/policies/{number}")
async def show_version(opened: ServicesDep, reader: SignedIn, number: int) -> Response:
    """A version as it was published, as YAML."""
    async with opened.reading.connect() as connection:
        await require_looker(connection, reader.person, reader.now)
        _, policy = await policies.policy_of(connection, number)
    return _shown(reader, "version.html", number=number, policy=policy, text=policies.written(policy))


# --- drafts -----------------------------------------------------------------------------------------------------------


@router.post("/admin/drafts")
async def make_draft(
    request: Request,
    opened: ServicesDep,
    reader: SignedIn,
    title: Words = "",
    version: Annotated[int | None, Form()] = None,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """A draft of a version, or of a file."""
    content = (await file.read()).decode("utf-8-sig", "replace") if file is not None and file.filename else ""
    async with transaction(opened.engine) as connection:
        if not content:
            number, policy = await policies.policy_of(connection, version)
            content = policies.written(policy)
            title = title or reader.text("由第 %(n)s 版起草", n=number)
        else:
            title = title or str(file.filename if file else "")
        typed = policies.DraftText(title=title, content=content)
        id_ = await policies.new_draft(connection, reader.person, typed, reader.now)
    return go_to(request, f"/admin/drafts/{id_}")


@router.get("/admin/drafts/{id}")
async def show_draft(opened: ServicesDep, reader: SignedIn, id: UUID) -> Response:
    """A draft to be read, written on, checked and published."""
    return await _draft(opened, reader, id)


async def _draft(
    opened: ServicesDep,
    reader: Reader,
    id_: UUID,
    status: int = 200,
    *,
    typed: dict[str, str] | None = None,
    **context: Any,
) -> Response:
    async with opened.reading.connect() as connection:
        await require_looker(connection, reader.person, reader.now)
        found = await policies.draft(connection, id_)
        versions = await policies.versions(connection)
    known: dict[str, Any] = {"problems": (), "fault": "", "good": "", "counts": None, **context}
    shown = typed or {"title": found.title, "content": found.content}
    return _shown(reader, "draft.html", status, draft=found, typed=shown, versions=versions, **known)


@router.post("/admin/drafts/{id}")
async def work_on_draft(
    request: Request,
    opened: ServicesDep,
    reader: SignedIn,
    id: UUID,
    action: Words = "save",
    title: Words = "",
    content: Long = "",
    effective: Words = "",
) -> Response:
    """Keeps what was typed, then does what was asked: check, preview, simulate, publish, drop."""
    typed = {"title": title, "content": content.replace("\r\n", "\n")}
    try:
        if action == "drop":
            async with transaction(opened.engine) as connection:
                await policies.drop_draft(connection, reader.person, id, reader.now)
            return go_to(request, "/admin/policies")
        async with transaction(opened.engine) as connection:
            wanted = policies.DraftText.model_validate(typed)
            await policies.save_draft(connection, reader.person, id, wanted, reader.now)
        return await _act(request, opened, reader, id, action, wanted, read_local(effective, reader))
    except BadFile as error:
        told = file_faults(error.problems, typed["content"], reader)
        return await _draft(opened, reader, id, 422, typed=typed, problems=told)
    except DomainError as error:
        return await _draft(opened, reader, id, error.status, typed=typed, fault=error.message(reader.language))
    except ValidationError as error:
        why = fault_text(error.errors(include_url=False)[0], reader.language)
        return await _draft(opened, reader, id, 422, typed=typed, fault=why)


async def _act(
    request: Request,
    opened: ServicesDep,
    reader: Reader,
    id_: UUID,
    action: str,
    wanted: policies.DraftText,
    effective: datetime | None,
) -> Response:
    match action:
        case "publish":
            done = await policies.publish_draft(opened.engine, reader.person, id_, effective, reader.now)
            late = not await _rolled_out(opened, done.version, done.effective_from)
            return go_to(request, f"/admin/policies?published={done.version}" + ("&late=1" if late else ""))
        case "simulate":
            async with opened.reading.connect() as connection:
                number, _ = await policies.policy_of(connection, None)
            run = await simulations.start_run(
                opened.settings, opened.engine, reader.person, wanted.title, wanted.content, number, reader.now
            )
            return go_to(request, f"/admin/simulations/{run}")
        case "preview":
            counts: PreviewCounts = await policies.preview_draft(opened.engine, wanted.content, reader.now)
            return await _draft(opened, reader, id_, counts=counts)
    await policies.read_draft(opened.engine, wanted.content)
    return await _draft(opened, reader, id_, good=reader.text("已保存,没有问题。演练一年通过。"))


async def _rolled_out(opened: ServicesDep, version: int, effective_from: datetime) -> bool:
    """Whether the deadlines are being recomputed; else that begins by itself once Temporal is back."""
    try:
        await roll_out(opened.temporal, opened.settings.case_queue, version, effective_from)
    except (RPCError, RuntimeError, OSError) as error:
        log.warning("published, not yet rolled out", version=version, reason=type(error).__name__)
        return False
    return True


# --- simulations ------------------------------------------------------------------------------------------------------


@router.get("/admin/simulations/{id}")
async def show_run(request: Request, opened: ServicesDep, reader: SignedIn, id: UUID) -> Response:
    """How far a simulation is, and what came of it."""
    async with opened.reading.connect() as connection:
        await require_looker(connection, reader.person, reader.now)
    run = simulations.find_run(opened.settings, id)
    template = "run.html" if is_part(request) else "simulation.html"
    return _shown(reader, template, run=run, broken=run.is_broken_off(reader.now))


@router.get("/admin/simulations/{id}/report.html")
async def show_report(opened: ServicesDep, reader: SignedIn, id: UUID) -> Response:
    """The charts of a simulation, as the command line writes them."""
    async with opened.reading.connect() as connection:
        await require_looker(connection, reader.person, reader.now)
    text = simulations.report_of(opened.settings, id)
    return Response(text, media_type="text/html", headers={"Content-Security-Policy": _REPORT_POLICY})
