"""计划与勤务: the form of a plan, the list of duties, one duty, and the load of all plans."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError, model_validator

from doors.dependencies import Services, ServicesDep
from infra.store.policies import newest_version, policy_version
from models.errors import DomainError, NoSuchMatter, NotSignedIn
from models.ids import new_id
from models.matters.base import CreateMatter, MatterKind
from models.matters.plan import PlanState, PlanWork
from services.directory.people import list_departments
from services.matters.queries import find_matter
from services.matters.send import act, create, read_matter_command
from services.plans.duties import get_duty, list_duties
from services.plans.figures import read_duty_figures
from services.plans.filter import DutyFilter
from services.plans.load import read_load
from services.wording.input_faults import fault_text
from services.wording.matters.plan import DUTY_STATUSES, ITEM_OUTCOMES, WORKS
from services.wording.matters.registry import command_label
from web.pages import go_to, page
from web.reader import Reader, SignedIn
from web.routes.common import status_of
from web.routes.park.matters import require_section, show_one
from web.views.page_links import link_builder
from web.views.park.plans import SIGNS, body_of, form_choices, typed_of, words
from web.views.refusals import refusal_text

router = APIRouter()
_KIND = MatterKind.PLAN
#: How many days of load the page shows.
_LOAD_DAYS = 30


@dataclass(frozen=True)
class PlanForm:
    """The form of a plan as it is shown: what was typed, and what is wrong with it; `code`: the plan to change."""

    id: UUID
    code: str = ""
    typed: dict[str, list[str]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


class DutyPageFilter(DutyFilter):
    """The filter as a form sends it: what was left blank is not asked for."""

    @model_validator(mode="before")
    @classmethod
    def _drop_blanks(cls, given: dict[str, Any]) -> dict[str, Any]:
        found = {name: value for name, value in given.items() if not (isinstance(value, str) and not value.strip())}
        if "status" in found:
            found["status"] = [one for one in found["status"] if one]
        return {name: value for name, value in found.items() if name not in ("lang", "large")}


@router.get("/park/plans/new")
async def show_new(services: ServicesDep, reader: SignedIn) -> Response:
    """The form to make a plan."""
    typed = {
        "who": ["role"],
        "role": ["grid_worker"],
        "rhythm": ["every"],
        "n": ["1"],
        "unit": ["day"],
        "at": ["18:00"],
    }
    return await _form_page(services, reader, PlanForm(new_id(), typed={**typed, "minutes": ["10"]}))


@router.post("/park/plans/new")
async def make(request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """Make a plan; a refused form is shown again with what was typed."""
    form = await _read_form(request)
    try:
        command = read_matter_command(_KIND, "make_plan", body_of(form.typed))
        assert isinstance(command, CreateMatter)
        sent = await create(services.resources, reader.person, _KIND, command, id_=form.id)
        return go_to(request, f"/park/plans/{sent.receipt.code}?did=make_plan")
    except (DomainError, ValidationError) as error:
        return await _form_page(services, reader, _with_faults(form, error, reader), status_of(error))


@router.get("/park/plans/{code}")
async def show_plan(services: ServicesDep, reader: SignedIn, code: str, form: str = "", did: str = "") -> Response:
    """One plan, with its duties day by day; to change it, its form."""
    if form != "amend_plan":
        return await show_one(services, reader, "plans", code, form, did)
    async with services.reading.connect() as connection:
        _, plan = await find_matter(connection, reader.person, _KIND, code, reader.now)
    assert isinstance(plan, PlanState)
    return await _form_page(services, reader, PlanForm(new_id(), code, typed_of(plan)))


@router.post("/park/plans/{code}/amend_plan")
async def amend(request: Request, services: ServicesDep, reader: SignedIn, code: str) -> Response:
    """Change a plan; what is left blank is emptied, what stays the same is not sent."""
    form = await _read_form(request, code)
    try:
        async with services.reading.connect() as connection:
            _, plan = await find_matter(connection, reader.person, _KIND, code, reader.now)
        assert isinstance(plan, PlanState)
        given, before = body_of(form.typed), body_of(typed_of(plan))
        changed = {name: value for name, value in given.items() if before.get(name) != value and name != "work"}
        cleared = [
            name
            for name in ("calendar", "plant_days", "checklist", "until")
            if before.get(name) and not given.get(name)
        ]
        command = read_matter_command(_KIND, "amend_plan", {**changed, "clear": cleared})
        await act(services.resources, reader.person, _KIND, code, command, command_id=form.id, now=reader.now)
    except (NoSuchMatter, NotSignedIn):
        raise
    except (DomainError, ValidationError) as error:
        return await _form_page(services, reader, _with_faults(form, error, reader), status_of(error))
    return go_to(request, f"/park/plans/{code}?did=amend_plan")


async def _read_form(request: Request, code: str = "") -> PlanForm:
    typed: dict[str, list[str]] = {}
    for name, value in (await request.form()).multi_items():
        if isinstance(value, str):
            typed.setdefault(name, []).append(value.replace("\r\n", "\n"))
    try:
        id_ = UUID((typed.get("command_id") or [""])[0])
    except ValueError:
        id_ = new_id()  # not one of our forms: without an id it counts each time it is sent
    return PlanForm(id_, code, typed)


def _with_faults(form: PlanForm, error: DomainError | ValidationError, reader: Reader) -> PlanForm:
    """The form with what is wrong, each fault at its field, else above the form."""
    known = {"name", "grid", "work", "places", "workers", "rhythm", "calendar", "plant_days", "checklist", "until"}
    faults: dict[str, str] = {}
    if isinstance(error, DomainError):
        name = (error.pointer or "").strip("/").split("/")[0]
        faults[name if name in known else ""] = refusal_text(error, reader)
    else:
        for one in error.errors(include_url=False):
            name = next((str(part) for part in one["loc"] if part in known), "")
            faults.setdefault(name, fault_text(one, reader.language))
    return PlanForm(form.id, form.code, form.typed, faults)


async def _form_page(services: Services, reader: Reader, form: PlanForm, status: int = 200) -> Response:
    section, _ = require_section("plans")
    async with services.reading.connect() as connection:
        policy = await policy_version(connection, await newest_version(connection))
        departments = await list_departments(connection)
    english = reader.language == "en"
    return page(
        reader,
        "park/plan_form.html",
        status,
        section=section,
        form=form,
        label=command_label(_KIND, "amend_plan" if form.code else "make_plan", reader.language),
        departments=[(one.id, one.name_en if english else one.name_zh) for one in departments.items],
        **form_choices(policy, reader),
    )


@router.get("/park/duties")
async def show_duties(services: ServicesDep, reader: SignedIn, wanted: Annotated[DutyPageFilter, Query()]) -> Response:
    """The duties that the reader may see, of today unless asked otherwise, and how many are done."""
    if wanted.since is None and wanted.until is None and not wanted.open and wanted.plan is None:
        wanted = wanted.model_copy(update={"since": reader.day, "until": reader.day})
    async with services.reading.connect() as connection:
        found = await list_duties(connection, reader.person, wanted, reader.now, reader.language)
        figures = await read_duty_figures(
            connection, reader.person, reader.now, reader.language,
            grid=wanted.grid, since=wanted.since, until=wanted.until,
        )  # fmt: skip
    given = wanted.model_dump(mode="json", exclude_defaults=True, exclude={"cursor", "status"})
    given |= {"status": wanted.status[0].value} if wanted.status else {}
    return page(
        reader,
        "park/duties.html",
        found=found,
        figures=figures,
        wanted=wanted,
        signs=SIGNS,
        statuses=words(DUTY_STATUSES, reader),
        works={work.value: words(WORKS, reader)[work] for work in PlanWork},
        here=link_builder("/park/duties", **given),
    )


@router.get("/park/duties/load")
async def show_load(services: ServicesDep, reader: SignedIn) -> Response:
    """How many duties the plans ask of each person and day."""
    async with services.reading.connect() as connection:
        load = await read_load(connection, reader.person, reader.now, reader.language, days=_LOAD_DAYS)
    days = [load.first + timedelta(days=n) for n in range(load.days)]
    return page(reader, "park/duty_load.html", load=load, days=days)


@router.get("/park/duties/{duty}")
async def show_duty(services: ServicesDep, reader: SignedIn, duty: UUID) -> Response:
    """One duty with its checklist and what was found."""
    async with services.reading.connect() as connection:
        found = await get_duty(connection, reader.person, duty, reader.now, reader.language)
    return page(reader, "park/duty.html", duty=found, signs=SIGNS, outcomes=words(ITEM_OUTCOMES, reader))
