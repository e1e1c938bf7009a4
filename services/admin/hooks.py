"""Which web hooks are told of which facts of cases, under the scope of a unit."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen, Instant
from models.channels import HOOK_FACTS, HookInput
from models.context import Person
from models.errors import ChannelUnknown, NoSuchHook, UnknownGrid
from models.ids import new_id
from models.sends import ChannelKind
from services.admin.rights import begin_change, require_admin

_LIST = text("""
    SELECT h.id, h.channel, h.kinds, h.grid, g.name AS grid_name, h.created_at
    FROM hook_subscriptions h JOIN grid_units g ON g.code = h.grid ORDER BY h.channel, h.created_at, h.id
""")
_ADD = text("""
    INSERT INTO hook_subscriptions (id, channel, kinds, grid, created_at) VALUES (:id, :channel, :kinds, :grid, :now)
""")
_REMOVE = text("DELETE FROM hook_subscriptions WHERE id = :id RETURNING id")
_KIND = text("SELECT kind FROM channels WHERE id = :id")
_GRID = text("SELECT 1 FROM grid_units WHERE code = :code AND retired_on IS NULL")


class HookView(Frozen):
    """A subscription: the web hook, the facts, and the unit with everything below it."""

    id: UUID
    channel: str
    kinds: tuple[str, ...]
    grid: str
    grid_name: str
    created_at: Instant


async def list_hooks(connection: AsyncConnection, person: Person, now: datetime) -> tuple[HookView, ...]:
    """Return all subscriptions. Raises NotYours for everybody but administrators."""
    await require_admin(connection, person, now, "channels")
    return tuple(HookView.model_validate(dict(row._mapping)) for row in await connection.execute(_LIST))


async def add_hook(connection: AsyncConnection, person: Person, wanted: HookInput, now: datetime) -> UUID:
    """Subscribe a web hook to facts from now on, in the caller's transaction; return the subscription's id.

    Raises NotYours, ChannelUnknown for one that is no web hook, UnknownGrid.
    """
    await begin_change(connection, person, now, "channels")
    if await connection.scalar(_KIND, {"id": wanted.channel}) != ChannelKind.WEBHOOK:
        raise ChannelUnknown(pointer="/channel", channel=wanted.channel)
    if await connection.scalar(_GRID, {"code": wanted.grid}) is None:
        raise UnknownGrid(pointer="/grid", grid=wanted.grid)
    kinds = [kind for kind in HOOK_FACTS if kind in wanted.kinds]
    id_ = new_id()
    values = {"id": id_, "channel": wanted.channel, "kinds": kinds, "grid": wanted.grid, "now": now}
    await connection.execute(_ADD, values)
    return id_


async def remove_hook(connection: AsyncConnection, person: Person, id_: UUID, now: datetime) -> None:
    """End a subscription; what was written before is still sent. Raises NotYours, NoSuchHook."""
    await begin_change(connection, person, now, "channels")
    if (await connection.execute(_REMOVE, {"id": id_})).scalar_one_or_none() is None:
        raise NoSuchHook()
