"""坐诊时间: when referral desks sit, for everybody. Without a cookie, without a script, without anything of a case."""

from fastapi import APIRouter, Response

from doors.dependencies import ServicesDep
from services.referrals.public import public_desks
from services.wording.matters.referral_desk import KINDS, WEEKDAYS
from web.reader import AnyVisitor
from web.routes.public.page import public_page

router = APIRouter()


@router.get("/p/desks")
async def show_desks(services: ServicesDep, visitor: AnyVisitor) -> Response:
    """Every desk with its place, who sits there, and the days to come with their free slots."""
    async with services.reading.connect() as connection:
        desks = await public_desks(connection, visitor.now)
    place = 1 if visitor.language == "en" else 0
    return public_page(
        visitor,
        "public/desks.html",
        desks=desks,
        kinds={code: words[place] for code, words in KINDS.items()},
        weekdays={int(code): words[place] for code, words in WEEKDAYS.items()},
    )
