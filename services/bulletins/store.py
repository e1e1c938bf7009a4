"""通报 bulletins: made, made again, listed, read, and written as workbooks."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import snapshot_connection
from models.base import Code, Frozen
from models.context import Grant
from models.enums import Level, Role
from models.errors import InputError, NoSuchPage, NotYours
from models.ids import new_id
from models.jobs.bulletin import BulletinKind, BulletinOrder, BulletinsMade
from models.tables import GRID_UNITS, metadata
from rules.deadlines.periods import last_period, period_of
from rules.scope import in_force
from services.bulletins.contents import content_of
from services.bulletins.views import BulletinItem, BulletinPage, BulletinView
from services.criteria.cursors import bad_cursor, cursor_after, read_cursor
from services.figures.viewpoint import Viewpoint, find_unit, list_units, read_viewpoint
from services.figures.views import UnitName

BULLETINS = metadata.tables["bulletins"]
HREF = "/api/v1/supervision/bulletins"
#: Whose view is of a place. A department's figures are in the bulletins of every place; there are none of its own.
READERS = (Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN, Role.DUTY_OFFICER)
MAKERS = (Role.SUPERVISOR, Role.ADMIN)
NAMES = {
    BulletinKind.BOARD: ("日晾晒", "Daily board"),
    BulletinKind.VISITS: ("周走访", "Weekly visit list"),
    BulletinKind.CONSULTATION: ("月会商", "Monthly consultation list"),
    BulletinKind.COMMENDATION: ("季表彰", "Quarterly commendation list"),
}


class BulletinFilter(Frozen):
    """What the list is narrowed to; `grid` means this very unit's bulletins."""

    kind: BulletinKind | None = None
    grid: Code | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=200)] = None


class BulletinWanted(Frozen):
    """Which bulletin to make (again): the kind, any day of its period (the last one over), and the unit.

    Without a unit: every park and community, for who supervises everywhere; else the units they supervise.
    """

    kind: BulletinKind
    period: date | None = None
    grid: Code | None = None


# --- making -----------------------------------------------------------------------------------------------------------


async def make_bulletins(engine: AsyncEngine, order: BulletinOrder) -> BulletinsMade:
    """Counts and stores the bulletins of the order, each in a transaction of its own.

    Made again, a bulletin keeps its id, its content is replaced and its runs count on. They are in Chinese.
    Raises NoSuchPage for a unit that does not exist.
    """
    made = []
    async with engine.connect() as connection:
        look = await read_viewpoint(connection, None, order.at or datetime.now(UTC), "zh")
        units = await _units(connection, look, order.grid)
    first, last = period_of(order.kind, order.day) if order.day else last_period(order.kind, look.day)
    for unit in units:
        async with snapshot_connection(engine) as connection:
            now = await read_viewpoint(connection, None, datetime.now(UTC), "zh")
            content = await content_of(connection, now, order.kind, unit, first, last)
        async with engine.begin() as connection:
            made.append(await _store(connection, order.kind, unit, (first, last), now.now, content))
    return BulletinsMade(ids=tuple(made))


async def _units(connection: AsyncConnection, look: Viewpoint, grid: str | None) -> tuple[UnitName, ...]:
    if grid is not None:
        return (await find_unit(connection, look, grid),)
    parks = await list_units(connection, look, level=Level.PARK)
    return parks + await list_units(connection, look, level=Level.COMMUNITY)


async def _store(
    connection: AsyncConnection, kind: BulletinKind, unit: UnitName, period: tuple[date, date], at: datetime,
    content: Frozen,
) -> UUID:  # fmt: skip
    row = {
        "id": new_id(), "kind": kind.value, "grid": unit.code, "period_start": period[0], "period_end": period[1],
        "made_at": at, "runs": 1, "content": content.model_dump(mode="json"),
    }  # fmt: skip
    put = insert(BULLETINS).values(row)
    again = {name: put.excluded[name] for name in ("period_end", "made_at", "content")}
    kept = await connection.scalar(
        put.on_conflict_do_update(
            index_elements=["kind", "grid", "period_start"], set_={**again, "runs": BULLETINS.c.runs + 1}
        ).returning(BULLETINS.c.id)
    )
    assert kept is not None
    return UUID(str(kept))


