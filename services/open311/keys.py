"""Keys of programs: 256 bits by chance, shown once, stored as SHA-256 only. Each is for a unit and those below it."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.admin_actions import record_action
from models.base import Code, Frozen, Instant, Line
from models.context import Person
from models.errors import NoSuchOpen311Key, Open311KeyElsewhere, Open311KeyWrong, UnknownGrid
from models.ids import new_id
from services.accounts.tokens import token_digest
from services.admin.rights import begin_change, require_admin

PREFIX = "glo_"
#: How many reports and updates a key may send within an hour unless it is said otherwise (our choice).
PER_HOUR = 600
#: How exactly the last use of a key is known.
_NOTED_EVERY = timedelta(minutes=1)


class NewKey(Frozen):
    """A key to make: what it is for, the unit within which it reports, and how much within an hour."""

    name: Annotated[Line, Field(min_length=1, max_length=80)]
    unit: Code
    per_hour: Annotated[int, Field(ge=1, le=100_000)] = PER_HOUR


class KeyView(Frozen):
    """A key as it is listed; the key itself is shown only when it is made."""

    id: UUID
    name: str
    unit: str
    unit_name: str
    per_hour: int
    created_at: Instant
    last_used_at: Instant | None
    revoked_at: Instant | None


@dataclass(frozen=True)
class Key:
    """A key that is good: the unit to which it belongs, its name, and the park at the top of it."""

    id: UUID
    unit: str
    unit_name: str
    park: str
    per_hour: int

    def check_park(self, park: str) -> None:
        """Raise Open311KeyElsewhere for another park than the key's."""
        if park != self.park:
            raise Open311KeyElsewhere(unit=f"{self.unit_name} ({self.unit})")


_LIST = text("""
SELECT k.id, k.name, k.unit, u.name AS unit_name, k.per_hour, k.created_at, k.last_used_at, k.revoked_at
FROM open311_keys k JOIN grid_units u ON u.code = k.unit ORDER BY k.revoked_at IS NOT NULL, k.created_at DESC, k.id
""")
_UNIT = text("SELECT 1 FROM grid_units WHERE code = :unit AND retired_on IS NULL")
_MAKE = text("""
INSERT INTO open311_keys (id, name, unit, digest, per_hour, created_at, created_by)
VALUES (:id, :name, :unit, :digest, :per_hour, :now, :by)
""")
_REVOKE = text("""
UPDATE open311_keys SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL RETURNING name, unit
""")
_FIND = text("""
SELECT k.id, k.unit, u.name AS unit_name, p.code AS park, k.per_hour, k.last_used_at
FROM open311_keys k JOIN grid_units u ON u.code = k.unit JOIN grid_units p ON p.path = subpath(u.path, 0, 1)
WHERE k.digest = :digest AND k.revoked_at IS NULL
""")
_NOTE = text("UPDATE open311_keys SET last_used_at = :now WHERE id = :id")
_REACHES = text("""
SELECT EXISTS (SELECT FROM grid_units f JOIN grid_units k ON k.code = :unit WHERE f.code = :code AND f.path <@ k.path)
""")


async def list_keys(connection: AsyncConnection, person: Person, now: datetime) -> tuple[KeyView, ...]:
    """Return all keys, those in use first. Raises NotYours for everybody but administrators of everything."""
    await require_admin(connection, person, now, "open311")
    rows = await connection.execute(_LIST)
    return tuple(KeyView.model_validate(dict(row._mapping)) for row in rows)


async def make_key(connection: AsyncConnection, person: Person, wanted: NewKey, now: datetime) -> tuple[UUID, str]:
    """Make a key in the caller's transaction; return its id and the key, which can't be shown again.

    Raises NotYours, UnknownGrid.
    """
    await begin_change(connection, person, now, "open311 key create")
    if await connection.scalar(_UNIT, {"unit": wanted.unit}) is None:
        raise UnknownGrid(grid=wanted.unit, pointer="/unit")
    id_, key = new_id(), PREFIX + secrets.token_urlsafe(32)
    values = {"id": id_, **wanted.model_dump(), "digest": token_digest(key), "now": now, "by": person.id}
    await connection.execute(_MAKE, values)
    await record_action(
        connection, person.id, "open311 key create", ("open311_keys", str(id_)), None, wanted.model_dump()
    )
    return id_, key


async def revoke_key(connection: AsyncConnection, person: Person, key: UUID, now: datetime) -> None:
    """Revoke a key in the caller's transaction. Raises NotYours, and NoSuchOpen311Key for one that is not in use."""
    await begin_change(connection, person, now, "open311 key revoke")
    row = (await connection.execute(_REVOKE, {"id": key, "now": now})).one_or_none()
    if row is None:
        raise NoSuchOpen311Key()
    before = {"name": row.name, "unit": row.unit}
    await record_action(connection, person.id, "open311 key revoke", ("open311_keys", str(key)), before, None)


async def find_key(connection: AsyncConnection, given: str | None, now: datetime) -> Key:
    """Return the key, whose use is noted in the caller's transaction. Raises Open311KeyWrong."""
    row = None if not given else (await connection.execute(_FIND, {"digest": token_digest(given)})).one_or_none()
    if row is None:
        raise Open311KeyWrong()
    if row.last_used_at is None or row.last_used_at < now - _NOTED_EVERY:
        await connection.execute(_NOTE, {"id": row.id, "now": now})
    return Key(row.id, row.unit, row.unit_name, row.park, row.per_hour)


async def check_reach(connection: AsyncConnection, key: Key, unit: str) -> None:
    """Raise Open311KeyElsewhere for a unit that is neither the key's nor below it."""
    if not await connection.scalar(_REACHES, {"unit": key.unit, "code": unit}):
        raise Open311KeyElsewhere(unit=f"{key.unit_name} ({key.unit})")
