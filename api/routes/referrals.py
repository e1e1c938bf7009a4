"""Routes of referral desks beside those of every matter: slots, booking, a sitting day as a calendar file."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.headers import IdempotencyKey
from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ResourcesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from infra.store.context import local_day
from models.base import Frozen
from models.ids import new_id
from models.matters.base import MatterKind
from models.matters.referral_desk import Book
from services.cases.queries import find_case
from services.matters.queries import get_matter
from services.matters.views import MatterView
from services.referrals.calendar_file import MEDIA_TYPE, calendar_file
from services.referrals.slots import BookingOfCase, SlotView, book, bookings_of_case, find_desk, for_reader, read_slots

router = APIRouter(
    route_class=StrictRoute,
    prefix="/api/v1",
    tags=["referral-desks"],
    responses=PROBLEMS,
    dependencies=[KNOWN_PARAMETERS],
)

#: How many days are shown when no end is given.
_USUAL_DAYS = 13


class Slots(Frozen):
    """The slots of a desk from a day to a day."""

    desk: str
    items: tuple[SlotView, ...]


@router.get("/referral-desks/{code}/slots")
async def get_slots(
    code: str,
    resources: ResourcesDep,
    caller: Caller,
    now: Now,
    first: Annotated[date | None, Query(alias="from")] = None,
    last: Annotated[date | None, Query(alias="to")] = None,
) -> Slots:
    """The slots from `from` (today) to `to` (two weeks), free and booked."""
    async with resources.reading.connect() as connection:
        desk = await find_desk(connection, caller, code, now)
        begin = first or await local_day(connection, now)
        slots = await read_slots(connection, desk, begin, last or begin + timedelta(days=_USUAL_DAYS), now)
        slots = await for_reader(connection, caller, desk, slots, now)
    return Slots(desk=desk.code, items=slots)


@router.post("/referral-desks/{code}/commands/book")
async def book_slot(
    code: str,
    command: Book,
    resources: ResourcesDep,
    caller: Caller,
    now: Now,
    language: Language,
    key: IdempotencyKey = None,
) -> MatterView:
    """Books the slot that begins at `at` for a case that the caller sees. Of two for one slot the first has it."""
    await book(resources, caller, code, command, command_id=key or new_id(), now=now)
    async with resources.reading.connect() as connection:
        return await get_matter(connection, caller, MatterKind.REFERRAL_DESK, code, now, language)


@router.get("/referral-desks/{code}/sittings.ics", response_class=Response)
async def export_day(
    code: str, day: date, resources: ResourcesDep, caller: Caller, now: Now, language: Language
) -> Response:
    """The bookings of a sitting day as a calendar file, with the numbers of the cases alone."""
    async with resources.reading.connect() as connection:
        desk = await find_desk(connection, caller, code, now)
        slots = await read_slots(connection, desk, day, day, now)
        slots = await for_reader(connection, caller, desk, slots, now)
    name = f"{desk.code}-{day}.ics"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(calendar_file(desk, slots, now, language), media_type=MEDIA_TYPE, headers=headers)


@router.get("/cases/{case_no}/bookings")
async def list_bookings_of_case(
    case_no: str, resources: ResourcesDep, caller: Caller, now: Now
) -> tuple[BookingOfCase, ...]:
    """The slots of referral desks booked for the case, the latest first."""
    async with resources.reading.connect() as connection:
        row = await find_case(connection, caller, case_no, now)
        return await bookings_of_case(connection, row.case_no)
