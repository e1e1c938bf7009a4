"""The start page "/": a browser is redirected to the page its reader works with, a program gets the API's links."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from api.routes import health
from doors.dependencies import ServicesDep
from doors.problems import language_of
from web.nav import home
from web.reader import current_reader

router = APIRouter()


@router.get("/")
async def front_door(request: Request, services: ServicesDep) -> Response:
    """Redirect to the desk, the board or the field app, by the reader's roles. Raises NotSignedIn."""
    if "text/html" not in request.headers.get("accept", ""):
        response = JSONResponse(None)
        document = await health.start(language_of(request), response)
        return JSONResponse(
            document.model_dump(mode="json"), headers={"Content-Language": response.headers["Content-Language"]}
        )
    reader = await current_reader(request, services)
    redirect = RedirectResponse(home(reader), 303, {"Vary": "Accept"})
    if "lang=" in reader.query:  # as every page stores the language of its address
        reader.preferences.keep(redirect)
    return redirect
