"""What the page of an undertaking shows besides: how far it is."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from models.matters.undertaking import Undertaking
from services.undertakings.progress import read_progress
from web.reader import Reader


async def page_contents(connection: AsyncConnection, reader: Reader, matter: Undertaking) -> dict[str, Any]:
    """The progress: of a campaign by its cases, else the owner's own estimate."""
    return {"progress": (await read_progress(connection, [matter]))[matter.code]}
