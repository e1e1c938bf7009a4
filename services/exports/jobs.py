"""Stored exports: request, list, stop and fetch them; only the person who requested an export may."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from infra.case_client import no_answer
from infra.database import snapshot_connection, transaction
from infra.store.context import local_day
from models.base import Frozen, Instant
from models.context import Person
from models.errors import (
    ExportHoldsErased,
    ExportHoldsHidden,
    ExportNotReady,
    NoSuchPage,
    RightsChanged,
    StoreAway,
    TooManyExports,
    TooManyRows,
)
from models.errors.base import Refusal, refusal
from models.ids import new_id
from models.jobs.export import (
    ACTIVE_STATUSES,
    EXPORT_WORKFLOW,
    RETENTION,
    ExportFormat,
    ExportKind,
    ExportOrder,
    ExportStatus,
)
from models.tables import EXPORT_PIECES, EXPORTS
from models.wire_names import heavy_queue
from rules.scope import in_force
from services.exports.files import holds_erased_answers, holds_hidden_case, pieces_of, read_file
from services.exports.request import MAX_ROWS, ExportRequest, count_rows
from services.runtime.resources import Resources

#: How many exports one person may have under way (our choice): each occupies a worker for seconds.
MAX_UNDER_WAY = 3
HREF = "/api/v1/exports"
#: An export that no worker has started after this time counts as stalled: the workers are probably down.
STALLED_AFTER = timedelta(seconds=10)


class ExportView(Frozen):
    """One export. `made` of `total` rows are written (`total` null until it is known); `size` in bytes.

    `kept_until`: when the file is removed. `stalled`: no worker has started it. `file`: the address of the file, once
    it is there; `why`: the reason of a failure.
    """

    id: UUID
    kind: ExportKind
    format: ExportFormat
    told: tuple[tuple[str, str], ...]
    status: ExportStatus
    asked_at: Instant
    total: int | None
    made: int
    finished_at: Instant | None
    size: int | None
    policy_version: int | None
    kept_until: Instant | None
    stalled: bool
    href: str
    file: str | None
    why: str | None

    @property
    def under_way(self) -> bool:
        """Whether it is not finished yet."""
        return self.status in ACTIVE_STATUSES


async def request_export(
    resources: Resources, person: Person, request: ExportRequest, now: datetime, language: str
) -> ExportView:
    """Start an export of the list, or join the same one that is under way for the same person.

    Raises what the list itself refuses, TooManyRows, TooManyExports, and StoreAway when the workflow can't be started;
    then nothing is stored.
    """
    async with resources.engine.connect() as connection:
        count = await count_rows(connection, person, request, now)
    if count > MAX_ROWS:
        raise TooManyRows(count=count, most=MAX_ROWS)
    async with transaction(resources.engine) as connection:
        id_, fresh = await _insert_or_join(connection, person, request, now, language, count)
    try:
        async with asyncio.timeout(resources.settings.answer_seconds):
            await _start(resources, id_)
    except (RPCError, RuntimeError, TimeoutError, StoreAway) as error:  # RuntimeError: the client never connected
        if fresh:  # an export that was joined stays
            async with transaction(resources.engine) as connection:
                await connection.execute(delete(EXPORTS).where(EXPORTS.c.id == id_))
        raise no_answer(error) from error
    async with resources.engine.connect() as connection:
        return await get_export(connection, person, id_, now, language)


async def _insert_or_join(
    connection: AsyncConnection, person: Person, request: ExportRequest, now: datetime, language: str, count: int
) -> tuple[UUID, bool]:
    """Return the id of the export, and whether it is new."""
    e = EXPORTS.c
    own_under_way = and_(e.owner == person.id, e.status.in_(ACTIVE_STATUSES))
    # Two requests at the same time are serialised here.
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(person.id), 0))))
    digest = request.digest(language)
    existing = await connection.scalar(select(e.id).where(own_under_way, e.digest == digest))
    if existing is not None:
        return UUID(str(existing)), False
    if (await connection.scalar(select(func.count()).select_from(EXPORTS).where(own_under_way)) or 0) >= MAX_UNDER_WAY:
        raise TooManyExports(most=MAX_UNDER_WAY)
    id_ = new_id()
    row = {
        "id": id_, "owner": person.id, "kind": request.kind.value, "digest": digest, "language": language,
        "wanted": request.stored(), "status": ExportStatus.WAITING,
        "asked_at": now, "total": count, "made": 0,
    }  # fmt: skip
    await connection.execute(insert(EXPORTS).values(row))
    return id_, True


async def _start(resources: Resources, id_: UUID) -> None:
    """Start the workflow unless it was started before; a request that joins also repairs a start that failed."""
    try:
        await resources.temporal.start_workflow(
            EXPORT_WORKFLOW,
            ExportOrder(id=id_),
            id=f"export-{id_}",
            task_queue=heavy_queue(resources.settings.case_queue),
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )
    except WorkflowAlreadyStartedError:
        return


async def list_exports(
    connection: AsyncConnection, person: Person, now: datetime, language: str
) -> tuple[ExportView, ...]:
    """Return the person's exports that are under way or still kept, the latest first."""
    e = EXPORTS.c
    rows = await connection.execute(select(EXPORTS).where(e.owner == person.id).order_by(e.asked_at.desc(), e.id))
    return tuple(_view(row, now, language) for row in rows)


