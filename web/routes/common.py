"""What the routes of several pages share: query parameters, a connection with its viewpoint, the text of an error."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Query
from pydantic import Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from doors.dependencies import Services
from models.base import Code
from models.errors import DomainError
from services.figures.viewpoint import Viewpoint, read_viewpoint
from services.wording.input_faults import fault_text
from web.reader import Reader
from web.views.forms import blank

GridCode = Annotated[Code | None, blank()]
Cursor = Annotated[Annotated[str, Field(max_length=200)] | None, blank(), Query()]


@asynccontextmanager
async def open_viewpoint(services: Services, reader: Reader) -> AsyncIterator[tuple[AsyncConnection, Viewpoint]]:
    """Open a reading connection with the reader's viewpoint. Raises NotYours if their roles do not read figures."""
    async with services.reading.connect() as connection:
        yield connection, await read_viewpoint(connection, reader.person, reader.now, reader.language)


def status_of(error: Exception) -> int:
    """The status of a page that shows a refusal, or a fault in the input."""
    return error.status if isinstance(error, DomainError) else 422


def error_text(error: DomainError | ValidationError, reader: Reader) -> str:
    """The text of a refusal, or of the first fault in the input."""
    if isinstance(error, DomainError):
        return error.message(reader.language)
    return fault_text(error.errors(include_url=False)[0], reader.language)
