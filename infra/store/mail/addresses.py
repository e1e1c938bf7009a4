"""The addresses of people in channels: sealed, in the person's order, used once they are verified."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.keys.access import keys_of
from infra.keys.boxes import Box, close_box, open_box
from models.base import Frozen
from models.sends import ChannelKind, Route

_LIST = text("""
    SELECT a.id, a.channel, c.kind, c.name, c.enabled, a.hint, a.off, a.verified_at, a.code_until
    FROM mail_addresses a JOIN channels c ON c.id = a.channel WHERE a.person = :person ORDER BY a.rank, a.id
""")
_ROUTES = text("""
    SELECT a.id, a.channel, c.kind, a.sealed, a.wrapped_key, a.key_id
    FROM mail_addresses a JOIN channels c ON c.id = a.channel AND c.enabled
    WHERE a.person = :person AND a.channel = ANY (:channels) AND a.verified_at IS NOT NULL AND NOT a.off
    ORDER BY array_position(:channels, a.channel), a.rank, a.id LIMIT 8
""")
_INSERT = text("""
    INSERT INTO mail_addresses (id, person, channel, hint, sealed, wrapped_key, key_id, rank, created_at, verified_at,
        tries)
    SELECT :id, :person, :channel, :hint, :sealed, :wrapped_key, :key_id,
        coalesce((SELECT max(rank) + 1 FROM mail_addresses WHERE person = :person), 0), :now, :verified_at, 0
""")
_ORDER = text("""
    UPDATE mail_addresses a SET rank = n.rank, off = n.off
    FROM (SELECT unnest(CAST(:ids AS uuid[])) AS id, unnest(CAST(:offs AS boolean[])) AS off,
        generate_series(0, cardinality(CAST(:ids AS uuid[])) - 1) AS rank) n
    WHERE a.id = n.id AND a.person = :person
""")


class Address(Frozen):
    """An address as its person sees it: `hint` shows part of it."""

    id: UUID
    channel: str
    kind: ChannelKind
    name: str
    enabled: bool
    hint: str
    off: bool
    verified: bool


def about_address(id_: UUID) -> str:
    """What a sealed address is bound to."""
    return f"address {id_}"


async def list_addresses(connection: AsyncConnection, person: UUID) -> tuple[Address, ...]:
    """Return the addresses of a person in their order."""
    rows = (await connection.execute(_LIST, {"person": person})).mappings().all()
    return tuple(
        Address(
            **{name: row[name] for name in Address.model_fields if name != "verified"},
            verified=row["verified_at"] is not None,
        )
        for row in rows
    )


async def insert_address(
    connection: AsyncConnection, id_: UUID, person: UUID, channel: str, address: str, hint: str, *, now: datetime,
    verified: bool,
) -> None:  # fmt: skip
    """Store an address as the last one of a person. Raises KeysAway while the master key is away."""
    values: dict[str, Any] = {"sealed": None, "wrapped_key": None, "key_id": None}
    if address:
        box = await close_box(keys_of(connection).ring, about_address(id_), address.encode())
        values = {"sealed": box.sealed, "wrapped_key": box.wrapped_key, "key_id": box.key_id}
    about = {"id": id_, "person": person, "channel": channel, "hint": hint, "now": now}
    await connection.execute(_INSERT, {**about, **values, "verified_at": now if verified else None})


async def order_addresses(connection: AsyncConnection, person: UUID, order: Sequence[tuple[UUID, bool]]) -> None:
    """Put the addresses in this order; the mark says whether one is switched off."""
    ids, offs = [id_ for id_, _ in order], [off for _, off in order]
    await connection.execute(_ORDER, {"person": person, "ids": ids, "offs": offs})


async def open_routes(connection: AsyncConnection, person: UUID, channels: Sequence[str]) -> tuple[Route, ...]:
    """Return where a message for a person goes, by these channels in their order. Raises KeysAway."""
    rows = (await connection.execute(_ROUTES, {"person": person, "channels": list(channels)})).all()
    return tuple([Route(channel=row.channel, address=await _address(connection, person, row)) for row in rows])


async def open_address(connection: AsyncConnection, id_: UUID, box: Box) -> str:
    """Return an address. Raises KeysAway."""
    return (await open_box(keys_of(connection).ring, about_address(id_), box)).decode()


async def _address(connection: AsyncConnection, person: UUID, row: Any) -> str:
    if row.kind == ChannelKind.PUSH:
        return str(person)
    if row.sealed is None:
        return ""
    return await open_address(connection, row.id, Box(row.sealed, row.wrapped_key, row.key_id))
