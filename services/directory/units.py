"""Look up grid units within a person's scope; units outside it are treated as if they did not exist."""

import re
from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import ColumnElement, Text, and_, cast, exists, func, literal, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.context import Person
from models.enums import Level
from models.errors import NoSuchPage
from models.tables import GRID_UNITS
from services.criteria.cursors import cursor_after, read_cursor
from services.directory.people import local_today
from services.directory.scope import UnitScope, reporting_scope, under, unit_scope
from services.directory.views import PathStep, UnitDetail, UnitHolder, UnitPage, UnitView

#: How far around a unit its neighbourhood reaches, in degrees: some 300 m, as far as one walks past a border without
#: noticing (our choice).
NEIGHBOURHOOD = 0.003
_PATHS = text("""
    SELECT u.code, array_agg(a.name ORDER BY a.level) AS names FROM grid_units u
    JOIN grid_units a ON a.code = ANY (string_to_array(ltree2text(u.path), '.'))
    WHERE u.code = ANY (:codes) GROUP BY u.code
""")
_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")
_COLUMNS = ("code", "name", "level", "parent", "type", "households", "enterprise")


async def list_units(
    connection: AsyncConnection,
    person: Person,
    now: datetime,
    *,
    beneath: str | None,
    level: int | None,
    limit: int,
    cursor: str | None,
) -> UnitPage:
    """Return the units in use that `person` may see, by code. `beneath` narrows to a subtree, its root included.

    Raises NoSuchPage for a `beneath` that does not exist or is out of scope, and BadFilter.
    """
    day = await local_today(connection, now)
    condition = await _condition(connection, await unit_scope(connection, person, day), day, beneath, level)
    if cursor is not None:
        condition = and_(condition, GRID_UNITS.c.code > read_cursor("grids", cursor, 1)[0])
    query = select(*(GRID_UNITS.c[name] for name in _COLUMNS)).where(condition).order_by(GRID_UNITS.c.code)
    rows = (await connection.execute(query.limit(limit + 1))).all()
    items = tuple(UnitView.model_validate(dict(row._mapping)) for row in rows[:limit])
    return UnitPage(items=items, next_cursor=cursor_after("grids", items[-1].code) if len(rows) > limit else None)


async def read_paths(connection: AsyncConnection, codes: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the names from the park down to each of the units, by its code; nothing is checked against a scope."""
    rows = await connection.execute(_PATHS, {"codes": sorted(set(codes))})
    return {row.code: tuple(row.names) for row in rows}


async def unit_features(
    connection: AsyncConnection,
    person: Person,
    now: datetime,
    *,
    beneath: str | None,
    level: int | None,
    near: str | None = None,
) -> str:
    """Return the units in use with a shape that `person` may see, as the text of a GeoJSON FeatureCollection.

    `near` selects another set: that unit's subtree, with the grids and micro-grids around it about which the person may
    report. Raises NoSuchPage for a `beneath` or `near` that does not exist or is out of scope.
    """
    day = await local_today(connection, now)
    scope = await unit_scope(connection, person, day)
    condition = await _condition(connection, scope, day, near or beneath, level)
    if near is not None:
        around = and_((await reporting_scope(connection, person, day)).condition(), _in_use(day), _around(near))
        condition = or_(condition, around if level is None else and_(around, GRID_UNITS.c.level == level))
    properties = func.json_build_object(*(part for name in _COLUMNS for part in (literal(name), GRID_UNITS.c[name])))
    feature = func.json_build_object(
        literal("type"), literal("Feature"), literal("id"), GRID_UNITS.c.code,
        literal("properties"), properties, literal("geometry"), GRID_UNITS.c.geometry,
    )  # fmt: skip
    # The database writes the JSON: a park has ten thousand shapes, and nothing here needs to parse them.
    rows = await connection.execute(
        select(cast(feature, Text)).where(condition, GRID_UNITS.c.geometry.is_not(None)).order_by(GRID_UNITS.c.code)
    )
    return '{"type": "FeatureCollection", "features": [' + ",\n".join(rows.scalars()) + "]}"


def _around(code: str) -> ColumnElement[bool]:
    """Whether a grid or micro-grid lies within `NEIGHBOURHOOD` of the unit's bounding box."""
    g, unit = GRID_UNITS.c, GRID_UNITS.alias("here").c
    overlaps = and_(
        g.west <= unit.east + NEIGHBOURHOOD, g.east >= unit.west - NEIGHBOURHOOD,
        g.south <= unit.north + NEIGHBOURHOOD, g.north >= unit.south - NEIGHBOURHOOD,
    )  # fmt: skip
    return and_(g.level >= Level.GRID, exists().where(unit.code == code, overlaps))


async def get_unit(connection: AsyncConnection, person: Person, now: datetime, code: str) -> UnitDetail:
    """Return one unit, retired ones included. Raises NoSuchPage, whether it is out of scope or does not exist."""
    day = await local_today(connection, now)
    scope = await unit_scope(connection, person, day)
    path = await _path(connection, scope, code)
    steps = (
        await connection.execute(
            select(*(GRID_UNITS.c[name] for name in _COLUMNS))
            .where(GRID_UNITS.c.code.in_(path.split(".")))
            .order_by(GRID_UNITS.c.level)
        )
    ).all()
    children = await connection.scalar(
        select(func.count()).where(GRID_UNITS.c.parent == code, scope.condition(), _in_use(day))
    )
    return UnitDetail(
        **UnitView.model_validate(dict(steps[-1]._mapping)).model_dump(),
        path=tuple(PathStep(code=step.code, name=step.name, level=step.level) for step in steps),
        children=children or 0,
        people=await _holders(connection, code, day),
    )


_HOLDERS = text("""
SELECT p.name, g.role FROM grants g JOIN people p ON p.id = g.person
WHERE g.grid = :code AND p.active AND g.since <= :day AND (g.until IS NULL OR g.until >= :day)
ORDER BY g.role, p.name
""")


async def _holders(connection: AsyncConnection, code: str, day: date) -> tuple[UnitHolder, ...]:
    rows = await connection.execute(_HOLDERS, {"code": code, "day": day})
    return tuple(UnitHolder(name=row.name, role=row.role) for row in rows)


async def _condition(
    connection: AsyncConnection, scope: UnitScope, day: date, beneath: str | None, level: int | None
) -> ColumnElement[bool]:
    condition = and_(scope.condition(), _in_use(day))
    if beneath is not None:
        condition = and_(condition, under(await _path(connection, scope, beneath)))
    return condition if level is None else and_(condition, GRID_UNITS.c.level == level)


async def _path(connection: AsyncConnection, scope: UnitScope, code: str) -> str:
    found = None
    if _CODE.fullmatch(code):
        found = await connection.scalar(select(GRID_UNITS.c.path).where(GRID_UNITS.c.code == code, scope.condition()))
    if found is None:
        raise NoSuchPage(what=code[:80])
    return str(found)


def _in_use(day: date) -> ColumnElement[bool]:
    return or_(GRID_UNITS.c.retired_on.is_(None), GRID_UNITS.c.retired_on > day)
