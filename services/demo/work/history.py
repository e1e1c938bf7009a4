"""A matter that begins in the past: its steps are recorded at their moments, then its workflow takes over.

What falls due between two steps is recorded when it fell due, by the same rules as in life.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.matters.recording import record_matter_step
from infra.matter_client import restart_matter
from models.facts import Actor
from models.ids import derived_id
from models.matters.base import MatterKind
from models.matters.messages import MatterRecorded, MatterStart, MatterStep
from services.runtime.resources import Resources


@dataclass(frozen=True)
class PastStep:
    """A command at a moment, by the person of that user name."""

    at: datetime
    username: str
    command: dict[str, Any]


class PastRefused(RuntimeError):
    """A step of the demonstration was refused: its script and the rules no longer fit together."""


async def live(resources: Resources, kind: MatterKind, id_: UUID, steps: Iterable[PastStep], *, until: datetime) -> str:
    """Record the steps of one matter, and everything that fell due up to `until`; return its code.

    Repeated, it changes nothing: every step has an id of its own. Raises PastRefused.
    """
    people = await _people(resources)
    last = MatterRecorded()
    async with resources.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        for index, step in enumerate(steps):
            last = await _catch_up(connection, kind, id_, last, step.at)
            step_id = id_ if index == 0 else derived_id(id_, "past", index)
            last = await _record(connection, kind, id_, step_id, step.at, people[step.username], step.command)
        last = await _catch_up(connection, kind, id_, last, until)
    if not last.ended:
        start = MatterStart(matter_kind=kind, matter_id=id_, known=last.seq, wake_at=last.wake_at)
        await restart_matter(resources.temporal, start, queue=resources.settings.case_queue)
    assert last.code is not None, "a matter without steps"
    return last.code


async def _catch_up(
    connection: AsyncConnection, kind: MatterKind, id_: UUID, last: MatterRecorded, until: datetime
) -> MatterRecorded:
    """Record every moment before `until` for which the matter waited."""
    while last.wake_at is not None and last.wake_at < until:
        moment = last.wake_at
        wake = {"kind": "wake", "moment": moment.isoformat()}
        last = await _record(connection, kind, id_, derived_id(id_, "wake", moment), moment, None, wake)
    return last


async def _record(
    connection: AsyncConnection,
    kind: MatterKind,
    id_: UUID,
    step_id: UUID,
    at: datetime,
    person: UUID | None,
    command: dict[str, Any],
) -> MatterRecorded:
    recorded = await record_matter_step(
        connection,
        MatterStep(
            matter_kind=kind, matter_id=id_, known=0, id=step_id, at=at, actor=Actor(person=person), command=command
        ),
    )
    if recorded.refusal is not None:
        raise PastRefused(f"{kind} {command}: {recorded.refusal}")
    return recorded


async def _people(resources: Resources) -> dict[str, UUID]:
    async with resources.reading.connect() as connection:
        rows = await connection.execute(text("SELECT username, id FROM people"))
        return {row.username: row.id for row in rows}
