"""监测站: what only stations have on their pages: a new key, shown once."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Response

from doors.dependencies import ServicesDep
from models.matters.base import MatterKind
from services.stations.keys import give_key
from web.reader import SignedIn
from web.routes.park.matters import require_section, show_matter

router = APIRouter()


@router.post("/park/stations/{code}/rotate_key")
async def rotate_key(
    services: ServicesDep, reader: SignedIn, code: str, command_id: Annotated[UUID, Form()]
) -> Response:
    """Give the station a new key and show it this once."""
    section, kind = require_section("stations")
    assert kind is MatterKind.STATION
    given = await give_key(services.resources, reader.person, code, command_id, reader.now)
    return await show_matter(services, reader, section, kind, code, None, did="rotate_key", new_key=given.key or "")
