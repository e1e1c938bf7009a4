"""The lawyers' desk of the demonstration, with slots booked for open wage cases."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text

from models.errors import DomainError
from models.ids import derived_id
from models.matters.base import MatterKind
from models.matters.referral_desk import Book, DeskKind, RegisterDesk, Sitter, Sitting
from services.demo.town import DemoTown
from services.demo.work.stations import duty_officer
from services.matters.send import create
from services.referrals.slots import book, find_desk, policy_in_force, read_slots
from services.runtime.resources import Resources

CODE = "LAW"
#: How many slots are booked.
_BOOKED = 5
_HOURS = ((time(9), time(11, 30)), (time(14), time(16, 30)))
#: Tuesdays and Thursdays, as in the rota of a real desk; the calendar leaves out holidays.
_WEEKDAYS = (2, 4)
_CASES = "SELECT case_no FROM cases WHERE category LIKE '02%' AND stage <> 'closed' ORDER BY received_at LIMIT :n"


async def make_referral_desk(resources: Resources, town: DemoTown, begun_at: datetime) -> None:
    """Open the desk and book its next slots."""
    officer = duty_officer(town)
    path = town.paths[sorted(town.paths)[0]]
    command = RegisterDesk(
        code=CODE,
        name="劳动争议法律顾问坐诊",
        grid=path[0],
        desk_kind=DeskKind.LAWYER,
        place="党群服务中心二楼法律服务室",
        persons=(
            Sitter(name="律师甲", organisation="公共法律服务站"),
            Sitter(name="律师乙", organisation="公共法律服务站"),
        ),
        sittings=tuple(Sitting(weekday=day, start=start, end=end) for day in _WEEKDAYS for start, end in _HOURS),
        slot_minutes=30,
        calendar="park",
        department="justice",
    )
    await create(resources, officer, MatterKind.REFERRAL_DESK, command, id_=derived_id("demo-desk", CODE))
    now = datetime.now(UTC)
    async with resources.engine.connect() as connection:
        zone = ZoneInfo((await policy_in_force(connection)).zone)
        today: date = now.astimezone(zone).date()
        desk = await find_desk(connection, officer, CODE, now)
        slots = await read_slots(connection, desk, today, today + timedelta(days=20), now)
        numbers = list((await connection.execute(text(_CASES), {"n": _BOOKED})).scalars())
    free = [slot.at for slot in slots if slot.free and not slot.passed]
    for place, (number, at) in enumerate(zip(numbers, free[::2], strict=False)):
        given = Book(at=at, case_no=number, note="请携带工资条和劳动合同")
        try:
            await book(resources, officer, CODE, given, command_id=derived_id("demo-booking", place), now=now)
        except DomainError as error:
            if error.status >= 500:
                raise
