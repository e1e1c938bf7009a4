"""The past of the demonstration: made by the rules, stored as the recording step stores it, and the same every time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.auditing.auditor import Auditor
from infra.store.cases import next_sequence, read_case
from infra.store.recorded import stream_recorded_cases
from models.case import Case
from models.facts import Fact
from rules.deadlines.working_time import timetable
from rules.evolve import fold
from rules.life_cycle import HUMAN_COMMANDS
from rules.tasks import open_tasks
from services.demo.case_script import COURSES as LIVE_COURSES
from services.demo.cases import play_demo_cases
from services.demo.deeds import command_name
from services.demo.past import bulletins
from services.demo.past.load import load_past
from services.demo.past.plan import COURSES, DAYS, PACES, make_plan, read_past_file, storm_of
from services.demo.past.world import read_past_world
from services.demo.town import read_demo_town
from services.files.shipped import DEPARTMENTS, POLICY
from services.organisation.people_files import read_departments
from services.policies.files import read_policy
from services.runtime.resources import Resources

#: Enough that every course is there on whatever day, few enough for a test of seconds.
COUNT = 200


async def everything(connection: AsyncConnection) -> dict[str, list[str]]:
    """What the past left in the tables that the recording step writes."""
    found = {}
    for table, order in {"facts": "report_id, seq", "tasks": "report_id, key"}.items():
        rows = await connection.execute(text(f"SELECT t::text FROM {table} t ORDER BY {order}"))
        found[table] = [str(row[0]) for row in rows]
    return found


@pytest.mark.timeout(120)
async def test_the_past_agrees_with_its_facts_and_with_the_workflows(resources: Resources, tmp_path: Path) -> None:
    before = datetime.now(UTC)
    assert await play_demo_cases(resources, tmp_path, 0, COUNT) == COUNT
    async with resources.engine.connect() as connection:
        recorded: list[tuple[Case, tuple[Fact, ...]]] = []
        async for report_id, facts in stream_recorded_cases(connection):
            stored = await read_case(connection, report_id)
            assert stored is not None
            assert stored == fold(facts), "the case is what its facts say"
            recorded.append((stored, facts))
            row = (
                await connection.execute(
                    text("SELECT seq, stage, wake_at FROM cases WHERE report_id = :r"), {"r": report_id}
                )
            ).one()
            assert (row.seq, row.stage) == (stored.seq, stored.stage)
            keys = set(await connection.scalars(text("SELECT key FROM tasks WHERE report_id = :r"), {"r": report_id}))
            assert keys == {task.key for task in open_tasks(stored)}
        kinds = set(await connection.scalars(text("SELECT DISTINCT kind FROM facts")))
        fired = await connection.scalar(text("SELECT count(*) FROM facts WHERE kind = 'step_fired'"))
        noticed = await connection.scalar(text("SELECT count(DISTINCT (report_id, seq)) FROM notices"))
        told = set(await connection.scalars(text("SELECT DISTINCT kind FROM bulletins")))
    assert len(recorded) == COUNT
    assert {
        "overdue", "step_fired", "urged", "urge_answered", "return_granted", "extension_granted", "suspension_granted",
        "reopened", "absorbed", "merged", "rated", "review_failed", "self_closed", "archived",
    } <= kinds  # fmt: skip
    assert fired
    assert noticed
    assert told == {"board", "visits", "consultation", "commendation"}
    for case, facts in recorded:
        assert case.received_at >= before - timedelta(days=DAYS + 1)
        moments = [fact.at for fact in facts]
        assert moments == sorted(moments), "facts are in the order of time"
        assert moments[-1] <= datetime.now(UTC), "nothing is recorded that has not happened yet"
    numbers = sorted(case.case_no for case, _ in recorded)
    assert len(set(numbers)) == COUNT

    auditor = Auditor(resources.engine, resources.temporal, resources.settings.case_queue)
    report = await auditor.audit()
    assert report.findings == ()
    assert report.cases == report.workflows == sum(case.archived_at is None for case, _ in recorded)


@pytest.mark.timeout(120)
async def test_loaded_again_it_adds_nothing(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where somebody has reported something on each of its days meanwhile, as far as that takes numbers."""
    monkeypatch.setattr(bulletins, "_PERIODS", dict.fromkeys(bulletins._PERIODS, 1))
    town = await read_demo_town(resources)
    async with resources.engine.begin() as connection:
        for park in {path[0] for path in town.paths.values()}:
            for days in range(DAYS + 2):
                await next_sequence(connection, park, datetime.now(UTC).date() - timedelta(days=days - 1))
    assert await load_past(resources, town, 20) == 20
    async with resources.engine.connect() as connection:
        first = await everything(connection)
    assert await load_past(resources, town, 60) == 20, "not even when more are asked for"
    async with resources.engine.connect() as connection:
        assert await everything(connection) == first


async def test_a_park_at_work_gets_no_past(resources: Resources) -> None:
    town = await read_demo_town(resources)
    async with resources.engine.begin() as connection:
        await connection.execute(text("UPDATE policies SET effective_from = now()"))
    assert await load_past(resources, town, 20) == 0, "no policy was in force then"


async def test_somebody_is_on_duty_at_every_moment_of_the_past(resources: Resources) -> None:
    town = await read_demo_town(resources)
    office = timetable(read_policy(POLICY).calendars[0])
    for hour in range(0, 24, 6):
        now = datetime.now(UTC).replace(hour=hour)
        plan = make_plan(200, sorted(town.paths), office, now)
        async with resources.engine.connect() as connection:
            world = await read_past_world(connection, town, plan, now - timedelta(days=DAYS), now)
        moments = [now - timedelta(days=DAYS + 1), *(case.at for case in plan)]  # no case is earlier than the first
        assert all(world.on_duty(at) is not None for at in moments), hour


def test_the_plan_follows_from_its_seed() -> None:
    policy = read_policy(POLICY)
    office = timetable(policy.calendars[0])
    now = datetime(2026, 11, 29, 4, tzinfo=UTC)
    grids = [f"13017210000100{n}01" for n in range(1, 9)]
    plan = make_plan(600, grids, office, now)
    assert plan == make_plan(600, grids, office, now)
    assert plan != make_plan(600, grids, office, now, seed=7)
    assert len(plan) == 600
    assert all(now - timedelta(days=DAYS + 1) < case.at < now for case in plan)
    assert [case.at for case in plan] == sorted(case.at for case in plan)
    by_day: dict[object, int] = {}
    for case in plan:
        day = case.at.astimezone(office.zone).date()
        by_day[day] = by_day.get(day, 0) + 1
    assert max(by_day, key=lambda day: by_day[day]) == storm_of(office, now)
    rest = [number for day, number in by_day.items() if not office.is_workday(day)]  # type: ignore[arg-type]
    work = [number for day, number in by_day.items() if office.is_workday(day)]  # type: ignore[arg-type]
    assert sum(rest) / len(rest) < sum(work) / len(work)
    assert {case.steps for case in plan} == {steps for _, steps in COURSES.values()}


def test_the_file_fits_policy_and_rules() -> None:
    policy, file = read_policy(POLICY), read_past_file()
    assert all(policy.category(report.category) for report in (*file.reports, *file.storm))
    assert set(PACES) <= {department.id for department in read_departments(DEPARTMENTS).departments}
    known = {name for steps in (*LIVE_COURSES.values(), *(s for _, s in COURSES.values())) for name in steps}
    assert {command_name(step) for step in known} <= set(HUMAN_COMMANDS)
