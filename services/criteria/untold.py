"""Condition on rows of `cases`: the reporter chose to be told, and the last message about it did not reach them."""

from typing import Final

from sqlalchemy import ColumnElement, and_, bindparam, literal, not_, or_, select

from models.enums import Role
from models.sends import Purpose, SendStatus
from models.tables import CASES, FACTS, metadata

_SENDS = metadata.tables["sends"]
_ATTEMPTS = metadata.tables["send_attempts"]
_GRANTS = metadata.tables["grants"]
#: The code of an attempt that was not made: the reporter was erased, or wants no more messages.
UNWANTED: Final = "no_address"
#: The roles of those who speak with reporters; what they note or enter for the reporter says that they did.
_SPEAKERS: Final = (Role.DUTY_OFFICER, Role.REVIEWER, Role.SUPERVISOR, Role.KEEPER)
_UNTOLD: Final = (SendStatus.FAILED.value, SendStatus.UNCLEAR.value)
_SPOKEN: Final = ("info_supplied", "rated", "reopen_requested")


def reporter_untold() -> ColumnElement[bool]:
    """Whether a message to the reporter failed, or nobody knows what became of it, and since then none has reached
    them, nobody of the desk has noted anything, and nothing was entered that the reporter said. Not of archived cases.
    """
    s, later, f, g, a = _SENDS.alias("s"), _SENDS.alias("later"), FACTS.alias("f"), _GRANTS.alias("g"), _ATTEMPTS
    reporters = Purpose.REPORTER.value
    reached = select(1).where(
        later.c.about == s.c.about, later.c.purpose == reporters, later.c.status == SendStatus.DELIVERED.value,
        later.c.created_at >= s.c.created_at,
    )  # fmt: skip
    unwanted = select(1).where(a.c.send == s.c.key, a.c.code == UNWANTED)
    by_speaker = select(1).where(g.c.person == f.c.actor, g.c.role.in_([role.value for role in _SPEAKERS]))
    spoken = select(1).where(
        f.c.report_id == CASES.c.report_id,
        f.c.at >= s.c.created_at,
        or_(
            and_(f.c.kind.in_(_SPOKEN), f.c.actor.is_not(None)),
            and_(f.c.kind == "commented", by_speaker.correlate(f).exists()),
        ),
    )
    failed = select(s.c.about).where(
        s.c.about == CASES.c.case_no,
        s.c.purpose == literal(reporters, literal_execute=True),
        s.c.status.in_(bindparam("untold", _UNTOLD, expanding=True, literal_execute=True, unique=True)),
        not_(reached.correlate(s).exists()),
        not_(unwanted.correlate(s).exists()),
        not_(spoken.correlate(s, CASES).exists()),
    )  # fmt: skip
    return and_(CASES.c.archived_at.is_(None), failed.correlate(CASES).exists())
