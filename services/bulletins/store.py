"""Bulletins (通报): make, make again, list and read them."""

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
from services.bulletins.contents import build_content
from services.bulletins.views import BulletinItem, BulletinPage, BulletinView
from services.cases.queries import visible_case_nos
from services.criteria.cursors import bad_cursor, cursor_after, read_cursor
from services.figures.viewpoint import Viewpoint, find_unit, list_units, read_viewpoint
from services.figures.views import UnitName

BULLETINS = metadata.tables["bulletins"]
HREF = "/api/v1/supervision/bulletins"
#: Roles that read the bulletins of places. A department has none of its own; its figures are in those of every place.
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


class BulletinRequest(Frozen):
    """The bulletin to make (again): the kind, any day of its period (by default the last one over), and the unit.

    Without a unit: every park and community, for a person who supervises everywhere; else the units they supervise.
    """

    kind: BulletinKind
    period: date | None = None
    grid: Code | None = None


# --- making -----------------------------------------------------------------------------------------------------------


async def make_bulletins(engine: AsyncEngine, order: BulletinOrder) -> BulletinsMade:
    """Count and store the bulletins of the order, each in a transaction of its own.

    Made again, a bulletin keeps its id, its content is replaced and its runs count on. They are in Chinese. Raises
    NoSuchPage for a unit that does not exist.
    """
    made = []
    async with engine.connect() as connection:
        viewpoint = await read_viewpoint(connection, None, order.at or datetime.now(UTC), "zh")
        units = await _units(connection, viewpoint, order.grid)
    first, last = period_of(order.kind, order.day) if order.day else last_period(order.kind, viewpoint.day)
    for unit in units:
        async with snapshot_connection(engine) as connection:
            current = await read_viewpoint(connection, None, datetime.now(UTC), "zh")
            content = await build_content(connection, current, order.kind, unit, first, last)
        async with engine.begin() as connection:
            made.append(await _store(connection, order.kind, unit, (first, last), current.now, content))
    return BulletinsMade(ids=tuple(made))


async def _units(connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None) -> tuple[UnitName, ...]:
    if grid is not None:
        return (await find_unit(connection, viewpoint, grid),)
    parks = await list_units(connection, viewpoint, level=Level.PARK)
    return parks + await list_units(connection, viewpoint, level=Level.COMMUNITY)


async def _store(
    connection: AsyncConnection, kind: BulletinKind, unit: UnitName, period: tuple[date, date], at: datetime,
    content: Frozen,
) -> UUID:  # fmt: skip
    row = {
        "id": new_id(), "kind": kind.value, "grid": unit.code, "period_start": period[0], "period_end": period[1],
        "made_at": at, "runs": 1, "content": content.model_dump(mode="json"),
    }  # fmt: skip
    statement = insert(BULLETINS).values(row)
    replaced = {name: statement.excluded[name] for name in ("period_end", "made_at", "content")}
    stored_id = await connection.scalar(
        statement.on_conflict_do_update(
            index_elements=["kind", "grid", "period_start"], set_={**replaced, "runs": BULLETINS.c.runs + 1}
        ).returning(BULLETINS.c.id)
    )
    assert stored_id is not None
    return UUID(str(stored_id))


async def plan_orders(
    connection: AsyncConnection, viewpoint: Viewpoint, request: BulletinRequest
) -> tuple[BulletinOrder, ...]:
    """Return the orders for what the person requests.

    Raises NotYours for a person who may make none there, NoSuchPage for a unit out of scope, InputError for a period
    that has not begun.
    """
    if request.period is not None and period_of(request.kind, request.period)[0] > viewpoint.day:
        raise InputError(why_zh="该期尚未开始", why_en="that period has not begun", pointer="/period")
    grants = _grants(viewpoint, MAKERS)
    if not grants:
        raise NotYours(command="make bulletin", who=" / ".join(MAKERS))
    day = request.period or last_period(request.kind, viewpoint.day)[0]
    if request.grid is not None:
        await find_unit(connection, viewpoint, request.grid)
        held_unit = await connection.scalar(
            select(GRID_UNITS.c.code).where(_in_grants(grants), GRID_UNITS.c.code == request.grid)
        )
        if held_unit is None:
            raise NotYours(command="make bulletin", who=" / ".join(MAKERS))
        return (BulletinOrder(kind=request.kind, grid=request.grid, day=day),)
    if any(grant.grid is None for grant in grants):
        return (BulletinOrder(kind=request.kind, day=day),)
    return tuple(
        BulletinOrder(kind=request.kind, grid=code, day=day) for code in sorted({g.grid or "" for g in grants})
    )


