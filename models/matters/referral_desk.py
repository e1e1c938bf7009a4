"""A referral desk (法律顾问轮值“坐诊”, and others): who sits when, and the slots that are booked for cases."""

from datetime import date, time
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from models.base import (
    Code,
    Given,
    Instant,
    Kept,
    Note,
    OptionalName,
    OptionalNote,
    Title,
    WallTime,
    WrittenDay,
    WrittenInstant,
    fault,
)
from models.matters.base import CreateMatter, Matter, MatterBody, MatterCommand

#: The lengths of a slot, in minutes.
SlotMinutes = Annotated[int, Field(ge=5, le=240)]


class DeskKind(StrEnum):
    """What a desk advises on."""

    LAWYER = "lawyer"
    EMPLOYMENT = "employment"
    PSYCHOLOGY = "psychology"
    MEDIATION = "mediation"
    OTHER = "other"


class ReferralOutcome(StrEnum):
    """What came of a slot: advice, an agreement, legal aid granted, referred elsewhere, a further slot is needed."""

    ADVISED = "advised"
    AGREED = "agreed"
    AID_GRANTED = "aid_granted"
    REFERRED = "referred"
    FURTHER = "further"


class Sitter(Given):
    """Somebody who sits at the desk, and their organisation. Both are shown in public."""

    name: Title
    organisation: OptionalName = None


class Sitting(Given):
    """A sitting every week: on `weekday` (1 is Monday, 7 Sunday), from `start` to `end` by the wall clock."""

    weekday: Annotated[int, Field(ge=1, le=7)]
    start: WallTime
    end: WallTime

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        _require_forward(self.start, self.end)
        return self


class Hours(Given):
    """A sitting on one day, from `start` to `end` by the wall clock."""

    start: WallTime
    end: WallTime

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        _require_forward(self.start, self.end)
        return self


def _require_forward(start: time, end: time) -> None:
    if end <= start:
        raise fault("坐诊的结束时间须晚于开始时间", "a sitting ends after it begins")


class ChangedDay(Given):
    """A day that differs from its week: it has these sittings instead, or (empty) none."""

    day: date
    sittings: tuple[Hours, ...] = ()
    note: str = ""


class Booking(Kept):
    """A slot that is booked for a case. `number` is its own within the desk; `outcome_due_at`: when its outcome is
    missing; `missed_at`: since when that is recorded."""

    number: int
    at: Instant
    until: Instant
    case_no: str
    booked_by: UUID | None
    outcome_due_at: Instant
    attended: bool = False
    missed_at: Instant | None = None


Sittings = Annotated[tuple[Sitting, ...], Field(min_length=1, max_length=40)]
Sitters = Annotated[tuple[Sitter, ...], Field(min_length=1, max_length=40)]


class ReferralDesk(Matter):
    """A desk. `bookings` are those whose outcome is not known yet; all of them are in `referral_bookings`.

    `calendar` names a calendar of the policy: on its days of rest nobody sits. `last_number`: of the last booking.
    """

    desk_kind: DeskKind
    place: str
    persons: tuple[Sitter, ...]
    sittings: tuple[Sitting, ...]
    changed_days: tuple[ChangedDay, ...] = ()
    calendar: str | None = None
    slot_minutes: int
    bookings: tuple[Booking, ...] = ()
    last_number: int = 0

    def booking(self, number: int) -> Booking | None:
        """The open booking of that number, or None."""
        return next((booking for booking in self.bookings if booking.number == number), None)


class RegisterDesk(CreateMatter):
    """Open a desk."""

    kind: Literal["register"] = "register"
    code: Code
    desk_kind: DeskKind
    place: Title
    persons: Sitters
    sittings: Sittings
    slot_minutes: SlotMinutes = 30
    calendar: Code | None = None
    department: Code | None = None


class ChangeDesk(MatterCommand):
    """Change what is given, and keep the rest. Slots booked already stay as they are."""

    kind: Literal["change"] = "change"
    name: Title | None = None
    place: Title | None = None
    persons: Sitters | None = None
    sittings: Sittings | None = None
    slot_minutes: SlotMinutes | None = None
    calendar: Code | None = None
    department: Code | None = None
    note: Note


class ChangeDay(MatterCommand):
    """Have other sittings on one day, or (empty) none. Bookings that no longer lie in a sitting must be moved first."""

    kind: Literal["change_day"] = "change_day"
    day: WrittenDay
    sittings: Annotated[tuple[Hours, ...], Field(max_length=10)] = ()
    note: Note


