"""超期督查: the overdue list, and what a supervisor can do about a case on it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import Field, ValidationError

from doors.dependencies import ServicesDep
from infra.database import transaction
from models.base import Code, Instant
from models.enums import Role, UrgeKind
from models.errors import DomainError
from models.ids import new_id
from models.views import CaseView
from services.cases.first_photos import read_first_photos
from services.cases.queries import get_case
from services.commands.send import read_command, send
from services.directory.people import list_categories, list_departments
from services.directory.units import read_paths
from services.figures.viewpoint import read_viewpoint
from services.supervision.inspections import InspectionDraft, InspectionView, list_inspections, record_inspection
from services.supervision.overdue import SORTS, OverdueFilter, overdue_page
from services.supervision.overdue_order import LARGEST_FIRST, OverdueSort
from services.supervision.urges import default_reply_by
from web.pages import go_to, is_part, page, page_or_part, safe_path
from web.reader import Reader, SignedIn
from web.routes.bulk import give_to_selected
from web.routes.common import Cursor, GridCode, error_text, open_viewpoint
from web.views.board import list_regions
from web.views.forms import blank, local_field, read_local
from web.views.page_links import with_query
from web.views.translation_marks import _
from web.views.unit_names import short_place

router = APIRouter()

PAGE = 50
#: The columns of the list by which it can be sorted, with their headings.
COLUMNS = (
    (OverdueSort.LATE, _("超期")), (OverdueSort.TITLE, _("案件")), (OverdueSort.GRID, _("网格")),
    (OverdueSort.STAGE, _("环节")), (OverdueSort.HOST, _("责任方")), (OverdueSort.LEVEL, _("层级")),
    (OverdueSort.PAUSED, _("暂停")), (OverdueSort.EXTENSIONS, _("延期")), (OverdueSort.REWORK, _("返工")),
    (OverdueSort.ACTION, _("最近动作")), (OverdueSort.URGES, _("督办")),
)  # fmt: skip
#: The default text of an urge order, by its kind.
TEMPLATES = {
    UrgeKind.ORDINARY: _("该件已超期,请抓紧办理,并在答复期限前书面说明超期原因与办结时间。"),
    UrgeKind.LISTED: _("该件已挂牌督办。请明确责任人,按期办结,并在答复期限前报送办理情况与佐证材料。"),
    UrgeKind.LEADER: _("该件由领导督办。请主要负责人牵头,立即办理,并在答复期限前报送结果。"),
    UrgeKind.INTERVIEW: _("就该件超期约谈主办部门负责人。请按通知的时间到场,并在答复期限前报送整改措施与办结时间。"),
}
EXPLANATION_REQUEST = _("请说明超期原因、目前进展与预计办结时间。")
#: The confirmation in the panel, by action.
DONE_TEXTS = {
    "urge": _("已发出督办单"),
    "escalate": _("已升级"),
    "comment": _("已要求说明"),
    "inspect": _("已记录抽查结论"),
}


@router.get("/overdue")
async def show_overdue(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    grid: GridCode = None,
    category: Annotated[Code | None, blank()] = None,
    department: Annotated[Code | None, blank()] = None,
    since: Annotated[Instant | None, blank()] = None,
    sort: Annotated[Annotated[str, Field(pattern=SORTS)] | None, blank(), Query()] = None,
    cursor: Cursor = None,
    sample: Annotated[Annotated[int, Field(ge=1, le=200)] | None, blank(), Query()] = None,
    seed: Annotated[str, Query(pattern="^[A-Za-z0-9]{0,20}$")] = "",
) -> Response:
    """The list, the longest overdue first; with `sample`, that many cases drawn at random by `seed`."""
    narrowed = {"grid": grid, "category": category, "department": department, "since": since and since.isoformat()}
    if sample is not None and not seed:
        return go_to(request, with_query("/overdue", **narrowed, sample=sample, seed=new_id().hex[-8:]))
    filters = OverdueFilter(
        grid=grid, category=category, department=department, since=since, sort=sort, limit=PAGE, cursor=cursor,
        sample=sample, seed=seed,
    )  # fmt: skip
    async with open_viewpoint(services, reader) as (connection, viewpoint):
        overdue = await overdue_page(connection, viewpoint, filters)
        regions = await list_regions(connection, viewpoint)
        paths = await read_paths(connection, [item.grid for item in overdue.items])
        photos = await read_first_photos(connection, [item.case_no for item in overdue.items])
        usual = {kind: await default_reply_by(connection, kind, reader.now) for kind in UrgeKind}
        departments = await list_departments(connection)
        categories = await list_categories(connection)
    return page(
        reader,
        "overdue/list.html",
        overdue=overdue,
        photos=photos,
        filters=filters,
        regions=regions,
        departments=departments.items,
        groups=categories.groups,
        english=reader.language == "en",
        paths={code: " › ".join(names) for code, names in paths.items()},
        short_place=lambda item: short_place(item.grid_name, paths.get(item.grid, ())),
        columns=COLUMNS,
        sort_href=lambda column: with_query("/overdue", **narrowed, sort=next_sort(column, sort)),
        sorted_as=lambda column: sort_direction(column, sort),
        usual=usual,
        kinds=tuple(UrgeKind),
        templates=TEMPLATES,
        field=lambda moment: local_field(moment, reader),
        may_urge=reader.acts_as(Role.SUPERVISOR),
        batch=new_id(),
        here=with_query("/overdue", **narrowed, sort=sort, cursor=cursor),
        query=with_query("/overdue", **narrowed, sample=sample, seed=seed).partition("?")[2],
        next=with_query("/overdue", **narrowed, sort=sort, cursor=overdue.next_cursor),
        first=with_query("/overdue", **narrowed, sort=sort),
    )


def next_sort(column: OverdueSort, sort: str | None) -> str:
    """The order that a click on the column's heading asks for: its own first, then the other way round."""
    first = f"-{column}" if column in LARGEST_FIRST else str(column)
    if (sort or f"-{OverdueSort.LATE}") != first:
        return first
    return first.removeprefix("-") if first.startswith("-") else f"-{first}"


