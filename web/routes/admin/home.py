"""管理: the start page, and the check of the organisation."""

from fastapi import APIRouter, Response

from doors.dependencies import ServicesDep
from doors.readiness import check_attachments
from services.organisation.lint import check_in_scope
from web.reader import SignedIn
from web.routes.admin.common import admin_page, open_admin

router = APIRouter()


@router.get("/admin")
async def show_admin(services: ServicesDep, reader: SignedIn) -> Response:
    """The sections of the administration, with a summary of the organisation check, and whether the store of
    attachments is there.
    """
    async with open_admin(services, reader) as connection:
        lint = await check_in_scope(connection, reader.person, reader.now)
    files = await check_attachments(services.settings)
    return admin_page(reader, "home.html", lint=lint, files=files)


@router.get("/admin/org")
async def show_lint(services: ServicesDep, reader: SignedIn) -> Response:
    """The findings of the organisation check, errors first; a supervisor sees those of their own units."""
    async with open_admin(services, reader) as connection:
        lint = await check_in_scope(connection, reader.person, reader.now)
    return admin_page(reader, "org.html", lint=lint)
