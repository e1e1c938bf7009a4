"""The demonstration's cases: played by real commands, and the same ones when it is repeated."""

from pathlib import Path

import pytest
import yaml
from sqlalchemy import text

from models.policy.limits import Limit
from rules.deadlines.standards import openings
from rules.life_cycle import HUMAN_COMMANDS
from services.demo.case_script import COURSES
from services.demo.cases import MARK, PHASES, play_demo_cases, with_short_limits, with_yellow_lights
from services.demo.deeds import command_name
from services.demo.town import CASES, DemoReport
from services.files.shipped import POLICY
from services.policies.files import read_policy
from services.policies.versions import read_current
from services.runtime.resources import Resources


@pytest.mark.timeout(300)
async def test_every_stage_and_light_is_there_and_nothing_twice(resources: Resources, tmp_path: Path) -> None:
    count = 70
    assert await play_demo_cases(resources, tmp_path, count) == count
    async with resources.engine.connect() as connection:
        stages = set((await connection.execute(text("SELECT DISTINCT stage FROM cases"))).scalars())
        facts: dict[str, int] = dict(
            (await connection.execute(text("SELECT kind, count(*) FROM facts GROUP BY kind"))).all()
        )
        answers = (await connection.scalars(text("SELECT body->>'answer' FROM facts WHERE kind = 'completed'"))).all()
        _, policy = await read_current(connection)
    assert stages == {"receive", "dispatch", "handle", "review", "closed"}
    assert {"suspension_granted", "extension_requested", "urged", "rated", "review_failed", "dispatched"} <= set(facts)
    assert {"verification_requested", "redispatched"} <= set(facts)
    assert answers
    assert all(answers), "what is completed answers whoever reported it"
    assert facts["received"] == count
    assert policy == read_policy(POLICY), "what is in force afterwards is the park's own policy"
    (tmp_path / MARK).unlink()
    await play_demo_cases(resources, tmp_path, count)
    async with resources.engine.connect() as connection:
        again = await connection.scalar(
            text("SELECT count(*) FROM facts WHERE command NOT IN ('wake_up', 'recompute')")
        )
        once = await connection.scalar(text("SELECT count(DISTINCT command_id) FROM facts WHERE kind = 'received'"))
    assert once == count
    assert again is not None
    assert await play_demo_cases(resources, tmp_path, count) == 0, "done once, it is not even looked at"


def test_the_variants_of_the_policy_are_policies() -> None:
    policy = read_policy(POLICY)
    short = with_short_limits(policy)
    assert {s.handle.amount for s in short.standards} == {short.standards[0].handle.amount}
    assert isinstance(short.standards[0].handle, Limit)
    assert all(s.lights.yellow < 0.001 for s in with_yellow_lights(policy).standards)
    assert sum(phase.share for phase in PHASES) == pytest.approx(1)


def test_each_report_fits_the_policy_and_each_course_is_made_of_commands() -> None:
    policy = read_policy(POLICY)
    for entry in yaml.safe_load(CASES.read_text())["reports"]:
        report = DemoReport.model_validate(entry)
        category = policy.category(report.category)
        assert category is not None, report
        assert openings(policy, category)
    assert {command_name(step) for way in COURSES.values() for step in way} <= set(HUMAN_COMMANDS)
    assert {course for phase in PHASES for course in phase.courses} == set(COURSES)
