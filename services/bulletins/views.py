"""The contents of bulletins, and their items in a list."""

from datetime import date
from typing import Any
from uuid import UUID

from models.base import Frozen, Instant
from models.enums import Stage
from models.jobs.bulletin import BulletinKind
from services.figures.views import Board, Number, Ranking, UnitName
from services.points.read import PointsRanking
from services.work.figures import Work


class Content(Frozen):
    """What every bulletin holds: the park's own work in the unit; None in bulletins made before there was any."""

    work: Work | None = None


class BoardContent(Content):
    """日晾晒: the board when the bulletin was made; reported and closed are those of its day."""

    board: Board


class Repeated(Frozen):
    """A category reported repeatedly in the same micro-grid."""

    category: str
    name: str
    reported: Number


class Visit(Frozen):
    """A micro-grid to visit, the body that it is drawn around, and the reasons."""

    unit: UnitName
    enterprise: str | None
    overdue: Number
    major: Number
    repeated: tuple[Repeated, ...]


class VisitContent(Content):
    """周走访: the micro-grids to visit, those with the most reasons first."""

    visits: tuple[Visit, ...]


class Listed(Frozen):
    """A case to discuss: how often it was returned or failed its review."""

    case_no: str
    title: str
    grid: str
    stage: Stage
    host: str | None
    reported_at: Instant
    consultation_at: Instant | None
    returns: int
    failed_reviews: int
    case: str


class ConsultationPart(Frozen):
    """Cases of one figure, the oldest first; at most 500 are listed, all are counted."""

    name: str
    number: Number
    cases: tuple[Listed, ...]


class ConsultationContent(Content):
    """月会商: cases on the consultation list, chronic cases, cases suspended for long."""

    parts: tuple[ConsultationPart, ...]


class Merit(Frozen):
    """A person who completed cases in time."""

    person: UUID
    name: str
    handled_on_time: Number


class CommendationContent(Content):
    """季表彰: units and departments by score, people by the cases that they handled in time; the points and stars of
    units, departments and people, which bulletins made before there were any do not have.
    """

    units: Ranking
    departments: Ranking
    people: tuple[Merit, ...]
    stars: tuple[PointsRanking, ...] = ()


class BulletinItem(Frozen):
    """A bulletin in a list. `runs`: how often it was made; the last run counts."""

    id: UUID
    kind: BulletinKind
    name: str
    grid: UnitName
    period_start: date
    period_end: date
    made_at: Instant
    runs: int
    href: str


class BulletinView(BulletinItem):
    """A bulletin with its content, as it stood at `made_at`."""

    content: dict[str, Any]


class BulletinPage(Frozen):
    """Bulletins, the latest period first."""

    items: tuple[BulletinItem, ...]
    next_cursor: str | None
