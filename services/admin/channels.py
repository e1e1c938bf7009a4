"""Channels as administrators see and set them. Secrets are sealed, and never shown again."""

import json
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key
from pydantic import Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.channels.push import new_keys, public_of, read_written
from infra.keys.access import keys_of
from infra.keys.boxes import close_box
from infra.outgoing import checked_url
from infra.store.channels import StoredChannel, about_channel, read_channel
from models.base import STORED, Frozen, Instant
from models.channels import CONFIG, SECRETS, SHORTEST_SIGNING_SECRET, ChannelInput
from models.context import Person
from models.errors import ChannelInUse, ChannelKindStays, ChannelUnknown, SecretMissing, SecretTooShort, SecretUnknown
from models.sends import ChannelKind
from services.admin.rights import begin_change, require_admin

_LIST = text(
    "SELECT id, kind, name, config, sealed IS NOT NULL AS sealed, enabled, updated_at FROM channels ORDER BY id"
)
_STORE = text("""
    INSERT INTO channels (id, kind, name, config, sealed, wrapped_key, key_id, enabled, created_at, updated_at)
    VALUES (:id, :kind, :name, CAST(:config AS jsonb), :sealed, :wrapped_key, :key_id, :enabled, :now, :now)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, config = excluded.config, sealed = excluded.sealed,
        wrapped_key = excluded.wrapped_key, key_id = excluded.key_id, enabled = excluded.enabled,
        updated_at = excluded.updated_at
""")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('channel ' || :id, 0))")
_ROW = text("SELECT enabled FROM channels WHERE id = :id FOR UPDATE")
_DELETE = text("DELETE FROM channels WHERE id = :id")
#: What still needs a channel. A send that has made no attempt yet may begin with any.
_NEEDED = text("""
    SELECT (SELECT count(*) FROM hook_subscriptions WHERE channel = :id) AS hooks,
        (SELECT count(*) FROM receivers WHERE config ->> 'channel' = :id) AS receivers,
        (SELECT count(*) FROM sends s LEFT JOIN LATERAL (
            SELECT channel FROM send_attempts a WHERE a.send = s.key ORDER BY number DESC LIMIT 1) last ON true
            WHERE s.status = 'waiting' AND coalesce(last.channel, :id) = :id) AS sends
""")
_PUBLIC = text("SELECT config ->> 'public_key' FROM channels WHERE kind = 'push' AND enabled ORDER BY id LIMIT 1")


class ChannelView(Frozen):
    """A channel as it is listed. `has_secrets`: whether secrets are stored; they are never shown."""

    id: str
    kind: ChannelKind
    name: str
    config: dict[str, Any] = Field(description="What is set, without secrets")
    has_secrets: bool
    enabled: bool
    updated_at: Instant


async def list_channels(connection: AsyncConnection, person: Person, now: datetime) -> tuple[ChannelView, ...]:
    """Return all channels. Raises NotYours for everybody but administrators."""
    await require_admin(connection, person, now, "channels")
    found = []
    for row in await connection.execute(_LIST):
        config = CONFIG.validate_python(row.config, context=STORED).model_dump(mode="json")
        found.append(
            ChannelView(
                id=row.id, kind=row.kind, name=row.name, config=config, has_secrets=row.sealed, enabled=row.enabled,
                updated_at=row.updated_at,
            )
        )  # fmt: skip
    return tuple(found)


async def get_channel(connection: AsyncConnection, person: Person, id_: str, now: datetime) -> ChannelView:
    """Return one channel. Raises NotYours, ChannelUnknown."""
    for one in await list_channels(connection, person, now):
        if one.id == id_:
            return one
    raise ChannelUnknown(channel=id_)


