"""Grid units, looked up: each person within their scope, the rest as if it did not exist."""

import re
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

#: Degrees of what counts as around a unit: some 300 m, as far as one walks past a border without noticing (our choice).
AROUND = 0.003
_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")
_SHOWN = ("code", "name", "level", "parent", "type", "households", "enterprise")


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
    """The units in use that `person` may see, by code. `beneath` narrows to a subtree, its root included.

    Raises NoSuchPage for a `beneath` that does not exist or is out of scope, and BadFilter.
    """
    day = await local_today(connection, now)
    wanted = await _wanted(connection, await unit_scope(connection, person, day), day, beneath, level)
    if cursor is not None:
        wanted = and_(wanted, GRID_UNITS.c.code > read_cursor("grids", cursor, 1)[0])
    query = select(*(GRID_UNITS.c[name] for name in _SHOWN)).where(wanted).order_by(GRID_UNITS.c.code)
    rows = (await connection.execute(query.limit(limit + 1))).all()
    items = tuple(UnitView.model_validate(dict(row._mapping)) for row in rows[:limit])
    return UnitPage(items=items, next_cursor=cursor_after("grids", items[-1].code) if len(rows) > limit else None)


async def unit_features(
    connection: AsyncConnection,
    person: Person,
    now: datetime,
    *,
    beneath: str | None,
    level: int | None,
    near: str | None = None,
) -> str:
    """The units in use that `person` may see and that have a shape, as the text of a GeoJSON FeatureCollection.

    `near` asks for something else: that unit's subtree, with the grids and micro-grids around it about which the
    person may report too.
    Raises NoSuchPage for a `beneath` or `near` that does not exist or is out of scope.
    """
    day = await local_today(connection, now)
    scope = await unit_scope(connection, person, day)
    wanted = await _wanted(connection, scope, day, near or beneath, level)
    if near is not None:
        around = and_((await reporting_scope(connection, person, day)).condition(), _in_use(day), _around(near))
        wanted = or_(wanted, around if level is None else and_(around, GRID_UNITS.c.level == level))
    properties = func.json_build_object(*(part for name in _SHOWN for part in (literal(name), GRID_UNITS.c[name])))
    feature = func.json_build_object(
        literal("type"), literal("Feature"), literal("id"), GRID_UNITS.c.code,
        literal("properties"), properties, literal("geometry"), GRID_UNITS.c.geometry,
    )  # fmt: skip
    # The database writes the JSON: a park has ten thousand shapes, and nobody here needs to know them.
    rows = await connection.execute(
        select(cast(feature, Text)).where(wanted, GRID_UNITS.c.geometry.is_not(None)).order_by(GRID_UNITS.c.code)
    )
    return '{"type": "FeatureCollection", "features": [' + ",\n".join(rows.scalars()) + "]}"


def _around(code: str) -> ColumnElement[bool]:
    """Whether a grid or micro-grid lies within `AROUND` of the unit's box."""
    g, here = GRID_UNITS.c, GRID_UNITS.alias("here").c
    meets = and_(
        g.west <= here.east + AROUND, g.east >= here.west - AROUND,
        g.south <= here.north + AROUND, g.north >= here.south - AROUND,
    )  # fmt: skip
    return and_(g.level >= Level.GRID, exists().where(here.code == code, meets))


async def get_unit(connection: AsyncConnection, person: Person, now: datetime, code: str) -> UnitDetail:
    """One unit, a retired one too. Raises NoSuchPage, whether it is out of scope or does not exist."""
    day = await local_today(connection, now)
    scope = await unit_scope(connection, person, day)
    path = await _path(connection, scope, code)
    steps = (
        await connection.execute(
            select(*(GRID_UNITS.c[name] for name in _SHOWN))
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


async def _wanted(
    connection: AsyncConnection, scope: UnitScope, day: date, beneath: str | None, level: int | None
) -> ColumnElement[bool]:
    wanted = and_(scope.condition(), _in_use(day))
    if beneath is not None:
        wanted = and_(wanted, under(await _path(connection, scope, beneath)))
    return wanted if level is None else and_(wanted, GRID_UNITS.c.level == level)


async def _path(connection: AsyncConnection, scope: UnitScope, code: str) -> str:
    found = None
    if _CODE.fullmatch(code):
        found = await connection.scalar(select(GRID_UNITS.c.path).where(GRID_UNITS.c.code == code, scope.condition()))
    if found is None:
        raise NoSuchPage(what=code[:80])
    return str(found)


def _in_use(day: date) -> ColumnElement[bool]:
    return or_(GRID_UNITS.c.retired_on.is_(None), GRID_UNITS.c.retired_on > day)
