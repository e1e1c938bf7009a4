"""管理: the start page, and the check of the organisation."""

from fastapi import APIRouter, Request, Response

from doors.dependencies import ServicesDep
from doors.readiness import check_attachments
from services.admin.protection import read_protection
from services.organisation.lint import check_in_scope
from web.reader import SignedIn
from web.routes.admin.common import admin_page, open_admin

router = APIRouter()


@router.get("/admin")
async def show_admin(request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """The sections of the administration, with a summary of the organisation check, whether the store of attachments
    answers, and what protects the data.
    """
    async with open_admin(services, reader) as connection:
        lint = await check_in_scope(connection, reader.person, reader.now)
        protection = await read_protection(connection, reader.person, services.settings, reader.now)
    files = await check_attachments(services.settings)
    served = getattr(request.app.state, "temporal_ui", None) is not None
    return admin_page(reader, "home.html", lint=lint, files=files, protection=protection, temporal_served=served)


@router.get("/admin/org")
async def show_lint(services: ServicesDep, reader: SignedIn) -> Response:
    """The findings of the organisation check, errors first; a supervisor sees those of their own units."""
    async with open_admin(services, reader) as connection:
        lint = await check_in_scope(connection, reader.person, reader.now)
    return admin_page(reader, "org.html", lint=lint)
