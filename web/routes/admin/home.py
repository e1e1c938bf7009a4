"""管理: the way in, and the organisation checked."""

from fastapi import APIRouter, Response

from doors.dependencies import ServicesDep
from models.enums import Role
from services.admin.rights import require_looker
from services.organisation.lint import check_in_scope
from web.pages import page
from web.reader import SignedIn
from web.views.admin import SECTIONS

router = APIRouter()


@router.get("/admin")
async def show_admin(opened: ServicesDep, reader: SignedIn) -> Response:
    """What there is to look at and to change."""
    async with opened.reading.connect() as connection:
        await require_looker(connection, reader.person, reader.now)
        lint = await check_in_scope(connection, reader.person, reader.now)
    return page(reader, "admin/home.html", sections=SECTIONS, lint=lint, changes=reader.acts_as(Role.ADMIN))


@router.get("/admin/org")
async def show_lint(opened: ServicesDep, reader: SignedIn) -> Response:
    """What is wrong with the organisation, errors first; a supervisor sees their own units."""
    async with opened.reading.connect() as connection:
        await require_looker(connection, reader.person, reader.now)
        lint = await check_in_scope(connection, reader.person, reader.now)
    return page(reader, "admin/org.html", sections=SECTIONS, lint=lint)