class Book(MatterCommand):
    """Book the slot that begins at `at` for a case."""

    kind: Literal["book"] = "book"
    at: WrittenInstant
    case_no: Code
    note: OptionalNote = ""


class MoveBooking(MatterCommand):
    """Move a booking to another free slot."""

    kind: Literal["move"] = "move"
    number: Annotated[int, Field(ge=1)]
    at: WrittenInstant


class CancelBooking(MatterCommand):
    """Cancel a booking."""

    kind: Literal["cancel"] = "cancel"
    number: Annotated[int, Field(ge=1)]
    reason: Note


class NoteAttendance(MatterCommand):
    """Record whether the client came; for one who did, the outcome follows."""

    kind: Literal["note_attendance"] = "note_attendance"
    number: Annotated[int, Field(ge=1)]
    attended: bool = True
    note: OptionalNote = ""


class RecordOutcome(MatterCommand):
    """Record what came of a slot. The note stays with the desk; the case is told the outcome."""

    kind: Literal["record_outcome"] = "record_outcome"
    number: Annotated[int, Field(ge=1)]
    outcome: ReferralOutcome
    note: OptionalNote = ""


class EndDesk(MatterCommand):
    """Close the desk for good; no booking may be open."""

    kind: Literal["end"] = "end"
    reason: Note


class DeskRegistered(MatterBody):
    """A desk was opened."""

    kind: Literal["registered"] = "registered"
    code: str
    name: str
    grid: str
    grid_path: tuple[str, ...]
    desk_kind: DeskKind
    place: str
    persons: tuple[Sitter, ...]
    sittings: tuple[Sitting, ...]
    slot_minutes: int
    calendar: str | None = None
    department: str | None = None


class DeskChanged(MatterBody):
    """What was changed, and why; what is None stayed."""

    kind: Literal["changed"] = "changed"
    name: str | None = None
    place: str | None = None
    persons: tuple[Sitter, ...] | None = None
    sittings: tuple[Sitting, ...] | None = None
    slot_minutes: int | None = None
    calendar: str | None = None
    department: str | None = None
    note: str


class DayChanged(MatterBody):
    """One day has other sittings."""

    kind: Literal["day_changed"] = "day_changed"
    day: date
    sittings: tuple[Hours, ...]
    note: str


class SlotBooked(MatterBody):
    """A slot was booked."""

    kind: Literal["slot_booked"] = "slot_booked"
    number: int
    at: Instant
    until: Instant
    outcome_due_at: Instant
    case_no: str
    note: str = ""


class SlotMoved(MatterBody):
    """A booking was moved."""

    kind: Literal["slot_moved"] = "slot_moved"
    number: int
    case_no: str
    old_at: Instant
    at: Instant
    until: Instant
    outcome_due_at: Instant


class SlotCancelled(MatterBody):
    """A booking was cancelled."""

    kind: Literal["slot_cancelled"] = "slot_cancelled"
    number: int
    case_no: str
    at: Instant
    reason: str


class AttendanceNoted(MatterBody):
    """The client came, or did not; then the booking is over."""

    kind: Literal["attendance_noted"] = "attendance_noted"
    number: int
    case_no: str
    at: Instant
    attended: bool
    note: str = ""


class OutcomeRecorded(MatterBody):
    """What came of the slot; the booking is over."""

    kind: Literal["outcome_recorded"] = "outcome_recorded"
    number: int
    case_no: str
    at: Instant
    outcome: ReferralOutcome
    note: str = ""


class OutcomeMissing(MatterBody):
    """A slot has passed for so long and nobody has recorded what came of it; `rungs`: the steps of its ladder."""

    kind: Literal["outcome_missing"] = "outcome_missing"
    number: int
    case_no: str
    due_at: Instant
    rungs: tuple[Instant, ...]


class DeskEnded(MatterBody):
    """The desk was closed for good."""

    kind: Literal["ended"] = "ended"
    reason: str


COMMANDS = (
    RegisterDesk, ChangeDesk, ChangeDay, Book, MoveBooking, CancelBooking, NoteAttendance, RecordOutcome, EndDesk,
)  # fmt: skip
BODIES = (
    DeskRegistered, DeskChanged, DayChanged, SlotBooked, SlotMoved, SlotCancelled, AttendanceNoted, OutcomeRecorded,
    OutcomeMissing, DeskEnded,
)  # fmt: skip


class CaseAround(Given):
    """The case of a booking: whether it exists, and is open."""

    exists: bool = False
    is_open: bool = False
