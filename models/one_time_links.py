"""One-time links (一次性链接): for whom they are, for which acts, and how one is kept."""

from enum import StrEnum
from typing import Final
from uuid import UUID

from models.base import Frozen, Instant


class LinkHolder(StrEnum):
    """Whom a link is for.

    `partner`: somebody without an account who works for a department; the link itself is their right to one act.
    `reporter`: who reported the case; the link answers one question. `person`: somebody with an account: the link only
    leads to the act, and they sign in. `receiver`: a department's outside system, which may fetch one photo of a case
    that was handed over to it.
    """

    PARTNER = "partner"
    REPORTER = "reporter"
    PERSON = "person"
    RECEIVER = "receiver"


#: What a receiver may do by a link.
FETCH_PHOTO: Final = "fetch_photo"
#: What a partner may do by a link: what a handler of the department could, short of deciding who has the case.
PARTNER_ACTS: Final = ("complete", "report_progress", "return", "answer_urge")


class LinkEnd(StrEnum):
    """Why a link was taken back before it was used."""

    MOVED_ON = "moved_on"
    TAKEN_BACK = "taken_back"


class Link(Frozen):
    """A link as it is kept; its token is not.

    `act`: the command that it is for, or `fetch_photo`. `account`: who gives that command; None for a person with an
    account (`person`). `named`: how the partner is called; of a receiver, the hash of the photo. `department`: for
    which a partner or receiver acts. `turn`: of a reporter the number of the fact that asked, of an urge order its
    number; else 0. `round`: of the case. `used_at`: since when an answer has been accepted, or the photo was fetched.
    """

    id: UUID
    report_id: UUID
    holder: LinkHolder
    act: str
    named: str = ""
    department: str | None = None
    account: UUID | None = None
    person: UUID | None = None
    turn: int = 0
    round: int = 1
    made_by: UUID | None = None
    made_at: Instant
    expires_at: Instant
    used_at: Instant | None = None
    revoked_at: Instant | None = None
    revoked_why: LinkEnd | None = None
