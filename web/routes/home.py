"""The front door: a browser is sent to the page its reader works with; a program is told where to go from here."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from api.routes import health
from doors.dependencies import ServicesDep
from doors.problems import language_of
from web.nav import home
from web.reader import current_reader

router = APIRouter()


@router.get("/")
async def front_door(request: Request, opened: ServicesDep) -> Response:
    """To the desk, the board or the phone's pages, by what the reader acts as. Raises NotSignedIn."""
    if "text/html" not in request.headers.get("accept", ""):
        answer = JSONResponse(None)
        told = await health.start(language_of(request), answer)
        return JSONResponse(
            told.model_dump(mode="json"), headers={"Content-Language": answer.headers["Content-Language"]}
        )
    found = await current_reader(request, opened)
    led = RedirectResponse(home(found), 303, {"Vary": "Accept"})
    if "lang=" in found.query:  # as any page keeps the language that its address asks for
        found.preferences.keep(led)
    return led
