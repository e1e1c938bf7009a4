"""The stream of changes that a page follows."""

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from api.state import Opened
from web.live import Hub
from web.reader import SignedIn

router = APIRouter()


@router.get("/live")
async def follow(request: Request, opened: Opened, reader: SignedIn) -> StreamingResponse:
    """Server-sent events: `case` {case_no, revision} for changes the reader may see; `resync` after a gap."""
    hub: Hub = request.app.state.hub
    events = hub.stream(opened.engine, reader.person, request.headers.get("last-event-id"))
    return StreamingResponse(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
