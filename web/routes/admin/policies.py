"""管理: the content of the policy, its versions, and simulations of drafts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from doors.dependencies import ServicesDep
from services.admin import policies, simulations
from services.admin.calendars import build_year
from services.directory.people import list_categories
from web.pages import is_part
from web.reader import SignedIn
from web.routes.admin.common import admin_page, open_admin
from web.views.policy_forms import Names

router = APIRouter()

#: Content policy of a simulation report: its own inline styles and nothing else.
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"
Version = Annotated[int | None, Query(ge=1)]


# --- content of the policy --------------------------------------------------------------------------------------------


@router.get("/admin/categories")
async def show_categories(services: ServicesDep, reader: SignedIn) -> Response:
    """The categories (小类) in force, with opening conditions, limits, sources and ceilings."""
    async with open_admin(services, reader) as connection:
        categories = await list_categories(connection)
        _, policy = await policies.read_policy_version(connection, categories.policy_version)
    ladders = {ladder.code: ladder.name(reader.language) for ladder in policy.ladders}
    return admin_page(reader, "categories.html", categories=categories, ladders=ladders)


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
    names = Names({}, policy, reader.language)
    climbed = {
        ladder.code: [names.standard(s.code) for s in policy.standards if s.ladder == ladder.code]
        for ladder in policy.ladders
    }
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
