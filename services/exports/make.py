"""Make an export, for the workflow. Safe to repeat; each run starts over, with the person's current roles."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import snapshot_connection, transaction
from infra.store.context import local_day, read_person
from models.errors import Internal, NoSuchPage
from models.errors.base import DomainError
from models.jobs.export import ACTIVE_STATUSES, ExportStatus
from models.tables import EXPORT_PIECES, EXPORTS
from services.exports.asked import Written
from services.exports.jobs import roles_of
from services.exports.request import ExportRequest, count_rows
from services.exports.write import Writer

log = structlog.get_logger(__name__)

#: Bytes of a piece; and how often, in seconds, the progress is stored.
PIECE_BYTES, STORE_PROGRESS_EVERY = 256 * 1024, 0.5


class Stopped(Exception):
    """The person stopped the export, or it is gone."""


async def make_export(engine: AsyncEngine, id_: UUID, beat: Callable[[int], None]) -> None:
    """Make the file and store it with its row; a refusal is stored there as the failure.

    `beat` receives the number of rows written. Raises what the database raises when it is away, and any other error.
    """
    try:
        await _make(engine, id_, beat)
    except Stopped:
        log.info("export stopped", export=str(id_))
    except DomainError as error:
        await _fail(engine, id_, error)


async def record_failure(engine: AsyncEngine, id_: UUID) -> None:
    """Store that an internal error made the export fail."""
    await _fail(engine, id_, Internal())


async def remove_export(engine: AsyncEngine, id_: UUID) -> None:
    """Delete the export with its file. Safe to repeat."""
    async with transaction(engine) as connection:
        await connection.execute(delete(EXPORTS).where(EXPORTS.c.id == id_))


async def _make(engine: AsyncEngine, id_: UUID, beat: Callable[[int], None]) -> None:
    row = await _advance(engine, id_, status=ExportStatus.MAKING, made=0)
    request = ExportRequest.model_validate(row.wanted)
    now = datetime.now(UTC)
    async with snapshot_connection(engine) as connection:
        person = await read_person(connection, row.owner)
        if person is None or not person.active:
            raise NoSuchPage(what=f"export {id_}")
        total = await count_rows(connection, person, request, now)
        await _advance(engine, id_, total=total)
        report = _Report(engine, id_, beat)
        written = await Writer(connection, person, request, now, row.language, report.rows).write()
        grants = roles_of(person, await local_day(connection, now))
    size = await _store(engine, id_, written, grants)
    log.info("export made", export=str(id_), rows=written.rows, bytes=size)


class _Report:
    """Reports progress: to Temporal each time, to the row now and then."""

    def __init__(self, engine: AsyncEngine, id_: UUID, beat: Callable[[int], None]) -> None:
        self._engine, self._id, self._beat = engine, id_, beat
        self._last = time.monotonic()

    async def rows(self, count: int) -> None:
        """Report the number of rows written. Raises Stopped."""
        self._beat(count)
        if time.monotonic() - self._last >= STORE_PROGRESS_EVERY:
            await _advance(self._engine, self._id, made=count)
            self._last = time.monotonic()


async def _advance(engine: AsyncEngine, id_: UUID, **values: object) -> Any:
    """Store the progress. Raises Stopped when the export is not under way any more."""
    e = EXPORTS.c
    change = update(EXPORTS).where(e.id == id_, e.status.in_(ACTIVE_STATUSES)).values(**values).returning(EXPORTS)
    async with transaction(engine) as connection:
        row = (await connection.execute(change)).one_or_none()
    if row is None:
        raise Stopped()
    return row


async def _store(engine: AsyncEngine, id_: UUID, written: Written, grants: list[dict[str, object]]) -> int:
    """Store file and outcome together. Raises Stopped, and then stores nothing."""
    e = EXPORTS.c
    size = number = 0
    async with transaction(engine) as connection:
        under_way = await connection.scalar(
            select(e.id).where(e.id == id_, e.status.in_(ACTIVE_STATUSES)).with_for_update()
        )
        if under_way is None:
            raise Stopped()
        await connection.execute(delete(EXPORT_PIECES).where(EXPORT_PIECES.c.export == id_))
        for piece in _in_pieces(written):
            await connection.execute(insert(EXPORT_PIECES).values(export=id_, number=number, content=piece))
            size, number = size + len(piece), number + 1
        done = {
            "status": ExportStatus.DONE, "made": written.rows, "total": written.rows, "size": size, "grants": grants,
            "finished_at": datetime.now(UTC), "policy_version": written.policy_version,
        }  # fmt: skip
        await connection.execute(update(EXPORTS).where(e.id == id_).values(**done))
    return size


def _in_pieces(written: Written) -> Iterator[bytes]:
    buffer = bytearray()
    for piece in written.pieces:
        buffer += piece
        if len(buffer) >= PIECE_BYTES:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)


async def _fail(engine: AsyncEngine, id_: UUID, error: DomainError) -> None:
    e = EXPORTS.c
    failed = {
        "status": ExportStatus.FAILED, "finished_at": datetime.now(UTC),
        "failure": error.as_refusal().model_dump(mode="json"),
    }  # fmt: skip
    async with transaction(engine) as connection:
        await connection.execute(update(EXPORTS).where(e.id == id_, e.status.in_(ACTIVE_STATUSES)).values(**failed))
    log.warning("export failed", export=str(id_), code=error.code)
