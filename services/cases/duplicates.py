"""Cases that may be the same matter: near in place, in time and in kind. A suggestion for people, never a decision."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement, Row, and_, case, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from models.base import Code, Frozen, SaidInstant, Text
from models.case import Case
from models.context import Person
from models.tables import CASES
from models.views import CaseItem
from services.cases.names import read_names
from services.cases.views import case_item
from services.criteria.scope import visible

#: How near and how recent a case must be, and how many are told (our choice, after 城管 practice).
NEAR_METRES = 200
WITHIN = timedelta(hours=72)
MOST = 10
#: Metres of one degree of latitude.
_DEGREE = 111_320


class DuplicateQuery(Frozen):
    """A matter: its category, and where it is. `lat` and `lon` in degrees (WGS 84); `title` for likeness."""

    category: Code
    lat: Annotated[float | None, Field(ge=-90, le=90)] = None
    lon: Annotated[float | None, Field(ge=-180, le=180)] = None
    grid: Code | None = None
    title: Annotated[Text | None, Field(max_length=120)] = None
    at: SaidInstant | None = None


class Duplicate(Frozen):
    """A case that may be the same: how far away (metres; None where a place is unknown), how long apart, and why.

    `likeness` of the titles, 0 … 1; None when no title was given.
    """

    case: CaseItem
    metres: int | None
    apart: timedelta
    same_category: bool
    likeness: float | None
    why_zh: str
    why_en: str


class Duplicates(Frozen):
    """The likeliest first."""

    items: tuple[Duplicate, ...]


async def find_duplicates(
    connection: AsyncConnection,
    person: Person,
    wanted: DuplicateQuery,
    now: datetime,
    language: str,
    *,
    but: str | None = None,
) -> Duplicates:
    """Open cases that `person` may see, reported within 72 hours of `at` (of now, if left out): of the same category
    or group, within 200 m, or in the same grid where either has no place. `but` is left out: the case itself."""
    day, at = await local_day(connection, now), wanted.at or now
    c = CASES.c
    metres = _metres(wanted)
    same = c.category == wanted.category
    like = func.similarity(c.title, wanted.title) if wanted.title else literal(None)
    here = []
    if metres is not None:
        here.append(metres <= NEAR_METRES)
    if wanted.grid is not None:
        placeless = c.lat.is_(None) if metres is not None else literal(True)
        here.append(and_(c.grid == wanted.grid, placeless))
    if not here:
        return Duplicates(items=())
    group = wanted.category[:2]
    fits = [
        visible(person, day), c.closed_at.is_(None), or_(*here),
        c.category.startswith(group, autoescape=True),
        c.reported_at >= at - WITHIN, c.reported_at <= at + WITHIN,
    ]  # fmt: skip
    if but is not None:
        fits.append(c.case_no != but)
    distance: ColumnElement[float] = literal(None) if metres is None else metres
    rows = (
        await connection.execute(
            select(c.state, distance.label("metres"), same.label("same"), like.label("likeness"))
            .where(*fits)
            .order_by(same.desc(), distance.asc().nulls_last(), like.desc().nulls_last(), func.abs(_apart(at)))
            .limit(MOST)
        )
    ).all()
    cases = [Case.model_validate(row.state) for row in rows]
    names = await read_names(connection, cases, language)
    pairs = zip(rows, cases, strict=True)
    return Duplicates(items=tuple(_duplicate(row, case_item(one, names, now), at) for row, one in pairs))


def _apart(at: datetime) -> ColumnElement[float]:
    return func.date_part("epoch", CASES.c.reported_at - at)


def _metres(wanted: DuplicateQuery) -> ColumnElement[float] | None:
    """The distance on a plane: good enough for a few hundred metres."""
    if wanted.lat is None or wanted.lon is None:
        return None
    c = CASES.c
    north = (c.lat - wanted.lat) * _DEGREE
    east = (c.lon - wanted.lon) * _DEGREE * func.cos(func.radians(wanted.lat))
    found: ColumnElement[float] = case((c.lat.is_not(None), func.sqrt(north * north + east * east)))
    return found


def _duplicate(row: Row[Any], item: CaseItem, at: datetime) -> Duplicate:
    apart = abs(item.reported_at - at)
    hours = round(apart / timedelta(hours=1))
    metres = None if row.metres is None else round(row.metres)
    where_zh = "同一网格" if metres is None else f"相距 {metres} 米"
    where_en = "the same grid unit" if metres is None else f"{metres} m away"
    when_zh = "1 小时内" if hours < 1 else f"相隔 {hours} 小时"
    when_en = "within the hour" if hours < 1 else f"{hours} h apart"
    kind_zh, kind_en = ("同一小类", "same category") if row.same else ("同一大类", "same group")
    return Duplicate(
        case=item,
        metres=metres,
        apart=apart,
        same_category=row.same,
        likeness=None if row.likeness is None else round(float(row.likeness), 2),
        why_zh=f"{kind_zh},{where_zh},{when_zh}",
        why_en=f"{kind_en}, {where_en}, {when_en}",
    )
