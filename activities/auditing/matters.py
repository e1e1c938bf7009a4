"""The audit of matters (事项): every one that goes on against its workflow, and the outbox."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.auditing.handovers import look_at_stuck, stuck_handovers
from activities.auditing.looking import confirmed
from activities.auditing.mailboxes import stuck_mailboxes, wake_stuck
from activities.auditing.running_workflows import QUERY_TIMEOUT
from infra.case_client import NO_ANSWER_ERRORS
from infra.matter_client import act_on_matter, restart_matter
from infra.store.outbox import retry_refused
from models.errors import DomainError
from models.facts import Actor
from models.ids import matter_workflow_id, new_id
from models.jobs.audit import Drift, Finding
from models.matters.base import MatterKind
from models.matters.messages import MatterAct, MatterStanding, MatterStart
from models.wire_names import MATTER_WORKFLOW, STATE_QUERY

#: How many matters are compared at once, and read at once.
CONCURRENCY, PAGE_SIZE = 8, 500
#: How long an effect may wait before it is a finding (our choice: a store that is away for a moment is no drift).
EFFECT_TOLERANCE = timedelta(minutes=5)

_PAGE = text("""
    SELECT id, kind, code, seq, updated_at, wake_at FROM matters
    WHERE ended_at IS NULL AND id > :after ORDER BY id LIMIT :limit
""")
_STUCK = text("""
    SELECT o.id, o.origin_kind, o.origin_id, o.effect ->> 'kind' AS effect, o.failure, o.written_at, m.code
    FROM outbox o LEFT JOIN matters m ON m.id = o.origin_id
    WHERE o.written_at < :before OR o.next_try_at = 'infinity' ORDER BY o.written_at LIMIT 100