# --- reading ----------------------------------------------------------------------------------------------------------


async def list_bulletins(
    connection: AsyncConnection, viewpoint: Viewpoint, bulletin_filter: BulletinFilter
) -> BulletinPage:
    """Return the bulletins of the units that the person supervises or reads, the latest period first. Raises
    BadFilter.
    """
    b = BULLETINS.c
    conditions = [_readable(viewpoint)]
    if bulletin_filter.kind is not None:
        conditions.append(b.kind == bulletin_filter.kind)
    if bulletin_filter.grid is not None:
        conditions.append(b.grid == bulletin_filter.grid)
    if bulletin_filter.cursor is not None:
        conditions.append(_beyond_cursor(bulletin_filter.cursor))
    rows = (
        await connection.execute(
            _statement().where(and_(*conditions)).order_by(b.period_start.desc(), b.id).limit(bulletin_filter.limit + 1)
        )
    ).all()
    items = tuple(BulletinItem(**_item(row, viewpoint.language)) for row in rows[: bulletin_filter.limit])
    more = len(rows) > bulletin_filter.limit
    last = items[-1] if items else None
    cursor = cursor_after("bulletins", last.period_start.isoformat(), str(last.id)) if more and last else None
    return BulletinPage(items=items, next_cursor=cursor)


async def get_bulletin(connection: AsyncConnection, viewpoint: Viewpoint, id_: UUID) -> BulletinView:
    """Return one bulletin, without the cases that the reader may not see. Raises NoSuchPage, whether it is out of scope
    or does not exist.
    """
    row = (await connection.execute(_statement().where(BULLETINS.c.id == id_, _readable(viewpoint)))).one_or_none()
    if row is None:
        raise NoSuchPage(what=f"bulletin {id_}")
    content = await _without_hidden_cases(connection, viewpoint, row.content)
    return BulletinView(**_item(row, viewpoint.language), content=content)


async def _without_hidden_cases(
    connection: AsyncConnection, viewpoint: Viewpoint, content: dict[str, Any]
) -> dict[str, Any]:
    """The content without the cases that its reader may not see now: somebody with an interest in one has to step
    aside from it. They are counted all the same.
    """
    parts = content.get("parts", ())
    listed = [case["case_no"] for part in parts for case in part["cases"]]
    if viewpoint.person is None or not listed:
        return content
    seen = await visible_case_nos(connection, viewpoint.person, listed, viewpoint.now)
    return {**content, "parts": [
        {**part, "cases": [case for case in part["cases"] if case["case_no"] in seen]} for part in parts
    ]}  # fmt: skip


def _statement() -> Any:
    u = GRID_UNITS.c
    return select(BULLETINS, u.name, u.level).join(GRID_UNITS, u.code == BULLETINS.c.grid)


def _item(row: Any, language: str) -> dict[str, Any]:
    zh, en = NAMES[BulletinKind(row.kind)]
    return {
        "id": row.id, "kind": row.kind, "name": en if language.startswith("en") else zh,
        "grid": UnitName(code=row.grid, name=row.name, level=row.level), "period_start": row.period_start,
        "period_end": row.period_end, "made_at": row.made_at, "runs": row.runs, "href": f"{HREF}/{row.id}",
    }  # fmt: skip


def _grants(viewpoint: Viewpoint, roles: Iterable[Role]) -> tuple[Grant, ...]:
    if viewpoint.person is None:
        return ()
    return tuple(grant for grant in in_force(viewpoint.person, viewpoint.day) if grant.role in roles)


def _readable(viewpoint: Viewpoint) -> ColumnElement[bool]:
    return true() if viewpoint.person is None else _in_grants(_grants(viewpoint, READERS))


def _in_grants(grants: Iterable[Grant]) -> ColumnElement[bool]:
    """Whether a unit lies in the subtree of one of the grants."""
    subtrees: list[ColumnElement[bool]] = [false()]
    for grant in grants:
        if grant.grid is None:
            return true()
        root_unit = GRID_UNITS.alias()
        root = select(root_unit.c.path).where(root_unit.c.code == grant.grid).scalar_subquery()
        subtrees.append(func.coalesce(GRID_UNITS.c.path.bool_op("<@")(root), False))
    return or_(*subtrees)


def _beyond_cursor(cursor: str) -> ColumnElement[bool]:
    b = BULLETINS.c
    start, id_ = read_cursor("bulletins", cursor, 2)
    try:
        day, last = date.fromisoformat(start), UUID(id_)
    except ValueError as error:
        raise bad_cursor(cursor) from error
    return or_(b.period_start < day, and_(b.period_start == day, b.id > last))
