"""Measure what a year of a plan costs: every step of it recorded in the store, then many commands to its workflow."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.matters.recording import record_matter_step
from infra.matter_client import restart_matter
from models.context import Person
from models.facts import Actor
from models.ids import matter_workflow_id, new_id
from models.matters.base import MatterKind
from models.matters.common import CommentMatter
from models.matters.messages import MatterRecorded, MatterStart, MatterStep
from rules.matters.plan.duties import duty_id
from services.matters.send import act
from services.runtime.resources import Resources

ZONE = ZoneInfo("Asia/Shanghai")
#: Every so many duties one is missed.
MISSED_EVERY = 20
#: How many commands are sent to the workflow afterwards.
COMMANDS = 1_000
#: At how many steps the first and the last milliseconds are taken.
_SAMPLE = 200
_BYTES = """
    SELECT (SELECT sum(pg_column_size(f.*)) FROM matter_facts f WHERE f.matter_id = :id),
        (SELECT count(*) FROM matter_facts f WHERE f.matter_id = :id),
        (SELECT sum(pg_column_size(d.*)) FROM duties d WHERE d.plan = :id),
        (SELECT count(*) FROM duties d WHERE d.plan = :id)
"""


@dataclass(frozen=True)
class PlanYear:
    """A year of one plan. Milliseconds of a recording step at its beginning and its end; the largest state in bytes;
    facts and duties with their bytes; and, after `COMMANDS` commands, the events of the longest run and the runs."""

    duties: int
    steps: int
    first_ms: float
    last_ms: float
    state_bytes: int
    facts: int
    fact_bytes: int
    duty_bytes: int
    events: int
    runs: int


class _Year:
    """The plan, recorded step by step."""

    def __init__(self, connection: AsyncConnection, person: Person, id_: UUID) -> None:
        self._connection = connection
        self._person = person
        self._id = id_
        self._open: dict[str, datetime] = {}
        self.milliseconds: list[float] = []
        self.state_bytes = 0
        self.last = MatterRecorded()

    async def record(self, at: datetime, command: dict[str, Any], *, by_clock: bool = False) -> None:
        """Record one step, and see which duties it gave out."""
        actor = Actor() if by_clock else Actor(person=self._person.id)
        id_ = new_id() if self.last.seq else self._id
        step = MatterStep(
            matter_kind=MatterKind.PLAN, matter_id=self._id, known=self.last.seq, id=id_, at=at, actor=actor,
            command=command,
        )  # fmt: skip
        began = time.perf_counter()
        self.last = await record_matter_step(self._connection, step)
        self.milliseconds.append((time.perf_counter() - began) * 1000)
        assert self.last.refusal is None, self.last.refusal
        for fact in self.last.facts:
            for batch in fact.body.get("batches", ()) if fact.body["kind"] == "duties_issued" else ():
                self._open[batch["key"]] = datetime.fromisoformat(batch["due_at"])

    async def live(self, until: datetime, workshops: int) -> None:
        """Do or miss every duty that falls due before `until`."""
        number = 0
        while self.last.wake_at is not None and self.last.wake_at < until:
            for key in sorted(key for key, due in self._open.items() if due <= self.last.wake_at):
                due = self._open.pop(key)
                for place in range(1, workshops + 1):
                    number += 1
                    if number % MISSED_EVERY:
                        duty = duty_id(self._id, f"p{place}", key)
                        report = {"kind": "report_duty", "duty": str(duty), "note": "正常"}
                        await self.record(due - timedelta(minutes=4), report)
            moment = self.last.wake_at
            if moment is not None and moment < until:
                await self.record(moment, {"kind": "wake", "moment": moment.isoformat()}, by_clock=True)
            if not number % 400:
                await self._look()

    async def _look(self) -> None:
        size = await self._connection.scalar(
            text("SELECT length(state::text) FROM matters WHERE id = :id"), {"id": self._id}
        )
        self.state_bytes = max(self.state_bytes, int(size or 0))


async def measure_plan_year(resources: Resources, person: Person, grid: str, *, workshops: int) -> PlanYear:
    """Record the coming year of one plan of `workshops` with two shifts a day, then send it `COMMANDS` commands."""
    id_ = new_id()
    begins = datetime.now(ZONE).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    plan = {
        "kind": "make_plan", "name": f"bench {id_}", "grid": grid, "work": "pre_shift",
        "places": [{"grid": grid, "name": f"W{number}"} for number in range(workshops)],
        "workers": {"person": person.username},
        "rhythm": {
            "kind": "per_shift", "minutes": 10,
            "shifts": [{"name": "1", "begins": "07:50"}, {"name": "2", "begins": "19:50"}],
        },
        "plant_days": {"weekdays": [1, 2, 3, 4, 5, 6, 7], "on_holidays": True},
    }  # fmt: skip
    async with resources.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        year = _Year(connection, person, id_)
        await year.record(begins, plan)
        await year.live(begins + timedelta(days=365), workshops)
        fact_bytes, facts, duty_bytes, duties = (await connection.execute(text(_BYTES), {"id": id_})).one()
    assert year.last.code is not None
    events, runs = await _send_many(resources, person, id_, year.last)
    taken = year.milliseconds
    return PlanYear(
        duties=duties,
        steps=len(taken),
        first_ms=sum(taken[:_SAMPLE]) / len(taken[:_SAMPLE]),
        last_ms=sum(taken[-_SAMPLE:]) / len(taken[-_SAMPLE:]),
        state_bytes=year.state_bytes,
        facts=facts,
        fact_bytes=fact_bytes,
        duty_bytes=duty_bytes,
        events=events,
        runs=runs,
    )


async def _send_many(resources: Resources, person: Person, id_: UUID, last: MatterRecorded) -> tuple[int, int]:
    """Send commands to the plan's workflow; return the events of its longest run, and how many runs it took."""
    start = MatterStart(matter_kind=MatterKind.PLAN, matter_id=id_, known=last.seq, wake_at=last.wake_at)
    await restart_matter(resources.temporal, start, queue=resources.settings.case_queue)
    assert last.code is not None
    for number in range(COMMANDS):
        now = datetime.now(ZONE)
        note = CommentMatter(note=f"{number}")
        await act(resources, person, MatterKind.PLAN, last.code, note, command_id=new_id(), now=now)
    lengths: list[int] = []
    query = f"WorkflowId = '{matter_workflow_id(MatterKind.PLAN, id_)}'"
    async for found in resources.temporal.list_workflows(query):
        described = await resources.temporal.get_workflow_handle(found.id, run_id=found.run_id).describe()
        lengths.append(described.history_length)
    return max(lengths), len(lengths)
