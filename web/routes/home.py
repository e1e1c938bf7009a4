"""The front door: everybody is sent to the page that they work with."""

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from web.nav import home
from web.reader import SignedIn

router = APIRouter()


@router.get("/")
async def front_door(reader: SignedIn) -> Response:
    """To the desk, the board or the phone's pages, by what the reader acts as."""
    return RedirectResponse(home(reader), 303)
