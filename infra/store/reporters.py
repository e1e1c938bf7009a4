"""Rows of reporters: sealed records with their wrapped keys. Each belongs to a report, and goes with it when the report
becomes no case. Nothing here is ever read or written in clear.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.keys.access import keys_of
from infra.keys.ring import WrappedKey
from infra.keys.sealing import Contact, open_sealed, seal_without_contact
from infra.keys.vault import Vault
from models.phone import mobile_of
from models.reporter_messages import TellBy
from models.sealed import Sealed

_UNCLAIMED = "NOT EXISTS (SELECT 1 FROM cases WHERE reporter_ref = r.id)"
_DELETE = text(f"DELETE FROM reporters r WHERE id = :id AND {_UNCLAIMED} RETURNING id")  # noqa: S608 only names of our own code are put in, values are parameters
#: Of an erased one the vault keeps that they were erased, also when their case was retired.
_DELETE_OLD = text(
    f"DELETE FROM reporters r WHERE created_at < :before AND erased_at IS NULL AND {_UNCLAIMED} RETURNING id"  # noqa: S608 only names of our own code are put in, values are parameters
)
_INSERT = text(
    "INSERT INTO reporters (id, anonymous, created_at, nonce, ciphertext, wrapped_key, key_id)"
    " VALUES (:id, :anonymous, :now, :nonce, :ciphertext, :wrapped, :key_id) ON CONFLICT (id) DO NOTHING RETURNING id"
)
_READ = text(
    "SELECT id, anonymous, nonce, ciphertext, wrapped_key, key_id, erased_at FROM reporters WHERE id = ANY (:ids)"
)
_ERASE = text(
    "UPDATE reporters SET name = NULL, phone = NULL, wrapped_key = NULL, key_id = NULL, ciphertext = NULL,"
    " nonce = NULL, erased_at = :now WHERE id = ANY (:ids) AND erased_at IS NULL RETURNING id"
)
_WITHOUT_ROW = text(
    "SELECT DISTINCT c.reporter_ref FROM cases c LEFT JOIN reporters r ON r.id = c.reporter_ref"
    " WHERE c.reporter_ref IS NOT NULL AND r.id IS NULL"
)
_IS_STOPPED = text("SELECT stopped_at IS NOT NULL FROM reporters WHERE id = :id")
_STOP = text("UPDATE reporters SET stopped_at = :now WHERE id = :id AND stopped_at IS NULL")


@dataclass(frozen=True)
class StoredReporter:
    """A row: `sealed` and `wrapped` are None of an erased person, and of a row that is not encrypted yet."""

    id: UUID
    anonymous: bool
    erased: bool
    sealed: Sealed | None
    wrapped: WrappedKey | None


async def insert_reporter(
    connection: AsyncConnection, sealed: Sealed, wrapped: WrappedKey, *, anonymous: bool, now: datetime
) -> bool:
    """Store a sealed record. Return False, and store nothing, when there is a row of that id."""
    values = {**_columns(sealed, wrapped), "id": sealed.id, "anonymous": anonymous, "now": now}
    return await connection.scalar(_INSERT, values) is not None


async def read_reporter(connection: AsyncConnection, id_: UUID) -> StoredReporter | None:
    """Return the row of a reporter; None when there is none."""
    return (await read_reporters(connection, [id_])).get(id_)


async def read_reporters(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, StoredReporter]:
    """Return the rows of reporters by their ids."""
    return {row.id: _stored(row) for row in await connection.execute(_READ, {"ids": list(ids)})}


def _stored(row: Any) -> StoredReporter:
    sealed = wrapped = None
    if row.ciphertext is not None:
        sealed = Sealed(id=row.id, nonce=_text(row.nonce), ciphertext=_text(row.ciphertext))
    if row.wrapped_key is not None:
        wrapped = WrappedKey(row.key_id, bytes(row.wrapped_key))
    return StoredReporter(row.id, row.anonymous, row.erased_at is not None, sealed, wrapped)


async def read_contact(connection: AsyncConnection, id_: UUID) -> Contact | None:
    """Return who reported; None for an erased person, one of whom nothing is kept, and a row not encrypted yet.

    Raises KeysAway.
    """
    stored = await read_reporter(connection, id_)
    if stored is None or stored.sealed is None or stored.wrapped is None:
        return None
    keys = keys_of(connection)
    if await keys.vault.is_erased(id_):  # an older copy of the database was put back
        return None
    return await open_sealed(keys, stored.sealed, stored.wrapped)


async def address_of(connection: AsyncConnection, id_: UUID, by: TellBy) -> str | None:
    """Return where to reach a reporter by a channel: None for one who chose another or none, wants no more messages, or
    was erased. Raises KeysAway.
    """
    if await is_stopped(connection, id_):
        return None
    contact = await read_contact(connection, id_)
    if contact is None or contact.tell_by is not by:
        return None
    return contact.mail if by is TellBy.MAIL else mobile_of(contact.phone or "")


async def is_stopped(connection: AsyncConnection, id_: UUID) -> bool:
    """Return whether the reporter wants no more messages."""
    return bool(await connection.scalar(_IS_STOPPED, {"id": id_}))


async def stop_messages(connection: AsyncConnection, id_: UUID, now: datetime) -> None:
    """Note that the reporter wants no more messages. The first time counts."""
    await connection.execute(_STOP, {"id": id_, "now": now})


async def restore_reporter(
    connection: AsyncConnection, sealed: Sealed, vault: Vault, *, anonymous: bool, now: datetime
) -> bool:
    """Store a record found in a workflow's history, with its key from the vault.

    Return False, and store nothing, when the person was erased, the vault has no key, or there is a row already.
    Raises KeysAway when the vault is away or its object damaged.
    """
    wrapped = None if await vault.is_erased(sealed.id) else await vault.find(sealed.id)
    if wrapped is None:
        return False
    return await insert_reporter(connection, sealed, wrapped, anonymous=anonymous, now=now)


async def restore_keys_of_answers(connection: AsyncConnection, now: datetime) -> int:
    """Store records without a contact, for cases whose personal answers the vault has the key of; return how many.

    No history holds such a record. Raises KeysAway.
    """
    keys, restored = keys_of(connection), 0
    for id_ in (await connection.scalars(_WITHOUT_ROW)).all():
        wrapped = None if await keys.vault.is_erased(id_) else await keys.vault.find(id_)
        if wrapped is not None:
            sealed = await seal_without_contact(keys, id_, wrapped)
            restored += await insert_reporter(connection, sealed, wrapped, anonymous=True, now=now)
    return restored


async def erase_reporters(connection: AsyncConnection, ids: Sequence[UUID], now: datetime) -> tuple[UUID, ...]:
    """Destroy the keys and records in these rows, and return those that were not erased before. The vault is apart."""
    rows = await connection.execute(_ERASE, {"ids": list(ids), "now": now})
    erased = tuple(rows.scalars())
    codes = text(
        "DELETE FROM progress_codes p USING cases c WHERE p.report_id = c.report_id AND c.reporter_ref = ANY (:ids)"
    )
    await connection.execute(codes, {"ids": list(ids)})
    return erased


async def delete_reporter(connection: AsyncConnection, reference: UUID) -> None:
    """Delete the reporter of a report that became no case, with their key. A reporter with a case stays."""
    gone = (await connection.execute(_DELETE, {"id": reference})).scalars().all()
    await keys_of(connection).vault.forget(*gone)


async def delete_unclaimed_reporters(connection: AsyncConnection, before: datetime) -> int:
    """Delete the reporters stored before `before` whose report became no case, and return how many."""
    gone = (await connection.execute(_DELETE_OLD, {"before": before})).scalars().all()
    await keys_of(connection).vault.forget(*gone)
    return len(gone)


def _columns(sealed: Sealed, wrapped: WrappedKey) -> dict[str, object]:
    return {
        "nonce": base64.b64decode(sealed.nonce),
        "ciphertext": base64.b64decode(sealed.ciphertext),
        "wrapped": wrapped.content,
        "key_id": wrapped.key_id,
    }


def _text(content: bytes) -> str:
    return base64.b64encode(bytes(content)).decode()
