"""A quarter of a plan in seconds, over the spring festival: its duties in a real workflow, with rows and ladder."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from models.ids import matter_workflow_id, new_id
from models.matters.base import MatterKind
from models.matters.messages import MatterStanding
from models.matters.plan import PlanState, ReportDuty
from models.wire_names import STATE_QUERY
from rules.deadlines.working_time import timetable
from services.matters.queries import find_matter
from services.matters.send import create, read_matter_command
from services.plans.report import report_duty
from services.policies.china_calendars import china_year
from tests.builders import COMMUNITY, MICRO, MICRO_2, a_policy, publish
from tests.rules.calendars import calendar
from tests.workflows.test_due_moments import Jumping, town as town

KIND = MatterKind.PLAN
SHANGHAI = ZoneInfo("Asia/Shanghai")
DAYS = 90


def plan(**changed: Any) -> dict[str, Any]:
    """A patrol of two micro-grids on each workday, due at five."""
    return {
        "name": "每日巡查", "grid": COMMUNITY, "work": "patrol", "places": [{"grid": MICRO}, {"grid": MICRO_2}],
        "workers": {"role": "grid_worker"}, "rhythm": {"kind": "every", "n": 1, "unit": "day", "at": "17:00"},
        **changed,
    }  # fmt: skip


async def state(town: Jumping, code: str) -> PlanState:
    """The plan as it stands."""
    async with town.engine.connect() as connection:
        _, found = await find_matter(connection, await town.person("admin"), KIND, code, await town.now())
    assert isinstance(found, PlanState)
    return found


async def rows(town: Jumping, code: str) -> list[tuple[date, str, str]]:
    """Day, place and status of its duties."""
    query = text(
        "SELECT d.day, d.place, d.status FROM duties d JOIN matters m ON m.id = d.plan"
        " WHERE m.code = :code ORDER BY 1, 2"
    )
    async with town.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(query, {"code": code})]


@pytest.mark.timeout(300)
async def test_a_quarter_over_the_spring_festival(town: Jumping) -> None:
    """One place is done each day, the other never: that is missed on each workday, once, never in the festival."""
    started = (await town.now()).astimezone(SHANGHAI)
    morning = started.replace(hour=9, minute=0) + timedelta(days=1)  # each day's duty is then still due
    await town.wait(seconds=(morning - started).total_seconds())
    began = (await town.now()).astimezone(SHANGHAI)
    years = [china_year(began.year), china_year(began.year + 1)]
    used = calendar(years=years, name="park")
    async with town.engine.begin() as connection:
        await publish(connection, a_policy(calendars=(used,)), version=2)
    supervisor, worker = await town.person("supervisor"), await town.person("worker")
    command = read_matter_command(KIND, "make_plan", plan())
    sent = await create(town.resources, supervisor, KIND, command, id_=new_id())  # type: ignore[arg-type]
    code = sent.receipt.code
    await town.wait(minutes=1)

    for _ in range(DAYS):
        now = await town.now()
        today = now.astimezone(SHANGHAI)
        query = text("SELECT id FROM duties WHERE plan = :plan AND day = :day AND place = 'p1' AND status = 'due'")
        async with town.engine.connect() as connection:
            duty = await connection.scalar(query, {"plan": sent.command_id, "day": today.date()})
        if duty is not None:
            report = ReportDuty(duty=duty, note="已巡查")
            await report_duty(town.resources, worker, report, command_id=new_id(), now=now)
        await town.wait(days=1)

    ended = (await town.now()).astimezone(SHANGHAI)
    works = timetable(used).is_workday
    days = [began.date() + timedelta(days=n) for n in range((ended.date() - began.date()).days + 1)]
    past = [day for day in days if datetime(day.year, day.month, day.day, 17, tzinfo=SHANGHAI) < ended]
    due = [day for day in past if works(day) and datetime(day.year, day.month, day.day, 17, tzinfo=SHANGHAI) > began]
    found = await rows(town, code)
    missed = [day for day, place, status in found if (place, status) == ("p2", "missed")]
    assert missed == due
    assert [day for day, place, status in found if place == "p1" and status == "missed"] == []
    assert max(day for day, *_ in found) <= ended.date() + timedelta(days=8), "a bounded horizon"

    stands = await state(town, code)
    assert len(stands.open) + len(stands.missed) < 15
    async with town.engine.connect() as connection:
        facts = text("SELECT kind, count(*) FROM matter_facts WHERE matter_id = :id GROUP BY kind")
        kinds: dict[str, int] = dict((await connection.execute(facts, {"id": stands.id})).all())
    assert kinds["duties_missed"] == len(due)
    assert kinds["duties_issued"] <= DAYS // 4 + 2
    handle = town.resources.temporal.get_workflow_handle(matter_workflow_id(KIND, stands.id))
    standing: MatterStanding = await handle.query(STATE_QUERY, result_type=MatterStanding)
    assert standing.known == stands.seq
