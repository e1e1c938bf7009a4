"""Exports as they are kept: asked for, looked at, stopped, fetched, each by the one who asked alone."""

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

from infra.database import transaction
from infra.store.context import local_day
from models.base import Frozen, Instant
from models.context import Person
from models.errors import ExportNotReady, NoSuchPage, RightsChanged, StoreAway, TooManyExports, TooManyRows
from models.errors.base import Refusal, refusal
from models.ids import new_id
from models.jobs.export import EXPORT_WORKFLOW, KEPT, UNDER_WAY, ExportKind, ExportOrder, ExportStatus
from models.tables import EXPORT_PIECES, EXPORTS
from rules.scope import in_force
from services.exports.request import MOST, ExportWanted, count_rows
from services.runtime.resources import Resources

#: How many exports one person may have under way (our choice): each takes a worker for seconds.
AT_ONCE = 3
HREF = "/api/v1/exports"
#: While nobody has taken it up for so long, the workers are likely away.
PATIENCE = timedelta(seconds=10)


class ExportView(Frozen):
    """One export. `made` of `total` rows are written (`total` null until that is known); `size` in bytes.

    `kept_until`: when the file goes. `stalled`: nobody has taken it up, the workers may be away. `file`: where it is
    fetched, once it is there; `why`: what made it impossible.
    """

    id: UUID
    kind: ExportKind
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
        """Whether it is being waited for."""
        return self.status in UNDER_WAY


async def ask(resources: Resources, person: Person, wanted: ExportWanted, now: datetime, language: str) -> ExportView:
    """Has the list made into a workbook, or joins the same that is under way for the same person.

    Raises what the list itself refuses, TooManyRows, TooManyExports, and StoreAway when the workflow can't be started;
    nothing is kept then.
    """
    async with resources.engine.connect() as connection:
        count = await count_rows(connection, person, wanted, now)
    if count > MOST:
        raise TooManyRows(count=count, most=MOST)
    async with transaction(resources.engine) as connection:
        id_, fresh = await _recorded(connection, person, wanted, now, language, count)
    try:
        async with asyncio.timeout(resources.settings.answer_seconds):
            await _start(resources, id_)
    except (RPCError, RuntimeError, TimeoutError) as error:  # RuntimeError: there was never a connection
        if fresh:  # else it is somebody's who waits already
            async with transaction(resources.engine) as connection:
                await connection.execute(delete(EXPORTS).where(EXPORTS.c.id == id_))
        raise StoreAway() from error
    async with resources.engine.connect() as connection:
        return await get_export(connection, person, id_, now, language)


async def _recorded(
    connection: AsyncConnection, person: Person, wanted: ExportWanted, now: datetime, language: str, count: int
) -> tuple[UUID, bool]:
    """The id of the export, and whether it is a new one."""
    e = EXPORTS.c
    mine = and_(e.owner == person.id, e.status.in_(UNDER_WAY))
    # Two clicks at once wait for one another here.
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(person.id), 0))))
    digest = wanted.digest(language)
    known = await connection.scalar(select(e.id).where(mine, e.digest == digest))
    if known is not None:
        return UUID(str(known)), False
    if (await connection.scalar(select(func.count()).select_from(EXPORTS).where(mine)) or 0) >= AT_ONCE:
        raise TooManyExports(most=AT_ONCE)
    id_ = new_id()
    row = {
        "id": id_, "owner": person.id, "kind": wanted.kind.value, "digest": digest, "language": language,
        "wanted": wanted.model_dump(mode="json", by_alias=True, exclude_none=True), "status": ExportStatus.WAITING,
        "asked_at": now, "total": count, "made": 0,
    }  # fmt: skip
    await connection.execute(insert(EXPORTS).values(row))
    return id_, True


async def _start(resources: Resources, id_: UUID) -> None:
    """Starts the workflow unless it was; so whoever joins also mends a start that never came about."""
    try:
        await resources.temporal.start_workflow(
            EXPORT_WORKFLOW,
            ExportOrder(id=id_),
            id=f"export-{id_}",
            task_queue=resources.settings.case_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )
    except WorkflowAlreadyStartedError:
        return


async def list_exports(
    connection: AsyncConnection, person: Person, now: datetime, language: str
) -> tuple[ExportView, ...]:
    """The person's exports that are under way or still kept, the latest first."""
    e = EXPORTS.c
    rows = await connection.execute(select(EXPORTS).where(e.owner == person.id).order_by(e.asked_at.desc(), e.id))
    return tuple(_view(row, now, language) for row in rows)


async def get_export(
    connection: AsyncConnection, person: Person, id_: UUID, now: datetime, language: str
) -> ExportView:
    """One export. Raises NoSuchPage for another's, for one that is gone, and for one that never was."""
    return _view(await _find(connection, person, id_), now, language)


async def stop_export(connection: AsyncConnection, person: Person, id_: UUID, now: datetime) -> None:
    """Stops one that is under way, and removes the file of one that is done. Raises NoSuchPage."""
    await _find(connection, person, id_)
    e = EXPORTS.c
    stopped = update(EXPORTS).where(e.id == id_, e.status.in_((*UNDER_WAY, ExportStatus.DONE)))
    await connection.execute(stopped.values(status=ExportStatus.STOPPED, finished_at=now, size=None))
    await connection.execute(delete(EXPORT_PIECES).where(EXPORT_PIECES.c.export == id_))


@dataclass(frozen=True)
class ExportFile:
    """A workbook to be fetched; `size` in bytes."""

    name: str
    size: int
    pieces: AsyncIterator[bytes]


async def find_file(resources: Resources, person: Person, id_: UUID, now: datetime) -> ExportFile:
    """The file of an export.

    Raises NoSuchPage, ExportNotReady, the refusal that made it impossible, and RightsChanged when the person has lost
    a role that it was made with.
    """
    async with resources.engine.connect() as connection:
        row = await _find(connection, person, id_)
        if row.status == ExportStatus.FAILED:
            raise refusal(Refusal.model_validate(row.failure))
        if row.status != ExportStatus.DONE:
            raise ExportNotReady(status=row.status)
        held = roles_of(person, await local_day(connection, now))
        if not all(grant in held for grant in row.grants):
            raise RightsChanged()
    return ExportFile(f"gridloop-{row.kind}-{row.asked_at:%Y%m%d-%H%M}", row.size, _pieces(resources, id_))


async def _pieces(resources: Resources, id_: UUID) -> AsyncIterator[bytes]:
    """A piece a query: whoever reads slowly holds no connection meanwhile."""
    p = EXPORT_PIECES.c
    number = 0
    while True:
        async with resources.engine.connect() as connection:
            piece = await connection.scalar(select(p.content).where(p.export == id_, p.number == number))
        if piece is None:
            return
        yield bytes(piece)
        number += 1


def roles_of(person: Person, day: date) -> list[dict[str, Any]]:
    """What of the person's roles decides what they see, as a file keeps it."""
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
    wanted = ExportWanted.model_validate(row.wanted)
    return ExportView(
        id=row.id,
        kind=wanted.kind,
        told=wanted.told,
        status=status,
        asked_at=row.asked_at,
        total=row.total,
        made=row.made,
        finished_at=row.finished_at,
        size=row.size,
        policy_version=row.policy_version,
        kept_until=None if row.finished_at is None else row.finished_at + KEPT,
        stalled=status is ExportStatus.WAITING and now - row.asked_at > PATIENCE,
        href=f"{HREF}/{row.id}",
        file=f"{HREF}/{row.id}/file" if done else None,
        why=None if row.failure is None else refusal(Refusal.model_validate(row.failure)).message(language),
    )