""")


@dataclass(frozen=True)
class MatterLine:
    """What the database knows of a matter that goes on."""

    id: UUID
    kind: MatterKind
    code: str
    seq: int
    updated_at: datetime | None
    wake_at: datetime | None


@dataclass(frozen=True)
class MatterAudit:
    """What was compared, and what was found."""

    matters: int
    findings: tuple[Finding, ...]


async def audit_matters(
    engine: AsyncEngine, client: Client, queue: str, *, tolerance: timedelta, query: bool
) -> MatterAudit:
    """Compare every matter that goes on with its workflow, and look for effects that wait too long.

    `tolerance`: how late a step may be. `query`: whether workflows are asked how far they are; without a worker they
    would not answer. Raises the errors of a store that is away.
    """
    running = await _list_running(client, queue)
    limit = asyncio.Semaphore(CONCURRENCY)
    findings: list[Finding] = []
    seen: set[UUID] = set()

    async def compare(line: MatterLine) -> Finding | None:
        async with limit:
            return await _confirmed(engine, client, line, tolerance, listed=line.id in running, query=query)

    async for page in _pages(engine):
        found = await asyncio.gather(*(compare(line) for line in page))
        findings += [finding for finding in found if finding is not None]
        seen.update(line.id for line in page)
    findings += await _without_row(engine, client, {id_: kind for id_, kind in running.items() if id_ not in seen})
    late = (*await _stuck_effects(engine), *await stuck_mailboxes(engine), *await stuck_handovers(engine))
    return MatterAudit(len(seen), (*findings, *late))


async def compare_matter_again(
    engine: AsyncEngine, client: Client, id_: UUID, tolerance: timedelta
) -> tuple[Finding, ...]:
    """Return what is found of a matter as both stores are now."""
    line = await _read(engine, id_)
    found = None if line is None else await _compare(client, line, tolerance, listed=False, query=True)
    return () if found is None else (found,)


async def _confirmed(
    engine: AsyncEngine, client: Client, line: MatterLine, tolerance: timedelta, *, listed: bool, query: bool
) -> Finding | None:
    """Return the finding about a matter that is still there after several looks; None when all is well."""

    async def look(again: bool) -> tuple[Finding, ...]:
        now = await _read(engine, line.id) if again else line
        found = now and await _compare(client, now, tolerance, listed=listed and not again, query=query)
        return (found,) if found else ()

    return next(iter(await confirmed(look)), None)


async def _compare(
    client: Client, line: MatterLine, tolerance: timedelta, *, listed: bool, query: bool
) -> Finding | None:
    if not listed and not await _is_running(client, line):
        return _finding(line, Drift.WORKFLOW_MISSING, "没有运行中的流程,计时无人看守", "no workflow runs for it")
    if line.wake_at is not None and line.wake_at + tolerance < datetime.now(UTC):
        moment = line.wake_at.isoformat(timespec="seconds")
        zh, en = f"{moment} 的到期步骤尚未执行", f"the step due at {moment} has not fired"
        return _finding(line, Drift.STEP_MISSED, zh, en, since=line.wake_at)
    if not query:
        return None
    standing = await _standing(client, line)
    if standing is None:
        return _finding(
            line, Drift.UNANSWERED, "流程在运行而不应答", "its workflow runs and does not answer", fixable=False
        )
    if standing.known > line.seq:
        return _finding(
            line,
            Drift.ROW_BEHIND,
            "数据库的事实少于流程",
            "the database has fewer facts than the workflow",
            fixable=False,
        )
    if standing.known < line.seq:
        zh, en = "流程的事实少于数据库", "the workflow has fewer facts than the database"
        return _finding(line, Drift.WORKFLOW_BEHIND, zh, en, since=line.updated_at)
    if standing.wake_at != line.wake_at:
        zh, en = "两处的下次唤醒时间不同", "the two stores differ in the next wake-up"
        return _finding(line, Drift.WAKE_UP_DIFFERS, zh, en, since=line.updated_at)
    return None


def _finding(
    line: MatterLine, kind: Drift, zh: str, en: str, *, since: datetime | None = None, fixable: bool = True
) -> Finding:
    return Finding(
        kind=kind, matter_kind=line.kind, matter_code=line.code, matter_id=line.id, since=since, zh=zh, en=en,
        fixable=fixable,
    )  # fmt: skip


async def _stuck_effects(engine: AsyncEngine) -> tuple[Finding, ...]:
    async with engine.connect() as connection:
        rows = (await connection.execute(_STUCK, {"before": datetime.now(UTC) - EFFECT_TOLERANCE})).all()
    return tuple(
        Finding(
            kind=Drift.EFFECT_STUCK,
            report_id=row.origin_id if row.origin_kind == "case" else None,
            matter_kind=None if row.origin_kind == "case" else row.origin_kind,
            matter_code=row.code,
            matter_id=None if row.origin_kind == "case" else row.origin_id,
            zh=f"待办效果“{row.effect}”自 {row.written_at:%Y-%m-%d %H:%M} 起未完成({row.failure or '等待中'})",
            en=f"effect “{row.effect}” waits since {row.written_at:%Y-%m-%d %H:%M} ({row.failure or 'not tried yet'})",
            fixable=True,
        )
        for row in rows
    )


async def repair_matter(engine: AsyncEngine, client: Client, queue: str, finding: Finding) -> str | None:
    """Repair a finding about a matter or the outbox; return why it could not be, None when it was done."""
    try:
        async with asyncio.timeout(QUERY_TIMEOUT.total_seconds()):
            if finding.kind is Drift.MAILBOX_STUCK and finding.matter_id is not None:
                await wake_stuck(client, finding.matter_id, queue)
                return None
            if finding.kind is Drift.HANDOVER_STUCK and finding.matter_id is not None:
                await look_at_stuck(client, finding.matter_id, queue)
                return None
            if finding.kind is Drift.EFFECT_STUCK:
                async with engine.begin() as connection:
                    await retry_refused(connection)
                return None
            return await _repair(engine, client, queue, finding)
    except DomainError as error:
        return str(error)
    except NO_ANSWER_ERRORS as error:
        return str(error) or f"no answer within {QUERY_TIMEOUT.total_seconds():.0f} s"


async def _repair(engine: AsyncEngine, client: Client, queue: str, finding: Finding) -> str | None:
    """Start the workflow anew from what the database knows, or let it catch up by a step of the clock."""
    line = None if finding.matter_id is None else await _read(engine, finding.matter_id)
    if line is None:
        return "-"
    if finding.kind is Drift.WORKFLOW_MISSING:
        start = MatterStart(matter_kind=line.kind, matter_id=line.id, known=line.seq, wake_at=line.wake_at)
        await restart_matter(client, start, queue=queue)
        return None
    now = datetime.now(UTC).isoformat()
    await act_on_matter(
        client, line.kind, line.id, MatterAct(id=new_id(), actor=Actor(), command={"kind": "wake", "moment": now})
    )
    return None


async def _pages(engine: AsyncEngine) -> AsyncIterator[tuple[MatterLine, ...]]:
    after = UUID(int=0)
    while True:
        async with engine.connect() as connection:
            rows = (await connection.execute(_PAGE, {"after": after, "limit": PAGE_SIZE})).all()
        if not rows:
            return
        yield tuple(_line(row) for row in rows)
        after = rows[-1].id


async def _read(engine: AsyncEngine, id_: UUID) -> MatterLine | None:
    query = text("SELECT id, kind, code, seq, updated_at, wake_at FROM matters WHERE id = :id AND ended_at IS NULL")
    async with engine.connect() as connection:
        row = (await connection.execute(query, {"id": id_})).one_or_none()
    return None if row is None else _line(row)


def _line(row: Row[Any]) -> MatterLine:
    return MatterLine(row.id, MatterKind(row.kind), row.code, row.seq, row.updated_at, row.wake_at)


async def _without_row(engine: AsyncEngine, client: Client, suspects: dict[UUID, MatterKind]) -> list[Finding]:
    """Return the findings of workflows that have recorded facts of which the database has none."""
    found = []
    for id_, kind in suspects.items():
        async with engine.connect() as connection:
            known = await connection.scalar(text("SELECT 1 FROM matters WHERE id = :id"), {"id": id_})
        line = MatterLine(id_, kind, "", 0, None, None)
        if known is None and await _is_running(client, line):
            standing = await _standing(client, line)
            if standing is not None and standing.known:
                found.append(
                    _finding(
                        line,
                        Drift.ROW_MISSING,
                        f"流程在运行而数据库没有此事项({kind} {id_})",
                        f"a workflow runs and the database has no such matter ({kind} {id_})",
                        fixable=False,
                    )
                )
    return found


async def _list_running(client: Client, queue: str) -> dict[UUID, MatterKind]:
    """Return the matters whose workflow runs on `queue`, with their kinds. Temporal's list lags behind a little."""
    query = f"WorkflowType = '{MATTER_WORKFLOW}' AND ExecutionStatus = 'Running' AND TaskQueue = '{queue}'"
    return {
        UUID(execution.id[-36:]): MatterKind(execution.id[:-37]) async for execution in client.list_workflows(query)
    }


async def _is_running(client: Client, line: MatterLine) -> bool:
    try:
        found = await client.get_workflow_handle(matter_workflow_id(line.kind, line.id)).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return found.status is WorkflowExecutionStatus.RUNNING


async def _standing(client: Client, line: MatterLine) -> MatterStanding | None:
    handle = client.get_workflow_handle(matter_workflow_id(line.kind, line.id))
    try:
        async with asyncio.timeout(QUERY_TIMEOUT.total_seconds()):
            answer: MatterStanding = await handle.query(
                STATE_QUERY, rpc_timeout=QUERY_TIMEOUT, result_type=MatterStanding
            )
    except (RPCError, TimeoutError):
        return None
    return answer
