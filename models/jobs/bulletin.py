"""Bulletins (通报): their kinds, and the input and result of the workflow that makes them."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from models.base import Code, Instant, Kept

BULLETIN_WORKFLOW = "Bulletin"
BULLETIN_ACTIVITY = "make_bulletins"


class BulletinKind(StrEnum):
    """The kinds of bulletins.

    The day's board (日晾晒), whom to visit in the week (周走访), what to meet about in the month (月会商), whom to
    commend in the quarter (季表彰).
    """

    BOARD = "board"
    VISITS = "visits"
    CONSULTATION = "consultation"
    COMMENDATION = "commendation"


class BulletinOrder(Kept):
    """An order to make the bulletin of the period that contains `day`; without it, of the last one over at `at`.

    For the unit `grid`; without it, for every park and every community.
    """

    kind: BulletinKind
    grid: Code | None = None
    day: date | None = None
    at: Instant | None = None


class BulletinsMade(Kept):
    """The ids of the bulletins that were made, or made again."""

    ids: tuple[UUID, ...]
