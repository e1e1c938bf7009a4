"""What the reporter of a case was told, and when; never at which address."""

from datetime import date
from enum import StrEnum

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen, Instant
from models.case import Case
from models.context import Person
from models.reporter_messages import ReporterEvent, event_in
from models.sends import Outcome, SendStatus
from models.tables import CASES
from rules.scope import speaks_with_reporter
from services.criteria.untold import UNWANTED, reporter_untold


class UntoldReason(StrEnum):
    """Why a message did not leave, or did not arrive.

    `unwanted`: the reporter wants no more messages, or was erased. `no_channel`: none of that kind is in use.
    `refused`: the far side does not take the address.
    """

    UNWANTED = "unwanted"
    NO_CHANNEL = "no_channel"
    REFUSED = "refused"


class TellView(Frozen):
    """A message to the reporter: of what, by which channel and when; never to which address.

    `status`: `waiting` (it is being sent), `delivered`, `failed` or `unclear` (the far side's answer was lost).
    `channel_name`: what the channel is called for people; its id once it was removed. `reason`: why it failed, where
    that is known.
    """

    event: ReporterEvent
    status: SendStatus
    channel: str | None
    channel_name: str | None = None
    written_at: Instant
    finished_at: Instant | None
    reason: UntoldReason | None = None


_TOLD = text(
    "SELECT s.key, s.status, s.channel, coalesce(c.name, s.channel) AS channel_name, s.created_at, s.finished_at,"
    " a.outcome, a.code FROM sends s LEFT JOIN channels c ON c.id = s.channel LEFT JOIN LATERAL ("
    " SELECT outcome, code FROM send_attempts WHERE send = s.key ORDER BY number DESC LIMIT 1) a ON true"
    " WHERE s.about = :case_no AND s.purpose = 'reporter' ORDER BY s.created_at, s.key"
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
            channel_name=row.channel_name,
            written_at=row.created_at,
            finished_at=row.finished_at,
            reason=_reason(row.outcome, row.code) if row.status == SendStatus.FAILED else None,
        )
        for row in await connection.execute(_TOLD, {"case_no": case.case_no})
    )


async def needs_telling(connection: AsyncConnection, person: Person, case: Case, day: date) -> bool:
    """Return whether somebody must tell the reporter by other means; False for those who do not speak with them."""
    if not speaks_with_reporter(person, case, day):
        return False
    found = select(CASES.c.case_no).where(CASES.c.report_id == case.report_id, reporter_untold())
    return await connection.scalar(found) is not None


def _reason(outcome: str | None, code: str | None) -> UntoldReason | None:
    if code == UNWANTED:
        return UntoldReason.UNWANTED
    if code in ("channel_missing", "channel_disabled"):
        return UntoldReason.NO_CHANNEL
    return UntoldReason.REFUSED if outcome in (Outcome.REFUSED, Outcome.GONE) else None
