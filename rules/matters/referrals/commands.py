"""What the commands to a referral desk lead to. Commands to one desk are decided one after the other, so of two that
want one slot the first has it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models.context import Person
from models.enums import Role
from models.errors import (
    BookingsInTheWay,
    CaseHasSlot,
    InputError,
    NoSuchBooking,
    NoSuchCase,
    NoSuchSlot,
    NotYours,
    SlotNotOver,
    SlotPassed,
    SlotTaken,
    SlotTooFarAhead,
    UnknownCalendar,
    UnknownDepartment,
)
from models.matters.base import MatterBody, MatterCommand
from models.matters.context import MatterContext
from models.matters.referral_desk import (
    AttendanceNoted,
    Book,
    Booking,
    CancelBooking,
    CaseAround,
    ChangeDay,
    ChangedDay,
    ChangeDesk,
    DayChanged,
    DeskChanged,
    DeskEnded,
    DeskRegistered,
    EndDesk,
    MoveBooking,
    NoteAttendance,
    OutcomeRecorded,
    RecordOutcome,
    ReferralDesk,
    RegisterDesk,
    SlotBooked,
    SlotCancelled,
    SlotMoved,
)
from models.policy.calendar import Calendar
from rules.matters.kind import Part
from rules.matters.referrals.slots import Slot, find_slot, hours_on
from rules.scope import in_force

#: Who sends people to a desk: those who receive, look after and handle cases.
BOOKING_ROLES = frozenset({Role.DUTY_OFFICER, Role.SUPERVISOR, Role.GRID_WORKER, Role.HANDLER, Role.DEPARTMENT_HEAD})


def decide(desk: ReferralDesk | None, command: MatterCommand, ctx: MatterContext) -> Sequence[MatterBody]:
    """The facts of a command; raises the DomainError that refuses it."""
    if isinstance(command, RegisterDesk):
        _check_names(command.calendar, command.department, ctx)
        return [DeskRegistered(**_given(command), grid_path=ctx.grid_path)]
    assert desk is not None
    match command:
        case ChangeDesk():
            return [_changed(command, ctx)]
        case ChangeDay():
            return [_day_changed(desk, command, ctx)]
        case Book():
            return [_booked(desk, command, ctx)]
        case MoveBooking():
            return [_moved(desk, command, ctx)]
        case CancelBooking(number=number, reason=reason):
            booking = _own_booking(desk, number, command.kind, ctx)
            return [SlotCancelled(number=number, case_no=booking.case_no, at=booking.at, reason=reason)]
        case EndDesk(reason=reason):
            if desk.bookings:
                raise BookingsInTheWay(numbers=", ".join(str(one.number) for one in desk.bookings))
            return [DeskEnded(reason=reason)]
    return [_after_slot(desk, command, ctx)]


def _given(command: RegisterDesk | ChangeDesk) -> dict[str, object]:
    return {name: getattr(command, name) for name in type(command).model_fields if name != "kind"}


def _check_names(calendar: str | None, department: str | None, ctx: MatterContext) -> None:
    if calendar is not None and ctx.policy.calendar(calendar) is None:
        known = ", ".join(one.name for one in ctx.calendars)
        raise UnknownCalendar(calendar=calendar, known=known, pointer="/calendar")
    if department is not None and ctx.department(department) is None:
        raise UnknownDepartment(department=department, pointer="/department")


def _changed(command: ChangeDesk, ctx: MatterContext) -> DeskChanged:
    _check_names(command.calendar, command.department, ctx)
    given = _given(command)
    if all(value is None for name, value in given.items() if name != "note"):
        raise InputError(why_zh="没有要修改的内容", why_en="nothing is to be changed")
    return DeskChanged.model_validate(given)


def _day_changed(desk: ReferralDesk, command: ChangeDay, ctx: MatterContext) -> DayChanged:
    if command.day < ctx.today:
        raise InputError(why_zh="这一天已过", why_en="the day has passed", pointer="/day")
    kept = tuple(one for one in desk.changed_days if one.day != command.day)
    changed = ChangedDay(day=command.day, sittings=command.sittings)
    after = desk.model_copy(update={"changed_days": (*kept, changed)})
    zone = ZoneInfo(ctx.policy.zone)
    open_hours = hours_on(after, command.day, calendar_of(desk, ctx))
    out = [
        booking.number
        for booking in desk.bookings
        if booking.at.astimezone(zone).date() == command.day
        and booking.at > ctx.now
        and not any(
            start <= booking.at.astimezone(zone).time() and booking.until.astimezone(zone).time() <= end
            for start, end in open_hours
        )
    ]
    if out:
        raise BookingsInTheWay(numbers=", ".join(map(str, out)), pointer="/sittings")
    return DayChanged(day=command.day, sittings=command.sittings, note=command.note)


def calendar_of(desk: ReferralDesk, ctx: MatterContext) -> Calendar | None:
    """The calendar that the desk names; None when it names none, or the policy has it no longer."""
    return None if desk.calendar is None else ctx.policy.calendar(desk.calendar)


def _free_slot(desk: ReferralDesk, at: datetime, ctx: MatterContext) -> Slot:
    zone = ZoneInfo(ctx.policy.zone)
    moment = f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
    rules = ctx.policy.park.referrals
    slot = find_slot(desk, at, zone, calendar_of(desk, ctx))
    if slot is None:
        raise NoSuchSlot(moment=moment, minutes=desk.slot_minutes, pointer="/at")
    if slot.at <= ctx.now:
        raise SlotPassed(moment=moment, pointer="/at")
    if slot.at > ctx.now + timedelta(days=rules.ahead_days):
        raise SlotTooFarAhead(days=rules.ahead_days, pointer="/at")
    if any(booking.at < slot.until and slot.at < booking.until for booking in desk.bookings):
        raise SlotTaken(moment=moment, pointer="/at")
    return slot


def _booked(desk: ReferralDesk, command: Book, ctx: MatterContext) -> SlotBooked:
    if ctx.person is not None and not _may_book(ctx.person, ctx):
        raise NotYours(command=command.kind, who=" / ".join(sorted(BOOKING_ROLES)))
    around = ctx.extra if isinstance(ctx.extra, CaseAround) else CaseAround()
    if not around.exists:
        raise NoSuchCase(case_no=command.case_no, pointer="/case_no")
    if not around.is_open:
        raise InputError(why_zh="案件已结案", why_en="the case is closed", pointer="/case_no")
    slot = _free_slot(desk, command.at, ctx)
    other = next((one for one in desk.bookings if one.case_no == command.case_no and one.until > ctx.now), None)
    if other is not None:
        moment = f"{other.at.astimezone(ZoneInfo(ctx.policy.zone)):%Y-%m-%d %H:%M}"
        raise CaseHasSlot(case_no=command.case_no, moment=moment, pointer="/case_no")
    return SlotBooked(number=desk.last_number + 1, case_no=command.case_no, note=command.note, **_moments(slot, ctx))


def _may_book(person: Person, ctx: MatterContext) -> bool:
    return any(grant.role in BOOKING_ROLES for grant in in_force(person, ctx.today))


def _moved(desk: ReferralDesk, command: MoveBooking, ctx: MatterContext) -> SlotMoved:
    booking = _own_booking(desk, command.number, command.kind, ctx)
    others = tuple(one for one in desk.bookings if one.number != booking.number)
    slot = _free_slot(desk.model_copy(update={"bookings": others}), command.at, ctx)
    if slot.at == booking.at:
        raise InputError(why_zh="时段没有变化", why_en="it is the same slot", pointer="/at")
    return SlotMoved(number=booking.number, case_no=booking.case_no, old_at=booking.at, **_moments(slot, ctx))


def _moments(slot: Slot, ctx: MatterContext) -> dict[str, datetime]:
    """The moments of a booking of that slot."""
    outcome_due_at = slot.until + timedelta(hours=ctx.policy.park.referrals.outcome_hours)
    return {"at": slot.at, "until": slot.until, "outcome_due_at": outcome_due_at}


def _after_slot(desk: ReferralDesk, command: MatterCommand, ctx: MatterContext) -> MatterBody:
    """Attendance or outcome of a slot that has begun."""
    assert isinstance(command, NoteAttendance | RecordOutcome)
    booking = _own_booking(desk, command.number, command.kind, ctx)
    if booking.at > ctx.now:
        raise SlotNotOver(moment=f"{booking.at.astimezone(ZoneInfo(ctx.policy.zone)):%Y-%m-%d %H:%M}")
    fields = {**command.model_dump(exclude={"kind"}), "case_no": booking.case_no, "at": booking.at}
    return AttendanceNoted(**fields) if isinstance(command, NoteAttendance) else OutcomeRecorded(**fields)


def _own_booking(desk: ReferralDesk, number: int, command: str, ctx: MatterContext) -> Booking:
    """The booking, which the person made, or whose desk they keep."""
    booking = desk.booking(number)
    if booking is None:
        raise NoSuchBooking(number=number, pointer="/number")
    person = ctx.person
    if person is None or person.acts_for(booking.booked_by, ctx.today) or _keeps(desk, person, ctx):
        return booking
    raise NotYours(command=command, who=" / ".join((Part.OWNER, Part.DUTY_OFFICER, Part.SUPERVISOR)))


def _keeps(desk: ReferralDesk, person: Person, ctx: MatterContext) -> bool:
    for grant in in_force(person, ctx.today):
        if desk.department is not None and grant.department == desk.department:
            return True
        if grant.role in (Role.DUTY_OFFICER, Role.SUPERVISOR) and (grant.grid is None or grant.grid in desk.grid_path):
            return True
    return False
