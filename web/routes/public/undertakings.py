"""承诺公示: the undertakings, for everybody. Without a cookie and without a script."""

from fastapi import APIRouter, Response

from doors.dependencies import ServicesDep
from services.public.photo_tokens import make_photo_token
from services.undertakings.public import public_undertakings
from services.wording.matters.undertaking import TYPES, WORDS
from web.reader import AnyVisitor
from web.routes.public.page import public_page

router = APIRouter()


@router.get("/p/undertakings")
async def show_undertakings(services: ServicesDep, visitor: AnyVisitor) -> Response:
    """Every undertaking with its owner, day, progress and milestones; what was missed or ended stays on it."""
    async with services.reading.connect() as connection:
        found = await public_undertakings(connection, visitor.now)
    place = 1 if visitor.language == "en" else 0
    tokens = {sha: make_photo_token(services.settings, sha, visitor.now) for one in found for sha in one.pictures}
    return public_page(
        visitor,
        "public/undertakings.html",
        groups=[(words[place], [one for one in found if one.type == code]) for code, words in TYPES.items()],
        statuses={code: words[place] for code, words in WORDS.statuses.items()},
        tokens=tokens,
    )
