"""Measure how long the lists of cases take over very many cases, in the database that `supervision` fills."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from models.context import Grant, Person
from models.enums import Role, Stage
from models.ids import new_id
from models.tables import CASES
from services.cases.filter import CaseFilter
from services.cases.lists import list_cases
from services.measure.supervision import PARK, at_percentile

#: What is listed, by what the table of results calls it (Chinese, English).
LISTS: Mapping[tuple[str, str], CaseFilter] = MappingProxyType(
    {
        ("全部", "all"): CaseFilter(),
        ("全部,最早的在前", "all, the earliest first"): CaseFilter(sort="reported_at"),
        ("未结", "open"): CaseFilter(stage=(Stage.RECEIVE, Stage.DISPATCH, Stage.HANDLE, Stage.REVIEW)),
        ("超期", "overdue"): CaseFilter(overdue=True),
        ("已结", "closed"): CaseFilter(stage=(Stage.CLOSED,)),
        ("某小类", "of a category"): CaseFilter(category="0103"),
        ("某部门", "of a department"): CaseFilter(department="fire"),
        ("某社区", "of a community"): CaseFilter(grid=f"{PARK}001"),
        ("某微网格", "of a micro-grid"): CaseFilter(grid=f"{PARK}001001001"),
    }
)  # fmt: skip
#: The last days that are listed as well.
DAYS = 30


@dataclass(frozen=True)
class ListSpeed:
    """Milliseconds for the first page with its count at the 50th percentile and at worst; how many cases there are."""

    name: tuple[str, str]
    found: int
    p50: float
    worst: float


async def measure_lists(engine: AsyncEngine, rounds: int) -> tuple[ListSpeed, ...]:
    """Measure each list as the park's supervisor asks for it, including the JSON; the first, cold call is left out."""
    day = date.today() - timedelta(days=400)  # noqa: DTZ011 (any day long enough ago)
    grant = Grant(role=Role.SUPERVISOR, grid=PARK, since=day)
    person = Person(id=new_id(), username="supervisor", grants=(grant,))
    now = datetime.now(UTC)
    async with engine.connect() as connection:
        number = await connection.scalar(select(CASES.c.case_no).order_by(CASES.c.reported_at).limit(1))
    asked = {
        **LISTS,
        (f"最近 {DAYS} 天", f"of the last {DAYS} days"): CaseFilter(reported_from=now - timedelta(days=DAYS)),
        ("按编号", "one number"): CaseFilter(q=number),
    }
    found = []
    for name, case_filter in asked.items():
        waits = []
        for _ in range(rounds + 1):
            begun = time.perf_counter()
            async with engine.connect() as connection:
                page = await list_cases(connection, person, case_filter, now, "zh")
                page.model_dump_json()
            waits.append((time.perf_counter() - begun) * 1000)
        waits = sorted(waits[1:])
        found.append(ListSpeed(name, page.total, at_percentile(waits, 0.5), waits[-1]))
    return tuple(found)
