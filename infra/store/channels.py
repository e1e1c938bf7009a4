"""Channels with their secrets, as they are set at the moment."""

import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.keys.boxes import Box, open_box
from infra.keys.ring import Ring
from infra.store.driver import all_rows, first_row
from models.base import STORED
from models.channels import CONFIG
from models.sends import ChannelKind

_READ = "SELECT kind, name, config, sealed, wrapped_key, key_id, enabled FROM channels WHERE id = %(id)s"
_ENABLED = "SELECT id, kind FROM channels WHERE enabled ORDER BY id"
_NAMES = "SELECT id, name FROM channels ORDER BY name, id"


@dataclass(frozen=True)
class StoredChannel:
    """A channel as it is set. `repr` shows no secret, so that no log can."""

    id: str
    kind: ChannelKind
    name: str
    config: Any
    enabled: bool
    secrets: dict[str, str] = field(default_factory=dict, repr=False)


def about_channel(id_: str) -> str:
    """What the sealed secrets of a channel are bound to."""
    return f"channel {id_}"


async def read_channel(connection: AsyncConnection, ring: Ring, id_: str) -> StoredChannel | None:
    """Return a channel with its secrets; None when there is none. Raises KeysAway while the master key is away."""
    row = await first_row(connection, _READ, {"id": id_})
    if row is None:
        return None
    secrets: dict[str, str] = {}
    if row[3] is not None:
        secrets = json.loads(await open_box(ring, about_channel(id_), Box(row[3], row[4], row[5])))
    config = CONFIG.validate_python(row[2], context=STORED)
    return StoredChannel(id_, ChannelKind(row[0]), row[1], config, row[6], secrets)


async def enabled_channels(connection: AsyncConnection) -> list[tuple[str, ChannelKind]]:
    """Return id and kind of the channels in use, in the order of their ids."""
    return [(id_, ChannelKind(kind)) for id_, kind in await all_rows(connection, _ENABLED, {})]


async def channel_names(connection: AsyncConnection) -> dict[str, str]:
    """Return what each channel is called, by its id, in the order of the names."""
    return {id_: name for id_, name in await all_rows(connection, _NAMES, {})}