async def orders_of(connection: AsyncConnection, look: Viewpoint, wanted: BulletinWanted) -> tuple[BulletinOrder, ...]:
    """The orders that the person may give for what they want.

    Raises NotYours for who may make none there, NoSuchPage for a unit out of scope, InputError for a period to come.
    """
    if wanted.period is not None and period_of(wanted.kind, wanted.period)[0] > look.day:
        raise InputError(why_zh="该期尚未开始", why_en="that period has not begun", pointer="/period")
    grants = _grants(look, MAKERS)
    if not grants:
        raise NotYours(command="make bulletin", who=" / ".join(MAKERS))
    day = wanted.period or last_period(wanted.kind, look.day)[0]
    if wanted.grid is not None:
        await find_unit(connection, look, wanted.grid)
        under = await connection.scalar(
            select(GRID_UNITS.c.code).where(_held(grants), GRID_UNITS.c.code == wanted.grid)
        )
        if under is None:
            raise NotYours(command="make bulletin", who=" / ".join(MAKERS))
        return (BulletinOrder(kind=wanted.kind, grid=wanted.grid, day=day),)
    if any(grant.grid is None for grant in grants):
        return (BulletinOrder(kind=wanted.kind, day=day),)
    return tuple(BulletinOrder(kind=wanted.kind, grid=code, day=day) for code in sorted({g.grid or "" for g in grants}))


# --- reading ----------------------------------------------------------------------------------------------------------


async def list_bulletins(connection: AsyncConnection, look: Viewpoint, wanted: BulletinFilter) -> BulletinPage:
    """The bulletins of the units that the person looks after, the latest period first. Raises BadFilter."""
    b = BULLETINS.c
    fits = [_readable(look)]
    if wanted.kind is not None:
        fits.append(b.kind == wanted.kind)
    if wanted.grid is not None:
        fits.append(b.grid == wanted.grid)
    if wanted.cursor is not None:
        fits.append(_after(wanted.cursor))
    rows = (
        await connection.execute(
            _selected().where(and_(*fits)).order_by(b.period_start.desc(), b.id).limit(wanted.limit + 1)
        )
    ).all()
    items = tuple(BulletinItem(**_item(row, look.language)) for row in rows[: wanted.limit])
    more = len(rows) > wanted.limit
    last = items[-1] if items else None
    cursor = cursor_after("bulletins", last.period_start.isoformat(), str(last.id)) if more and last else None
    return BulletinPage(items=items, next_cursor=cursor)


async def get_bulletin(connection: AsyncConnection, look: Viewpoint, id_: UUID) -> BulletinView:
    """One bulletin. Raises NoSuchPage, whether it is out of scope or does not exist."""
    row = (await connection.execute(_selected().where(BULLETINS.c.id == id_, _readable(look)))).one_or_none()
    if row is None:
        raise NoSuchPage(what=f"bulletin {id_}")
    return BulletinView(**_item(row, look.language), content=row.content)


def _selected() -> Any:
    u = GRID_UNITS.c
    return select(BULLETINS, u.name, u.level).join(GRID_UNITS, u.code == BULLETINS.c.grid)


def _item(row: Any, language: str) -> dict[str, Any]:
    zh, en = NAMES[BulletinKind(row.kind)]
    return {
        "id": row.id, "kind": row.kind, "name": en if language.startswith("en") else zh,
        "grid": UnitName(code=row.grid, name=row.name, level=row.level), "period_start": row.period_start,
        "period_end": row.period_end, "made_at": row.made_at, "runs": row.runs, "href": f"{HREF}/{row.id}",
    }  # fmt: skip


def _grants(look: Viewpoint, roles: Iterable[Role]) -> tuple[Grant, ...]:
    if look.person is None:
        return ()
    return tuple(grant for grant in in_force(look.person, look.day) if grant.role in roles)


def _readable(look: Viewpoint) -> ColumnElement[bool]:
    return true() if look.person is None else _held(_grants(look, READERS))


def _held(grants: Iterable[Grant]) -> ColumnElement[bool]:
    """Whether a unit lies in a subtree that one of the grants holds."""
    ways: list[ColumnElement[bool]] = [false()]
    for grant in grants:
        if grant.grid is None:
            return true()
        above = GRID_UNITS.alias()
        root = select(above.c.path).where(above.c.code == grant.grid).scalar_subquery()
        ways.append(func.coalesce(GRID_UNITS.c.path.bool_op("<@")(root), False))
    return or_(*ways)


def _after(cursor: str) -> ColumnElement[bool]:
    b = BULLETINS.c
    start, id_ = read_cursor("bulletins", cursor, 2)
    try:
        day, last = date.fromisoformat(start), UUID(id_)
    except ValueError as error:
        raise bad_cursor(cursor) from error
    return or_(b.period_start < day, and_(b.period_start == day, b.id > last))
