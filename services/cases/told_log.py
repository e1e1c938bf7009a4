"""What the reporter of a case was told, and when; never at which address."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen, Instant
from models.case import Case
from models.context import Person
from models.reporter_messages import ReporterEvent, event_in
from models.sends import SendStatus
from rules.scope import speaks_with_reporter


class TellView(Frozen):
    """A message to the reporter: of what, by which channel and when; never to which address.

    `status`: `waiting` (it is being sent), `delivered`, `failed` or `unclear` (the far side's answer was lost).
    """

    event: ReporterEvent
    status: SendStatus
    channel: str | None
    written_at: Instant
    finished_at: Instant | None


_TOLD = text(
    "SELECT key, status, channel, created_at, finished_at FROM sends WHERE about = :case_no AND purpose = 'reporter'"
    " ORDER BY created_at, key"
)


async def read_told_log(connection: AsyncConnection, person: Person, case: Case, day: date) -> tuple[TellView, ...]:
    """Return what the reporter of the case was told, the earliest first; nothing for those who do not speak with
    reporters."""
    if not speaks_with_reporter(person, case, day):
        return ()
    return tuple(
        TellView(
            event=event_in(row.key),
            status=SendStatus(row.status),
            channel=row.channel,
            written_at=row.created_at,
            finished_at=row.finished_at,
        )
        for row in await connection.execute(_TOLD, {"case_no": case.case_no})
    )