def sort_direction(column: OverdueSort, sort: str | None) -> str:
    """The `aria-sort` of the column's heading; empty where the list is sorted by another one."""
    now = sort or f"-{OverdueSort.LATE}"
    if now.removeprefix("-") != column:
        return ""
    return "descending" if now.startswith("-") else "ascending"


@dataclass(frozen=True)
class Panel:
    """The content of a case's panel: the case, its verdicts, and the usual answer deadline of each kind of urge."""

    case: CaseView
    verdicts: tuple[InspectionView, ...]
    usual: dict[UrgeKind, datetime]


@router.post("/overdue/bulk")
async def urge_selected(request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """Give the selected cases one urge order each, with the same letter and the same deadline."""
    form = await request.form()
    moment = read_local(str(form.get("reply_by", "")), reader)
    body = {
        "urge_kind": form.get("urge_kind", ""),
        "reply_by": moment.isoformat() if moment else None,
        "note": form.get("note", ""),
    }
    back = safe_path(str(form.get("back", "")), "/overdue")
    return await give_to_selected(request, services, reader, form, "urge", body, back)


@router.get("/overdue/{case_no}")
async def show_panel(
    request: Request, services: ServicesDep, reader: SignedIn, case_no: str, done: str = ""
) -> Response:
    """The panel with the actions for a case, beside the list or as a page of its own."""
    return await _panel_page(request, services, reader, case_no, done=done)


@router.post("/overdue/{case_no}/urge")
async def urge(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    case_no: str,
    command_id: Annotated[UUID, Form()],
    urge_kind: Annotated[str, Form(max_length=20)] = "",
    reply_by: Annotated[str, Form(max_length=40)] = "",
    note: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Give an urge order."""
    moment = read_local(reply_by, reader)
    body = {"urge_kind": urge_kind, "reply_by": moment.isoformat() if moment else None, "note": note}
    return await _send_command(request, services, reader, case_no, "urge", body, command_id)


@router.post("/overdue/{case_no}/escalate")
async def escalate(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    case_no: str,
    command_id: Annotated[UUID, Form()],
    reason: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Escalate the case by one level now."""
    return await _send_command(request, services, reader, case_no, "escalate", {"reason": reason}, command_id)


@router.post("/overdue/{case_no}/comment")
async def ask_for_explanation(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    case_no: str,
    command_id: Annotated[UUID, Form()],
    note: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Ask the handlers of the case why it is late, by a comment in the timeline."""
    return await _send_command(request, services, reader, case_no, "comment", {"note": note}, command_id)


@router.post("/overdue/{case_no}/inspect")
async def put_down_verdict(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    case_no: str,
    id: Annotated[UUID, Form()],
    verdict: Annotated[str, Form(max_length=20)] = "",
    note: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Record the verdict of an inspection; the case does not change."""
    try:
        draft = InspectionDraft.model_validate({"id": id, "verdict": verdict, "note": note})
        async with transaction(services.engine) as connection:
            await record_inspection(connection, reader.person, case_no, draft, reader.now)
    except (DomainError, ValidationError) as error:
        return await _panel_page(request, services, reader, case_no, fault=error_text(error, reader), failed="inspect")
    return await _after_success(request, services, reader, case_no, "inspect")


async def _send_command(
    request: Request, services: ServicesDep, reader: Reader, case_no: str, name: str, body: dict[str, Any], id_: UUID
) -> Response:
    try:
        command = read_command(name, body)
        await send(
            services.resources, reader.person, case_no, command, command_id=id_, if_revision=None, now=reader.now
        )
    except (DomainError, ValidationError) as error:
        return await _panel_page(request, services, reader, case_no, fault=error_text(error, reader), failed=name)
    return await _after_success(request, services, reader, case_no, name)


async def _after_success(request: Request, services: ServicesDep, reader: Reader, case_no: str, name: str) -> Response:
    if is_part(request):
        return await _panel_page(request, services, reader, case_no, done=name)
    return go_to(request, f"/overdue/{case_no}?done={name}")


async def _panel_page(
    request: Request,
    services: ServicesDep,
    reader: Reader,
    case_no: str,
    *,
    done: str = "",
    fault: str = "",
    failed: str = "",
) -> Response:
    async with services.reading.connect() as connection:
        await read_viewpoint(connection, reader.person, reader.now, reader.language)
        case = await get_case(connection, reader.person, case_no, reader.now, reader.language)
        panel = Panel(
            case=case,
            verdicts=await list_inspections(connection, reader.person, [case_no], reader.now),
            usual={kind: await default_reply_by(connection, kind, reader.now) for kind in UrgeKind},
        )
    return page_or_part(
        request,
        reader,
        "overdue/case.html",
        "overdue/panel.html",
        422 if fault else 200,
        panel=panel,
        case=case,
        done=DONE_TEXTS.get(done, ""),
        fault=fault,
        failed=failed,
        templates=TEMPLATES,
        explain=EXPLANATION_REQUEST,
        kinds=tuple(UrgeKind),
        field=lambda moment: local_field(moment, reader),
        fresh=new_id,
    )
