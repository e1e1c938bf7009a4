"""通报 bulletins: what kinds there are, and what is asked of the one who makes them."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from models.base import Code, Frozen, Instant

BULLETIN_WORKFLOW = "Bulletin"
BULLETIN_ACTIVITY = "make_bulletins"


class BulletinKind(StrEnum):
    """日晾晒, a day's board; 周走访, whom to visit; 月会商, what to meet about; 季表彰, whom to commend."""

    BOARD = "board"
    VISITS = "visits"
    CONSULTATION = "consultation"
    COMMENDATION = "commendation"


class BulletinOrder(Frozen):
    """Make the bulletin of the period that holds `day`; without it, of the last one over at `at`.

    For the unit `grid`; without it, for every park and every community.
    """

    kind: BulletinKind
    grid: Code | None = None
    day: date | None = None
    at: Instant | None = None


class BulletinsMade(Frozen):
    """Which bulletins have been made, or made again."""

    ids: tuple[UUID, ...]
