"""Receivers (接收方) as administrators set them."""

import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.channels.webhook import sign
from infra.database import transaction
from infra.keys.access import keys_of
from infra.keys.boxes import close_box
from infra.open311_client import FarOpen311, FarRefused, FarUnreadable
from infra.outgoing import outgoing_of
from infra.store.handovers import about_receiver, read_receiver, read_secret
from infra.store.machine_accounts import ensure_outside_account
from models.base import STORED, Frozen, Instant
from models.context import Person
from models.enums import OutsideKind
from models.errors import NoSuchPage, OutgoingFailed, ReceiverFailed
from models.handovers import ReceiverDraft
from models.ids import new_id
from services.admin.rights import begin_change, require_admin, require_reader
from services.runtime.resources import Resources

_STORE = text("""
    INSERT INTO receivers AS r (code, department, enabled, account, config, sealed, wrapped_key, key_id, updated_at)
    VALUES (:code, :department, :enabled, :account, CAST(:config AS jsonb), :sealed, :wrapped_key, :key_id, :now)
    ON CONFLICT (code) DO UPDATE SET department = excluded.department, enabled = excluded.enabled,
        config = excluded.config, updated_at = excluded.updated_at
""")
_SECRET = text("UPDATE receivers SET sealed = :sealed, wrapped_key = :wrapped_key, key_id = :key_id WHERE code = :code")
_LIST = text("""
    SELECT r.code, r.config, r.sealed IS NOT NULL AS has_secret, r.updated_at, d.name_zh, d.name_en
    FROM receivers r JOIN departments d ON d.id = r.department ORDER BY r.code
""")


class ReceiverView(Frozen):
    """A receiver as administrators see it; its secret is never shown again."""

    code: str
    receiver: ReceiverDraft
    department_name: str
    has_secret: bool
    updated_at: Instant


class GivenSecret(Frozen):
    """The secret of a receiver, shown this once; None where an earlier one stays."""

    code: str
    secret: str | None


async def list_receivers(
    connection: AsyncConnection, person: Person, now: datetime, language: str
) -> tuple[ReceiverView, ...]:
    """Return all receivers, by code. Raises NotYours for who does not read the administration."""
    await require_reader(connection, person, now)
    return tuple(
        ReceiverView(
            code=row.code,
            receiver=ReceiverDraft.model_validate(row.config, context=STORED),
            department_name=row.name_en if language.startswith("en") else row.name_zh,
            has_secret=row.has_secret,
            updated_at=row.updated_at,
        )
        for row in await connection.execute(_LIST)
    )


async def set_receiver(
    resources: Resources, person: Person, code: str, draft: ReceiverDraft, now: datetime
) -> GivenSecret:
    """Make a receiver, or change one; a new one gets a secret. Raises NotYours, and NoSuchPage for no department."""
    async with transaction(resources.engine) as connection:
        await begin_change(connection, person, now, "set_receiver")
        known = await connection.scalar(text("SELECT 1 FROM departments WHERE id = :id"), {"id": draft.department})
        if known is None:
            raise NoSuchPage(what=draft.department, pointer="/department")
        earlier = await read_receiver(connection, code)
        account = await ensure_outside_account(connection, code, draft.name, draft.department)
        secret = secrets.token_urlsafe(32)
        values: dict[str, Any] = {
            "code": code, "department": draft.department, "enabled": draft.enabled, "account": account,
            "config": draft.model_dump_json(), "now": now, **await _sealed(resources, code, secret),
        }  # fmt: skip
        await connection.execute(_STORE, values)
    shown = earlier is None and draft.kind is not OutsideKind.OPEN311
    return GivenSecret(code=code, secret=secret if shown else None)


async def put_key(resources: Resources, person: Person, code: str, key: str, now: datetime) -> None:
    """Keep the key that an Open311 endpoint gave us, sealed. Raises NotYours, and NoSuchPage for no such receiver."""
    async with transaction(resources.engine) as connection:
        await begin_change(connection, person, now, "set_receiver")
        receiver = await read_receiver(connection, code)
        if receiver is None or receiver.draft.kind is not OutsideKind.OPEN311:
            raise NoSuchPage(what=code)
        await connection.execute(_SECRET, {"code": code, **await _sealed(resources, code, key)})


async def change_secret(resources: Resources, person: Person, code: str, now: datetime) -> GivenSecret:
    """Give a receiver another secret; the old one ends at once. Raises NotYours and NoSuchPage."""
    async with transaction(resources.engine) as connection:
        await begin_change(connection, person, now, "set_receiver")
        receiver = await read_receiver(connection, code)
        # The key of an endpoint is the far side's: we can't make another.
        if receiver is None or receiver.draft.kind is OutsideKind.OPEN311:
            raise NoSuchPage(what=code)
        secret = secrets.token_urlsafe(32)
        await connection.execute(_SECRET, {"code": code, **await _sealed(resources, code, secret)})
    return GivenSecret(code=code, secret=secret)


async def try_out(resources: Resources, person: Person, code: str, now: datetime) -> None:
    """Send a web service a signed request with `event` `test`. Raises NotYours, NoSuchPage and ReceiverFailed."""
    async with resources.engine.connect() as connection:
        await require_admin(connection, person, now, "test_receiver")
        receiver = await read_receiver(connection, code)
        if receiver is None:
            raise NoSuchPage(what=code)
        secret = await read_secret(connection, keys_of(resources.engine).ring, code) or ""
    url = receiver.draft.url
    if receiver.draft.open311 is not None and url is not None:
        await _try_endpoint(FarOpen311(outgoing_of(resources.settings), url, receiver.draft.open311, secret))
        return
    if receiver.draft.kind is not OutsideKind.WEB_SERVICE or url is None:
        raise ReceiverFailed(why=receiver.draft.kind)
    body = b'{"event": "test"}'
    timestamp = str(int(datetime.now(UTC).timestamp()))
    headers = {
        "content-type": "application/json; charset=utf-8",
        "idempotency-key": f"test-{new_id()}",
        "x-gridloop-signature": f"t={timestamp},v1={sign(secret, timestamp, body)}",
    }
    try:
        answer = await outgoing_of(resources.settings).request("POST", url, headers=headers, content=body)
    except OutgoingFailed as error:
        raise ReceiverFailed(why=str(error)) from None
    if not 200 <= answer.status < 300:
        raise ReceiverFailed(why=f"HTTP {answer.status}")


async def _try_endpoint(far: FarOpen311) -> None:
    """Read the services of an endpoint. Raises ReceiverFailed, also where one that we send to is not among them."""
    try:
        offered = await far.services()
    except (OutgoingFailed, FarRefused, FarUnreadable) as error:
        raise ReceiverFailed(why=str(error) or "unreadable answer") from None
    if missing := sorted({far.endpoint.service, *far.endpoint.services.values()} - offered):
        raise ReceiverFailed(why=f"no service_code {', '.join(missing)}")


async def _sealed(resources: Resources, code: str, secret: str) -> dict[str, Any]:
    box = await close_box(keys_of(resources.engine).ring, about_receiver(code), secret.encode())
    return {"sealed": box.sealed, "wrapped_key": box.wrapped_key, "key_id": box.key_id}
