"""Encrypt rows that are still in clear, change master keys while everything runs, and say how far that is."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import transaction
from infra.keys.access import keys_of
from infra.keys.ring import WrappedKey
from infra.keys.sealing import Contact, seal
from infra.store.boxes import count_boxes, wrap_boxes_anew
from infra.store.reporters import erase_reporters

log = structlog.get_logger(__name__)

#: Rows of one transaction: short enough that nobody waits for them (our choice).
BATCH = 200
_CLEAR = "ciphertext IS NULL AND (name IS NOT NULL OR phone IS NOT NULL)"
#: Told after each batch: how many rows are done.
Progress = Callable[[int], None]


@dataclass(frozen=True)
class KeysState:
    """How the records stand. `rows` and `files`: how many are wrapped by each master key, in the database and in the
    vault; secrets of channels and contents of sends are among the rows. `clear`: rows not encrypted yet;
    `without_file`: rows whose key is not in the vault.
    """

    current: str
    rows: dict[str, int]
    files: dict[str, int]
    clear: int
    without_file: int
    erased: int

    def left_under(self, key_id: str) -> int:
        """Return how many keys are still wrapped by that master key."""
        return self.rows.get(key_id, 0) + self.files.get(key_id, 0)

    @property
    def left(self) -> int:
        """How many keys are wrapped by another master key than the current one."""
        return sum(number for id_, number in (*self.rows.items(), *self.files.items()) if id_ != self.current)


async def keys_state(engine: AsyncEngine) -> KeysState:
    """Return how the records stand. Raises KeysAway."""
    keys = keys_of(engine)
    current = await keys.ring.current()
    async with engine.connect() as connection:
        query = text("SELECT key_id, count(*) FROM reporters WHERE wrapped_key IS NOT NULL GROUP BY key_id")
        rows = await count_boxes(connection)
        rows.update({str(id_): int(number) for id_, number in await connection.execute(query)})
        clear = await count_clear(connection)
        erased = await connection.scalar(text("SELECT count(*) FROM reporters WHERE erased_at IS NOT NULL"))
        ids = (await connection.scalars(text("SELECT id FROM reporters WHERE wrapped_key IS NOT NULL"))).all()
    filed = await keys.vault.ids()
    without_file = sum(id_ not in filed for id_ in ids)
    files = Counter([id_ async for _, id_ in keys.vault.key_ids()])
    return KeysState(current, dict(rows), dict(files), clear, without_file, int(erased or 0))


async def count_clear(connection: AsyncConnection) -> int:
    """Return how many rows are still in clear."""
    return int(await connection.scalar(text(f"SELECT count(*) FROM reporters WHERE {_CLEAR}")) or 0)  # noqa: S608 only names of our own code are put in, values are parameters


async def encrypt_clear_rows(engine: AsyncEngine, progress: Progress = lambda _: None) -> int:
    """Encrypt every row that is in clear and remove its clear columns; return how many. Several may do it at once.

    Raises KeysAway; what is done stays done.
    """
    keys, done = keys_of(engine), 0
    while True:
        async with transaction(engine) as connection:
            query = text(
                f"SELECT id, name, phone FROM reporters WHERE {_CLEAR} ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED"  # noqa: S608 only names of our own code are put in, values are parameters
            )
            rows = (await connection.execute(query, {"most": BATCH})).all()
            for row in rows:
                sealed, wrapped = await seal(keys, row.id, Contact(row.name, row.phone))
                await keys.vault.keep(row.id, wrapped)
                await connection.execute(
                    text(
                        "UPDATE reporters SET name = NULL, phone = NULL, wrapped_key = :wrapped, key_id = :key_id,"
                        " nonce = decode(:nonce, 'base64'), ciphertext = decode(:ciphertext, 'base64') WHERE id = :id"
                    ),
                    {"id": row.id, "wrapped": wrapped.content, "key_id": wrapped.key_id,
                     "nonce": sealed.nonce, "ciphertext": sealed.ciphertext},
                )  # fmt: skip
        done += len(rows)
        progress(done)
        if len(rows) < BATCH:
            return done


async def wrap_anew(engine: AsyncEngine, progress: Progress = lambda _: None) -> int:
    """Wrap by the current master key every key that another one wraps, in rows and vault; return how many rows.

    It can be stopped and started again, and several may run at once: each takes rows that nobody else holds. A row and
    its file are changed under the row's lock. Raises KeysAway.
    """
    keys, done = keys_of(engine), 0
    current = await keys.ring.current()
    while True:
        async with transaction(engine) as connection:
            query = text(
                "SELECT id, wrapped_key, key_id FROM reporters WHERE wrapped_key IS NOT NULL AND key_id <> :current"
                " ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED"
            )
            rows = (await connection.execute(query, {"current": current, "most": BATCH})).all()
            anew = {}
            for row in rows:
                key = await keys.ring.unwrap(WrappedKey(row.key_id, bytes(row.wrapped_key)), row.id.bytes)
                anew[row.id] = await keys.ring.wrap(key, row.id.bytes)
            await keys.vault.keep_all(anew)
            for id_, wrapped in anew.items():
                await connection.execute(
                    text("UPDATE reporters SET wrapped_key = :wrapped, key_id = :key_id WHERE id = :id"),
                    {"id": id_, "wrapped": wrapped.content, "key_id": wrapped.key_id},
                )
        done += len(rows)
        progress(done)
        if len(rows) < BATCH:
            break
    return done + await wrap_boxes_anew(engine, keys.ring) + await _wrap_files_anew(engine, current)


async def _wrap_files_anew(engine: AsyncEngine, current: str) -> int:
    """Wrap anew the keys of the vault whose rows are gone or were changed without them."""
    keys, done = keys_of(engine), 0
    async for id_, key_id in keys.vault.key_ids():
        wrapped = await keys.vault.find(id_) if key_id != current else None
        if wrapped is not None and wrapped.key_id != current:
            await keys.vault.keep(id_, await keys.ring.wrap(await keys.ring.unwrap(wrapped, id_.bytes), id_.bytes))
            done += 1
    return done


async def settle_vault(engine: AsyncEngine) -> int:
    """Make rows and vault agree: a person erased in the vault is erased in the row (an older copy of the database was
    put back), and a key without a file gets one. Return how many were changed.
    """
    keys = keys_of(engine)
    erased, before = await keys.vault.erased(), await keys.vault.ids()
    async with transaction(engine) as connection:
        again = await erase_reporters(connection, erased, datetime.now(UTC))
        rows = await connection.execute(
            text("SELECT id, wrapped_key, key_id FROM reporters WHERE wrapped_key IS NOT NULL FOR SHARE")
        )
        missing = {row.id: WrappedKey(row.key_id, bytes(row.wrapped_key)) for row in rows if row.id not in before}
        await keys.vault.keep_all(missing)
    if again or missing:
        log.warning("reporters' keys settled", erased_again=len(again), filed=len(missing))
    return len(again) + len(missing)