async def get_export(
    connection: AsyncConnection, person: Person, id_: UUID, now: datetime, language: str
) -> ExportView:
    """Return one export. Raises NoSuchPage for another person's, and for one that is gone or never existed."""
    return _view(await _find(connection, person, id_), now, language)


async def stop_export(connection: AsyncConnection, person: Person, id_: UUID, now: datetime) -> None:
    """Stop an export that is under way, or remove the file of one that is done. Raises NoSuchPage."""
    await _find(connection, person, id_)
    e = EXPORTS.c
    stopped = update(EXPORTS).where(e.id == id_, e.status.in_((*ACTIVE_STATUSES, ExportStatus.DONE)))
    await connection.execute(stopped.values(status=ExportStatus.STOPPED, finished_at=now, size=None))
    await connection.execute(delete(EXPORT_PIECES).where(EXPORT_PIECES.c.export == id_))


@dataclass(frozen=True)
class ExportFile:
    """A file to download; `size` in bytes."""

    name: str
    format: ExportFormat
    size: int
    pieces: AsyncIterator[bytes]


async def find_file(resources: Resources, person: Person, id_: UUID, now: datetime) -> ExportFile:
    """Return the file of an export, whole even if it is removed while it is sent.

    Raises NoSuchPage, ExportNotReady, the refusal that it failed with, RightsChanged when the person has lost a role
    that it was made with, ExportHoldsHidden when it names a case from which they have to step aside by now, and
    ExportHoldsErased when it names one whose personal answers were erased since.
    """
    async with snapshot_connection(resources.engine) as connection:
        row = await _find(connection, person, id_)
        if row.status == ExportStatus.FAILED:
            raise refusal(Refusal.model_validate(row.failure))
        if row.status != ExportStatus.DONE:
            raise ExportNotReady(status=row.status)
        day = await local_day(connection, now)
        held = roles_of(person, day)
        if not all(grant in held for grant in row.grants):
            raise RightsChanged()
        file = await read_file(connection, id_)
        format_ = ExportRequest.model_validate(row.wanted).format
        if await holds_hidden_case(connection, person, day, file, format_):
            file.close()
            raise ExportHoldsHidden()
        if await holds_erased_answers(connection, row.asked_at, file, format_):
            file.close()
            raise ExportHoldsErased()
    name = f"gridloop-{row.kind}-{row.asked_at:%Y%m%d-%H%M}"
    return ExportFile(name, format_, row.size, pieces_of(file))


def roles_of(person: Person, day: date) -> list[dict[str, Any]]:
    """Return the roles of the person that decide what they see, in the form that an export stores."""
    return [grant.model_dump(mode="json", include={"role", "grid", "department"}) for grant in in_force(person, day)]


async def _find(connection: AsyncConnection, person: Person, id_: UUID) -> Any:
    row = (
        await connection.execute(select(EXPORTS).where(EXPORTS.c.id == id_, EXPORTS.c.owner == person.id))
    ).one_or_none()
    if row is None:
        raise NoSuchPage(what=f"export {id_}")
    return row


def _view(row: Any, now: datetime, language: str) -> ExportView:
    status = ExportStatus(row.status)
    done = status is ExportStatus.DONE
    request = ExportRequest.model_validate(row.wanted)
    return ExportView(
        id=row.id,
        kind=request.kind,
        format=request.format,
        told=request.told,
        status=status,
        asked_at=row.asked_at,
        total=row.total,
        made=row.made,
        finished_at=row.finished_at,
        size=row.size,
        policy_version=row.policy_version,
        kept_until=None if row.finished_at is None else row.finished_at + RETENTION,
        stalled=status is ExportStatus.WAITING and now - row.asked_at > STALLED_AFTER,
        href=f"{HREF}/{row.id}",
        file=f"{HREF}/{row.id}/file" if done else None,
        why=None if row.failure is None else refusal(Refusal.model_validate(row.failure)).message(language),
    )
