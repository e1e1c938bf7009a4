"""The stream of changes for a page, and who else has a case open."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from doors.dependencies import ServicesDep
from doors.session import session_token
from infra.database import transaction
from services.accounts.sign_in import read_token
from services.desk.viewers import announce_view
from web.live import Hub
from web.pages import page
from web.reader import SignedIn

router = APIRouter()


@router.post("/cases/{case_no}/viewers")
async def look(case_no: str, request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """在看: an open page reports itself from time to time, and gets who else has the case open."""
    hub: Hub = request.app.state.hub
    async with transaction(services.engine) as connection:
        names = await announce_view(connection, hub.presence, reader.person, case_no, reader.now)
    return page(reader, "case/viewers.html", names=names)


@router.get("/live")
async def follow(request: Request, services: ServicesDep, _reader: SignedIn) -> StreamingResponse:
    """Server-sent events: `case` {case_no, revision} for changes that the reader may see; `resync` after a gap."""
    hub: Hub = request.app.state.hub
    claims = read_token(services.settings, session_token(request) or "", datetime.now(UTC))
    events = hub.stream(request.app.state.live_readers, claims, request.headers.get("last-event-id"))
    return StreamingResponse(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
