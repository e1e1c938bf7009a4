"""What referral desks read for their decisions, and the table of all their bookings."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import first_row, run
from models.enums import Stage
from models.matters.base import MatterBody, MatterCommand, MatterFact
from models.matters.context import MatterContext
from models.matters.referral_desk import (
    AttendanceNoted,
    Book,
    CaseAround,
    OutcomeRecorded,
    ReferralDesk,
    SlotBooked,
    SlotCancelled,
    SlotMoved,
)

_CASE = "SELECT stage FROM cases WHERE case_no = %(no)s"
_BOOK = """
    INSERT INTO referral_bookings (desk, number, at, until, case_no, booked_by, state, outcome, note)
    VALUES (%(desk)s, %(number)s, %(at)s, %(until)s, %(case_no)s, %(by)s, 'booked', NULL, %(note)s)
"""
_MOVE = "UPDATE referral_bookings SET at = %(at)s, until = %(until)s WHERE desk = %(desk)s AND number = %(number)s"
_SET = """
    UPDATE referral_bookings SET state = %(state)s, outcome = %(outcome)s,
        note = CASE WHEN %(note)s = '' THEN note ELSE %(note)s END
    WHERE desk = %(desk)s AND number = %(number)s
"""


async def read_extra(
    connection: AsyncConnection, desk: ReferralDesk | None, command: MatterCommand, ctx: MatterContext
) -> CaseAround:
    """Return whether the case that a slot is booked for exists and is open."""
    if not isinstance(command, Book):
        return CaseAround()
    row = await first_row(connection, _CASE, {"no": command.case_no})
    return CaseAround() if row is None else CaseAround(exists=True, is_open=row[0] != Stage.CLOSED)


async def project(
    connection: AsyncConnection, before: ReferralDesk | None, after: ReferralDesk, facts: Sequence[MatterFact]
) -> None:
    """Write the bookings that the facts changed."""
    for fact in facts:
        change = _change(fact.body, fact.actor.person)
        if change is not None:
            statement, values = change
            await run(connection, statement, {"desk": after.id, **values})


def _change(body: MatterBody, by: UUID | None) -> tuple[str, dict[str, Any]] | None:
    match body:
        case SlotBooked():
            fields = body.model_dump(include={"number", "at", "until", "case_no", "note"})
            return _BOOK, {**fields, "by": by}
        case SlotMoved():
            return _MOVE, body.model_dump(include={"number", "at", "until"})
        case SlotCancelled(number=number, reason=reason):
            return _SET, {"number": number, "state": "cancelled", "outcome": None, "note": reason}
        case AttendanceNoted(number=number, attended=attended, note=note):
            return _SET, {
                "number": number,
                "state": "attended" if attended else "missed",
                "outcome": None,
                "note": note,
            }
        case OutcomeRecorded(number=number, outcome=outcome, note=note):
            return _SET, {"number": number, "state": "done", "outcome": outcome.value, "note": note}
    return None