async def save_channel(connection: AsyncConnection, person: Person, wanted: ChannelInput, now: datetime) -> None:
    """Add a channel or change it, in the caller's transaction. Secrets that are left out stay as they are.

    Raises NotYours, ChannelKindStays, SecretMissing, SecretUnknown, SecretTooShort, AddressRefused for an address that
    nothing is ever sent to, and KeysAway.
    """
    await begin_change(connection, person, now, "channels")
    await connection.execute(_LOCK, {"id": wanted.id})
    ring = keys_of(connection).ring
    known = await read_channel(connection, ring, wanted.id)
    config = wanted.config.model_dump(mode="json")
    kind = ChannelKind(config["kind"])
    if known is not None and known.kind is not kind:
        raise ChannelKindStays(channel=wanted.id)
    if "url" in config:
        checked_url(config["url"])
    secrets = _merged(kind, wanted, known)
    if kind is ChannelKind.PUSH:
        config["public_key"] = _public_key(secrets)
    box = await close_box(ring, about_channel(wanted.id), json.dumps(secrets).encode()) if secrets else None
    await connection.execute(_STORE, {
        "id": wanted.id, "kind": kind.value, "name": wanted.name, "config": json.dumps(config), "now": now,
        "sealed": None if box is None else box.sealed, "wrapped_key": None if box is None else box.wrapped_key,
        "key_id": None if box is None else box.key_id, "enabled": wanted.enabled,
    })  # fmt: skip


async def remove_channel(connection: AsyncConnection, person: Person, id_: str, now: datetime) -> None:
    """Remove a channel that is disabled and that nothing needs any more, with its secrets, in the caller's transaction.

    What it has sent stays in the delivery log, under its id. Raises NotYours, ChannelUnknown, and ChannelInUse while it
    takes messages, a web hook or a receiver names it, or a message waits for it.
    """
    await begin_change(connection, person, now, "channels")
    await connection.execute(_LOCK, {"id": id_})
    row = (await connection.execute(_ROW, {"id": id_})).one_or_none()
    if row is None:
        raise ChannelUnknown(channel=id_)
    if row.enabled:
        raise ChannelInUse(channel=id_, why_zh="请先停用。", why_en="disable it first.")
    needed = (await connection.execute(_NEEDED, {"id": id_})).one()
    if any(needed):
        raise ChannelInUse(
            channel=id_,
            why_zh=f"{needed.hooks} 个事件订阅、{needed.receivers} 个部门外部系统在用,{needed.sends} 条消息待发。",
            why_en=f"{needed.hooks} subscriptions and {needed.receivers} outside systems name it,"
            f" {needed.sends} messages wait.",
        )
    await connection.execute(_DELETE, {"id": id_})


def _merged(kind: ChannelKind, wanted: ChannelInput, known: StoredChannel | None) -> dict[str, str]:
    """Return the secrets that hold from now on: those given, and those that were left out."""
    needed, others = SECRETS[kind]
    for name in wanted.secrets:
        if name not in (*needed, *others):
            raise SecretUnknown(pointer=f"/secrets/{name}", name=name)
    given = {name: secret.get_secret_value() for name, secret in wanted.secrets.items()}
    secrets = {**({} if known is None else known.secrets), **given}
    for name in needed:
        if name not in secrets:
            raise SecretMissing(pointer=f"/secrets/{name}", name=name)
    if kind is ChannelKind.WEBHOOK and len(secrets["secret"]) < SHORTEST_SIGNING_SECRET:
        raise SecretTooShort(pointer="/secrets/secret", least=SHORTEST_SIGNING_SECRET)
    return secrets


def _public_key(secrets: dict[str, str]) -> str:
    """Return the public key of a channel of pushes; a new pair is made where none is given."""
    if "private_key" not in secrets:
        secrets["private_key"], public = new_keys()
        return public
    try:
        key = load_der_private_key(read_written(secrets["private_key"]), None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SecretMissing(pointer="/secrets/private_key", name="private_key")
    return public_of(key.public_key())


async def push_key(connection: AsyncConnection) -> str | None:
    """Return the public key with which browsers subscribe; None where no such channel is set up."""
    found: str | None = await connection.scalar(_PUBLIC)
    return found or None
