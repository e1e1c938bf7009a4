"""Find cases that may be the same matter, near in place, time and kind. A suggestion for people, never a decision."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement, Row, and_, case, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.scope import visible
from models.base import STORED, Code, Frozen, Text, WrittenInstant
from models.case import Case
from models.context import Person
from models.datum import Datum, to_wgs84
from models.tables import CASES
from models.views import CaseItem, CountedTime
from services.cases.names import read_names
from services.cases.views import case_item
from services.criteria.hidden_numbers import typed_without_numbers, without_numbers

#: How near and how recent a case must be, and how many are returned (our choice, after 城管 practice).
NEAR_METRES = 200
WITHIN = timedelta(hours=72)
MAX_RESULTS = 10
#: Metres of one degree of latitude.
_DEGREE = 111_320


class DuplicateQuery(Frozen):
    """A matter: its category and place. `lat` and `lon` in degrees on `datum`; `title` for the likeness."""

    category: Code
    lat: Annotated[float | None, Field(ge=-90, le=90)] = None
    lon: Annotated[float | None, Field(ge=-180, le=180)] = None
    datum: Datum = Datum.WGS84
    grid: Code | None = None
    title: Annotated[Text | None, Field(max_length=120)] = None
    at: WrittenInstant | None = None


class Duplicate(Frozen):
    """A case that may be the same: how far away (metres; None where a place is unknown), how long apart, and why.

    `likeness` of the titles, 0 … 1; None when no title was given.
    """

    case: CaseItem
    metres: int | None
    apart: CountedTime
    same_category: bool
    likeness: float | None
    why_zh: str
    why_en: str


class Duplicates(Frozen):
    """Likely duplicates, the likeliest first."""

    items: tuple[Duplicate, ...]


async def find_duplicates(
    connection: AsyncConnection,
    person: Person,
    query: DuplicateQuery,
    now: datetime,
    language: str,
    *,
    excluding: str | None = None,
) -> Duplicates:
    """Return open cases that `person` may see and that may be the same matter.

    They were reported within 72 hours of `at` (of now, if left out), are of the same category or group, and lie within
    200 m, or in the same grid where either has no place. `excluding` leaves out the case itself.
    """
    day, at = await local_day(connection, now), query.at or now
    c = CASES.c
    metres = _metres(query)
    near = _near(query, metres)
    if not near:
        return Duplicates(items=())
    same = c.category == query.category
    typed = typed_without_numbers(query.title or "")
    like = func.similarity(without_numbers(c.title), typed) if typed else literal(None)
    group = query.category[:2]
    conditions = [
        visible(person, day), c.closed_at.is_(None), or_(*near),
        c.category.startswith(group, autoescape=True),
        c.reported_at >= at - WITHIN, c.reported_at <= at + WITHIN,
    ]  # fmt: skip
    if excluding is not None:
        conditions.append(c.case_no != excluding)
    distance: ColumnElement[float] = literal(None) if metres is None else metres
    rows = (
        await connection.execute(
            select(c.state, distance.label("metres"), same.label("same"), like.label("likeness"))
            .where(*conditions)
            .order_by(same.desc(), distance.asc().nulls_last(), like.desc().nulls_last(), func.abs(_apart(at)))
            .limit(MAX_RESULTS)
        )
    ).all()
    cases = [Case.model_validate(row.state, context=STORED) for row in rows]
    names = await read_names(connection, cases, language)
    pairs = zip(rows, cases, strict=True)
    return Duplicates(items=tuple(_duplicate(row, case_item(found, names, now), at) for row, found in pairs))


def _near(query: DuplicateQuery, metres: ColumnElement[float] | None) -> list[ColumnElement[bool]]:
    """Return the alternatives under which a case is near; none for a query without a place."""
    near = [] if metres is None else [metres <= NEAR_METRES]
    if query.grid is not None:
        placeless = CASES.c.lat.is_(None) if metres is not None else literal(True)
        near.append(and_(CASES.c.grid == query.grid, placeless))
    return near


def _apart(at: datetime) -> ColumnElement[float]:
    return func.date_part("epoch", CASES.c.reported_at - at)


def _metres(query: DuplicateQuery) -> ColumnElement[float] | None:
    """Return the distance on a plane, which is accurate enough for a few hundred metres."""
    if query.lat is None or query.lon is None:
        return None
    c = CASES.c
    lat, lon = to_wgs84(query.lat, query.lon, query.datum)
    north = (c.lat - lat) * _DEGREE
    east = (c.lon - lon) * _DEGREE * func.cos(func.radians(lat))
    distance: ColumnElement[float] = case((c.lat.is_not(None), func.sqrt(north * north + east * east)))
    return distance


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
