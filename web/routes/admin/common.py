"""What the administration pages share: a connection for people who may see them, and their templates."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from doors.dependencies import Services
from models.enums import Role
from models.errors import DomainError
from services.admin.rights import require_reader
from services.wording.field_names import field_name
from services.wording.input_faults import fault_text
from web.pages import page
from web.reader import Reader
from web.views.admin import SECTIONS

#: Sections that not every reader of the administration opens, with the roles that do.
_LIMITED = {
    "/admin/actions": (Role.ADMIN, Role.AUDITOR),
    "/admin/open311": (Role.ADMIN,),
    "/admin/channels": (Role.ADMIN,),
}


@asynccontextmanager
async def open_admin(services: Services, reader: Reader) -> AsyncIterator[AsyncConnection]:
    """Open a reading connection, if the reader may see the administration. Raises NotYours otherwise."""
    async with services.reading.connect() as connection:
        await require_reader(connection, reader.person, reader.now)
        yield connection


def admin_fault(error: Exception, reader: Reader, labels: Mapping[str, str] | None = None) -> str:
    """The text of a refusal or of the first fault in a form; any other ValueError comes from a day left blank.

    `labels`: what the form calls its fields, in the reader's language, where that is not what reports call them.
    """
    if isinstance(error, DomainError):
        return error.message(reader.language)
    if isinstance(error, ValidationError):
        fault = error.errors(include_url=False)[0]
        told = fault_text(fault, reader.language)
        own = [labels[str(part)] for part in fault["loc"] if str(part) in labels] if labels else []
        name = own[-1] if own else field_name(fault["loc"], reader.language)
        return told if name is None else f"{name}: {told}"
    return reader.text("请填写日期。")


def admin_page(reader: Reader, template: str, status: int = 200, **context: Any) -> Response:
    """A page of the administration. `changes`: whether the reader may make changes."""
    return page(
        reader,
        f"admin/{template}",
        status,
        sections=[one for one in SECTIONS if one[0] not in _LIMITED or reader.acts_as(*_LIMITED[one[0]])],
        changes=reader.acts_as(Role.ADMIN),
        english=reader.language == "en",
        **context,
    )
