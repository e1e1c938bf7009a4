"""Suggest enterprises that a report may be about: by the words of its text, by its grid unit, by the distance."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.matters import visible_matters
from models.base import Frozen
from models.context import Person
from models.credit_code import clean_credit_code
from models.matters.base import MatterKind
from models.policy.colours import Colour
from models.tables import GRID_UNITS, MATTERS
from models.text import fold_for_search
from rules.matters.registry import RULES
from services.matters.filter import shown_colour

#: Beyond this distance an enterprise is not suggested for being near (our choice), in metres.
NEAR_METRES: Final = 500.0
#: The shortest part of a name that counts as found in a text.
_SHORTEST: Final = 2
#: Parts of a name that say nothing of which enterprise it is.
_COMMON: Final = re.compile(
    r"(股份|集团|责任|有限)*公司$|[((].*?[))]|^[一-龥]{2,3}[省市县区]|(印染|化工|纺织|科技|实业|制造|机械|汽配|模具|染整)+$"
)


class EnterpriseSuggestion(Frozen):
    """A suggested enterprise, and why."""

    code: str
    name: str
    grid: str
    colour: Colour
    distance: int | None = None
    why_zh: str
    why_en: str


@dataclass(frozen=True)
class _Known:
    code: str
    name: str
    grid: str
    path: tuple[str, ...]
    colour: Colour
    lat: float | None
    lon: float | None


@dataclass(frozen=True)
class Place:
    """Where the report is about: a grid unit, a location on WGS 84, or both."""

    grid: str | None = None
    lat: float | None = None
    lon: float | None = None


async def suggest_enterprises(
    connection: AsyncConnection, person: Person, words: str, place: Place, now: datetime, limit: int = 8
) -> tuple[EnterpriseSuggestion, ...]:
    """Return those that fit, the best first: a code or name in the words, then the same unit, then the nearest.

    Typed words that name nothing suggest nothing; without words the place alone decides.
    """
    known = await _read_known(connection, person, now)
    path = await _path_of(connection, place.grid)
    wanted = fold_for_search(words)
    scored = [(score, one, why) for one in known if (score := (why := _why(one, wanted, place, path)).score) > 0]
    scored.sort(key=lambda found: (-found[0], found[1].name))
    return tuple(
        EnterpriseSuggestion(
            code=one.code,
            name=one.name,
            grid=one.grid,
            colour=one.colour,
            distance=None if why.metres is None else round(why.metres),
            why_zh=why.zh,
            why_en=why.en,
        )
        for _, one, why in scored[:limit]
    )


@dataclass(frozen=True)
class _Why:
    score: float
    zh: str = ""
    en: str = ""
    metres: float | None = None


def _why(one: _Known, words: str, place: Place, path: Sequence[str]) -> _Why:
    """Why the enterprise fits; a score of 0 when it does not."""
    score, zh, en = 0.0, [], []
    metres = _metres(one, place)
    named = _named(one, words)
    if named:
        score, zh, en = 100 + named, ["名称或代码相符"], ["name or code fits"]
    elif words and place == Place():
        return _Why(0)
    if one.grid == place.grid:
        score, zh, en = score + 20, [*zh, "同一网格"], [*en, "same unit"]
    elif path and (one.grid in path or place.grid in one.path):
        score, zh, en = score + 10, [*zh, "所在网格"], [*en, "unit around it"]
    if metres is not None and metres <= NEAR_METRES:
        score, zh, en = (
            score + 30 * (1 - metres / NEAR_METRES) + 1,
            [*zh, f"相距 {metres:.0f} 米"],
            [*en, f"{metres:.0f} m"],
        )
    return _Why(score, "、".join(zh), ", ".join(en), metres)


def _named(one: _Known, words: str) -> int:
    """How well the words name the enterprise: the length of what was found; 0 when they do not."""
    if not words:
        return 0
    code = clean_credit_code(words)
    if len(code) >= 4 and (one.code.startswith(code) or one.code.endswith(code)):
        return len(code)
    name = fold_for_search(one.name)
    if words in name:
        return len(words)
    return _longest_shared(core_of(name), words)


def _longest_shared(core: str, words: str) -> int:
    """The length of the longest part of a name that the words have; 0 for less than half of it."""
    for length in range(len(core), max(_SHORTEST, (len(core) + 1) // 2) - 1, -1):
        if any(core[start : start + length] in words for start in range(len(core) - length + 1)):
            return length
    return 0


def core_of(name: str) -> str:
    """What of a name tells one enterprise from another: without its form, its trade and its county."""
    before = ""
    while name != before:
        before, name = name, _COMMON.sub("", name).strip()
    return name


def _metres(one: _Known, place: Place) -> float | None:
    if one.lat is None or one.lon is None or place.lat is None or place.lon is None:
        return None
    north = (one.lat - place.lat) * 111_320
    east = (one.lon - place.lon) * 111_320 * math.cos(math.radians(place.lat))
    return math.hypot(north, east)


async def _read_known(connection: AsyncConnection, person: Person, now: datetime) -> list[_Known]:
    day = await local_day(connection, now)
    state = MATTERS.c.state
    query = select(
        MATTERS.c.code,
        MATTERS.c.name,
        MATTERS.c.grid,
        func.ltree2text(MATTERS.c.grid_path).label("path"),
        shown_colour().label("colour"),
        state["location"]["lat"].astext.label("lat"),
        state["location"]["lon"].astext.label("lon"),
    ).where(visible_matters(person, RULES[MatterKind.ENTERPRISE], day), MATTERS.c.ended_at.is_(None))
    return [
        _Known(
            row.code, row.name, row.grid, tuple(row.path.split(".")), Colour(row.colour), _number(row.lat),
            _number(row.lon),
        )
        for row in (await connection.execute(query)).all()
    ]  # fmt: skip


def _number(text: Any) -> float | None:
    return None if text is None else float(text)


async def _path_of(connection: AsyncConnection, grid: str | None) -> tuple[str, ...]:
    if grid is None:
        return ()
    path = await connection.scalar(select(func.ltree2text(GRID_UNITS.c.path)).where(GRID_UNITS.c.code == grid))
    return () if path is None else tuple(path.split("."))
