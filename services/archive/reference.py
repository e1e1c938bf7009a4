"""Copies of everything that is not a fact: people, units, policies, settings, files' rows, sealed reporters.

A copy is a list of files, one for each table; a table that has not changed is not written again.
"""

import gzip
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import Table, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import snapshot_connection, transaction
from infra.objects import Objects
from infra.store.driver import run
from models.base import Frozen, Instant
from services.archive.lines import file_name, is_whole
from services.archive.tables import SECRET, copied_tables, needs_facts

FOLDER, TABLES = "reference", "tables"
#: How many copies are kept (our choice: the last is enough, the others are for a copy that was cut off).
KEPT = 5
#: Tables with more rows than `LARGE` are copied this often, the others each time (our choice). What has not changed
#: makes the same file and is not written again.
LARGE, LARGE_EVERY = 50_000, timedelta(hours=1)
#: Rows restored in one statement.
BATCH = 500


_KNOWN = text("SELECT 1 FROM archive_files WHERE name = :name")
_NOTE = text("""
    INSERT INTO archive_files (name, written_at, origins, facts)
    SELECT name, :at, 0, 0 FROM unnest(CAST(:names AS text[])) name
    ON CONFLICT DO NOTHING
""")
_SIZES = text("SELECT relname, greatest(reltuples, 0)::bigint AS rows FROM pg_class WHERE relkind = 'r'")


class Copy(Frozen):
    """A copy: when it was made, the revision of the schema, and the file of each table.

    `taken_at`: when the rows of each table were read.
    """

    made_at: Instant
    revision: str
    files: dict[str, str]
    taken_at: dict[str, Instant]


class ForeignArchive(Exception):
    """The newest copy in the archive was made by another database, or by a later state of this one.

    A new or older database must not push the copies of the lost one out: it is to be rebuilt first.
    """


async def copy_reference(engine: AsyncEngine, archive: Objects) -> Copy:
    """Write a copy, as of one moment, and remove those that are too old. Raises ObjectsAway, and ForeignArchive."""
    await _check_own(engine, archive)
    files: dict[str, str] = {}
    now = datetime.now(UTC)
    last = await newest_copy(archive)
    taken_at = dict.fromkeys((table.name for table in copied_tables()), now)
    async with snapshot_connection(engine) as connection:
        revision = str(await connection.scalar(text("SELECT version_num FROM alembic_version")))
        sizes = {row.relname: row.rows for row in await connection.execute(_SIZES)}
        for table in copied_tables():
            if last is not None and _may_stay(table.name, last, revision, sizes, now):
                files[table.name], taken_at[table.name] = last.files[table.name], last.taken_at[table.name]
                continue
            content = gzip.compress(await _rows(connection, table), mtime=0)
            files[table.name] = file_name(f"{FOLDER}/{TABLES}", now, content, ".jsonl.gz").replace(
                f"/{now:%Y-%m}/", f"/{table.name}/"
            )
            await archive.put(files[table.name], content)
    copy = Copy(made_at=now, revision=revision, files=files, taken_at=taken_at)
    name = f"{FOLDER}/{now:%Y-%m}/{now:%Y%m%dT%H%M%S%f}.json"
    async with transaction(engine) as connection:  # before it is there: an unknown one would count as another's
        await note_copies(connection, [name], now)
    await archive.put(name, to_json(copy))
    await _remove_old(archive)
    return copy


async def _check_own(engine: AsyncEngine, archive: Objects) -> None:
    copies = await copy_names(archive)
    if not copies:
        return
    async with engine.connect() as connection:
        known = await connection.scalar(_KNOWN, {"name": copies[-1]})
    if known is None:
        raise ForeignArchive(copies[-1])


async def note_copies(connection: AsyncConnection, names: Sequence[str], now: datetime) -> None:
    """Let the database know copies as its own, in the caller's transaction."""
    await connection.execute(_NOTE, {"names": list(names), "at": now})


def _may_stay(name: str, last: Copy, revision: str, sizes: Mapping[str, int], now: datetime) -> bool:
    """Return whether the last copy's file of a table will do: the table is large and was copied a short while ago."""
    known = name in last.files and name in last.taken_at and last.revision == revision
    return known and sizes.get(name, 0) > LARGE and now - last.taken_at[name] < LARGE_EVERY


async def newest_copy(archive: Objects) -> Copy | None:
    """Return the newest copy; None without one. Raises ObjectsAway."""
    copies = await copy_names(archive)
    content = await archive.get(copies[-1]) if copies else None
    return None if content is None else Copy.model_validate_json(content)


