"""Find cases that may be the same matter, by place, time and words. A suggestion for people, never a decision."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement, Row, and_, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.scope import visible
from models.base import STORED, Code, Frozen, Text, WrittenInstant
from models.case import Case
from models.context import Person
from models.datum import Datum, to_wgs84
from models.tables import CASE_WORDS, CASES
from models.views import CaseItem, CountedTime
from services.cases.compared import ALIKE_METRES, ALIKE_WITHIN, NEAR_METRES, WITHIN, Compared
from services.cases.likeness import likeness, pairs_in_form, pairs_of, rarity_of, read_rarity
from services.cases.names import read_names
from services.cases.views import case_item

#: How many are returned (our choice).
MAX_RESULTS = 10
#: How many of each sort are compared in words, the nearest first.
_MOST_COMPARED = 200
#: Metres of one degree of latitude.
_DEGREE = 111_320


class DuplicateQuery(Frozen):
    """A matter: its category and place. `lat` and `lon` in degrees on `datum`; `title`: its words."""

    category: Code
    lat: Annotated[float | None, Field(ge=-90, le=90)] = None
    lon: Annotated[float | None, Field(ge=-180, le=180)] = None
    datum: Datum = Datum.WGS84
    grid: Code | None = None
    title: Annotated[Text | None, Field(max_length=120)] = None
    at: WrittenInstant | None = None


class Duplicate(Frozen):
    """A case that may be the same: how far away (metres; None where a place is unknown), how long apart, and why.

    `likeness`: how much of the words of the shorter text both have, 0 … 1, rare ones counting more; None when no words
    were given. `same_words`: both tell the same, in words that not everybody writes.
    """

    case: CaseItem
    metres: int | None
    apart: CountedTime
    same_category: bool
    likeness: float | None
    same_words: bool = False
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
    description: str = "",
    excluding: str | None = None,
) -> Duplicates:
    """Return open cases that `person` may see and that may be the same matter, the likeliest first.

    Of the same category or group: reported within 72 hours of `at` (of now, if left out), within 200 m, or in the same
    grid where either has no place. Of any kind: told in the same words, within 14 days and 500 m or in the same grid.
    `description`: more words of the matter. `excluding` leaves out the case itself.
    """
    day, at = await local_day(connection, now), query.at or now
    metres = _metres(query)
    words = pairs_of(f"{query.title or ''} {description}")
    apart = func.abs(func.date_part("epoch", CASES.c.reported_at - at))
    shared = [visible(person, day), CASES.c.closed_at.is_(None)]
    if excluding is not None:
        shared.append(CASES.c.case_no != excluding)
    sorts = [[*_within(WITHIN, at), near, _of_group(query)] for near in _near(query, metres, NEAR_METRES)]
    if words:
        sorts += [[*_within(ALIKE_WITHIN, at), near] for near in _near(query, metres, ALIKE_METRES)]
    distance: ColumnElement[float] = literal(None) if metres is None else metres
    rows: dict[str, Row[Any]] = {}
    for conditions in sorts:
        statement = (
            select(
                CASES.c.case_no, CASES.c.grid_path, CASES.c.category, CASE_WORDS.c.words, distance.label("metres"),
                apart.label("apart"),
            )
            .join(CASE_WORDS, CASE_WORDS.c.report_id == CASES.c.report_id)
            .where(*shared, *conditions)
            .order_by(distance.asc().nulls_last(), apart)
            .limit(_MOST_COMPARED)
        )  # fmt: skip
        found = (await connection.execute(statement)).all()
        rows |= {row.case_no: row for row in found}
    likely = await _compare(connection, list(rows.values()), query, words)
    return Duplicates(items=await _views(connection, likely, now, language))


def _of_group(query: DuplicateQuery) -> ColumnElement[bool]:
    return CASES.c.category.startswith(query.category[:2], autoescape=True)


def _within(span: timedelta, at: datetime) -> list[ColumnElement[bool]]:
    return [CASES.c.reported_at >= at - span, CASES.c.reported_at <= at + span]


def _near(query: DuplicateQuery, metres: ColumnElement[float] | None, most: int) -> list[ColumnElement[bool]]:
    """Return the conditions under which a case is near, one by place and one by unit: each has an index of its own, and
    together they would have none. None for a query without a place.
    """
    c = CASES.c
    near: list[ColumnElement[bool]] = []
    if metres is not None and query.lat is not None and query.lon is not None:
        lat, lon = to_wgs84(query.lat, query.lon, query.datum)
        north = most / _DEGREE
        east = north / max(math.cos(math.radians(lat)), 0.01)
        # The box is what the index finds; the circle decides.
        box = and_(c.lat.between(lat - north, lat + north), c.lon.between(lon - east, lon + east))
        near.append(and_(box, metres <= most))
    if query.grid is not None:
        near.append(c.grid == query.grid if metres is None else and_(c.grid == query.grid, c.lat.is_(None)))
    return near


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


async def _compare(
    connection: AsyncConnection, rows: Sequence[Row[Any]], query: DuplicateQuery, words: frozenset[str]
) -> list[tuple[str, Compared]]:
    """Return the likely ones with their numbers, the likeliest first."""
    if not rows:
        return []
    rarity = None
    if words:
        known = await read_rarity(connection, str(rows[0].grid_path).split(".")[0])
        rarity = replace(known, around=rarity_of(row.words for row in rows))
    likely: list[tuple[str, Compared]] = []
    for row in rows:
        like = None if rarity is None else likeness(words, pairs_in_form(row.words), rarity)
        one = Compared(
            metres=row.metres,
            apart=timedelta(seconds=float(row.apart)),
            same_category=row.category == query.category,
            same_group=row.category.startswith(query.category[:2]),
            like=like,
        )
        if one.likely:
            likely.append((row.case_no, one))
    likely.sort(key=lambda each: -each[1].score)
    return likely[:MAX_RESULTS]


async def _views(
    connection: AsyncConnection, likely: Sequence[tuple[str, Compared]], now: datetime, language: str
) -> tuple[Duplicate, ...]:
    numbers = [case_no for case_no, _ in likely]
    states = await connection.execute(select(CASES.c.case_no, CASES.c.state).where(CASES.c.case_no.in_(numbers)))
    cases = {row.case_no: Case.model_validate(row.state, context=STORED) for row in states}
    names = await read_names(connection, cases.values(), language)
    return tuple(_duplicate(one, case_item(cases[case_no], names, now)) for case_no, one in likely if case_no in cases)


def _duplicate(one: Compared, item: CaseItem) -> Duplicate:
    why_zh, why_en = one.why()
    return Duplicate(
        case=item,
        metres=None if one.metres is None else round(one.metres),
        apart=one.apart,
        same_category=one.same_category,
        likeness=None if one.like is None else round(one.like.share, 2),
        same_words=one.like is not None and one.like.alike,
        why_zh=why_zh,
        why_en=why_en,
    )