async def restore_reference(
    connection: AsyncConnection, archive: Objects, copy: Copy, *, of_facts: bool
) -> tuple[int, list[str]]:
    """Add the rows of a copy that are missing, in the caller's transaction; fill columns that are empty.

    `of_facts`: the tables that refer to cases and matters, else the others. Return how many rows were added, and the
    names of files that are damaged, gone, or refer to rows that are.
    """
    added, damaged = 0, list[str]()
    tables = [table for table in copied_tables() if needs_facts(table) is of_facts]
    # What is put back was noted when it was first written: the triggers that note administration rest meanwhile.
    await _switch_triggers(connection, tables, "DISABLE")
    for table in tables:
        name = copy.files.get(table.name)
        if name is None:
            continue
        content = await archive.get(name)
        if content is None or not is_whole(name, content):
            damaged.append(name)
            continue
        rows = [from_json(line) for line in gzip.decompress(content).splitlines()]
        try:
            async with connection.begin_nested():
                for start in range(0, len(rows), BATCH):
                    added += await _restore_rows(connection, table, rows[start : start + BATCH], fill=of_facts)
        except IntegrityError:  # it refers to rows of a file that is damaged
            damaged.append(name)
    await _switch_triggers(connection, tables, "ENABLE")
    return added, damaged


async def _switch_triggers(connection: AsyncConnection, tables: Sequence[Table], how: str) -> None:
    for table in tables:
        await connection.execute(text(f'ALTER TABLE "{table.name}" {how} TRIGGER USER'))


async def _rows(connection: AsyncConnection, table: Table) -> bytes:
    """Return the rows as lines of JSON, in the order of the primary key."""
    key = ", ".join(f't."{column.name}"' for column in table.primary_key)
    secret = SECRET.get(table.name, frozenset())
    without = "".join(f" - '{name}'" for name in sorted(secret))
    lines = [
        line
        async for line in _lines(
            connection,
            f'SELECT (to_jsonb(t){without})::text FROM "{table.name}" t ORDER BY {key}',  # noqa: S608 only names of our own code are put in, values are parameters
        )
    ]
    return "".join(f"{line}\n" for line in lines).encode()


async def _lines(connection: AsyncConnection, query: str) -> AsyncIterator[str]:
    async with connection.stream(text(query), execution_options={"yield_per": 2_000}) as rows:
        async for (line,) in rows:
            yield line


async def _restore_rows(connection: AsyncConnection, table: Table, rows: list[Any], *, fill: bool) -> int:
    """Insert rows; of those that are there, fill empty columns. Rows of units go in order of their level."""
    names = [column.name for column in table.columns if column.name not in SECRET.get(table.name, frozenset())]
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
    empty = [c.name for c in table.columns if c.nullable and c.name in names]
    conflict = "DO NOTHING"
    if fill and empty:
        changes = ", ".join(f'"{name}" = coalesce(t."{name}", excluded."{name}")' for name in empty)
        conflict = f"({keys}) DO UPDATE SET {changes}"
    columns = ", ".join(f'"{name}"' for name in names)
    order = " ORDER BY level" if "level" in names and "parent" in names else ""
    before = int(await connection.scalar(text(f'SELECT count(*) FROM "{table.name}"')) or 0)  # noqa: S608 only names of our own code are put in, values are parameters
    await run(
        connection,
        f'INSERT INTO "{table.name}" AS t ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns}'  # noqa: S608 only names of our own code are put in, values are parameters
        f' FROM jsonb_populate_recordset(NULL::"{table.name}", %(rows)s){order} ON CONFLICT {conflict}',
        {"rows": to_json(rows).decode()},
    )
    for column in table.primary_key:
        if column.identity is not None:
            number = (
                f"""SELECT setval(pg_get_serial_sequence('"{table.name}"', '{column.name}'), max("{column.name}"))"""
            )
            await connection.execute(text(f'{number} FROM "{table.name}"'))
    return int(await connection.scalar(text(f'SELECT count(*) FROM "{table.name}"')) or 0) - before  # noqa: S608 only names of our own code are put in, values are parameters


async def copy_names(archive: Objects) -> list[str]:
    """Return the names of all copies, the newest last. Raises ObjectsAway."""
    names = [one.name async for one in archive.list(FOLDER) if one.name.endswith(".json")]
    return sorted(names, key=lambda name: name.rpartition("/")[2])


async def _remove_old(archive: Objects) -> None:
    """Remove copies beyond the newest ones, and the files of tables that no remaining copy names."""
    copies = await copy_names(archive)
    for name in copies[:-KEPT]:
        await archive.delete(name)
    named: set[str] = set()
    for name in copies[-KEPT:]:
        content = await archive.get(name)
        if content is not None:
            named |= set(Copy.model_validate_json(content).files.values())
    stale = [one.name async for one in archive.list(f"{FOLDER}/{TABLES}") if one.name not in named]
    for name in stale:
        await archive.delete(name)
