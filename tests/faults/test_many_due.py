"""Many cases of one community fall due in the same minute, and a worker dies in the middle of them. Whoever is above it
is told once, outside the pages.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from infra.settings import Settings
from infra.store.context import read_person
from models.enums import Level, Role
from models.policy.notifications import NotificationPolicy, StormRule
from models.policy.standard import Ladder, Rung, Target
from services.measure.storm import measure_storm, tell_everybody
from services.measure.timers import measure_lateness, open_waiting_cases
from services.policies.publish import roll_out
from services.runtime.resources import Resources
from tests.builders import MICRO, a_policy, person_id, publish
from tests.faults.conftest import RunningSystem

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1200), pytest.mark.asyncio(loop_scope="module")]

#: Most of the time goes into opening them, some twenty a second.
CASES = int(os.environ.get("GRIDLOOP_TEST_DUE", "500"))
#: Who hears of the step that then fires: the supervisors of the community and of the park.
HEADS = ("community_supervisor", "supervisor")


@pytest.fixture(autouse=True, scope="module")
def as_under_high_load() -> Iterator[None]:
    """Workers without the sandbox and with room for all cases, as operators of many cases run them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRIDLOOP_WORKER_SANDBOX", "false")
        patch.setenv("GRIDLOOP_WORKER_CACHE", str(CASES + 1_000))
        yield


async def test_each_step_of_many_due_at_once_is_taken_once_and_in_order(running: RunningSystem) -> None:
    async with running.engine.connect() as connection:
        reporter = await read_person(connection, person_id("worker"))
    assert reporter is not None
    resources = Resources(settings=settings_of(running), engine=running.engine, temporal=await running.temporal())
    await publish_storms(resources)
    await tell_everybody(running.engine)
    # The first cases wait on their timers; the later ones are opened when their moment has passed.
    since = datetime.now(UTC)
    due_at = since + timedelta(seconds=10)
    dues = [due_at + timedelta(milliseconds=number * 10) for number in range(CASES)]
    async with asyncio.TaskGroup() as group:
        opening = group.create_task(open_waiting_cases(resources, reporter, MICRO, "0302", dues, step=1))
        group.create_task(kill_amid(running))
    opened = opening.result()
    late = await measure_lateness(running.engine, opened, timedelta(seconds=900))
    assert (late.count, late.missing, late.repeated) == (CASES, 0, 0)
    async with running.engine.connect() as connection:
        rows = (await connection.execute(text("SELECT report_id, seq, kind FROM facts ORDER BY report_id, seq"))).all()
    steps = ["received", "overdue", "step_fired"]
    assert Counter(row.kind for row in rows) == dict.fromkeys(steps, CASES)
    assert all(row.kind == steps[row.seq - 1] for row in rows), "in order"
    storm = await measure_storm(running.engine, opened, since, dues[-1])
    async with running.engine.connect() as connection:
        people = set((await connection.execute(text("SELECT person FROM mail_messages"))).scalars())
    assert people == {person_id(name) for name in HEADS}
    assert (storm.heads, storm.items, storm.told, storm.waiting) == (2, 2 * CASES, 2 * CASES, 0)
    assert (storm.messages, storm.summaries, storm.over_caps) == (2, 2, 0), "one summary a head, and nothing else"
    assert (storm.amounts, storm.named) == ((CASES, CASES), (5, 5))


async def publish_storms(resources: Resources) -> None:
    """Publish a policy whose ladder reaches the heads, and roll it out before there are cases: a worker that starts
    again would do so amid them."""
    targets = tuple(Target(role=Role.SUPERVISOR, level=level) for level in (Level.COMMUNITY, Level.PARK))
    ladder = Ladder(code="climb", rungs=(Rung(fraction=1, targets=targets),))
    # The summary waits for what is recorded after the worker is back.
    told = NotificationPolicy(storm=StormRule(settle_seconds=45, settle_most_seconds=900))
    now = datetime.now(UTC)
    async with resources.engine.begin() as connection:
        await publish(connection, a_policy(ladders=(ladder,), notifications=told), 2)
    await roll_out(resources.temporal, resources.settings.case_queue, 2, now)
    await resources.temporal.get_workflow_handle("rollout-2").result()


async def kill_amid(running: RunningSystem) -> None:
    """Kills the worker when every tenth step is taken."""
    while await overdue(running) < CASES // 10:
        await asyncio.sleep(0.5)
    running.kill("worker-1")


async def overdue(running: RunningSystem) -> int:
    """The number of cases recorded as overdue."""
    async with running.engine.connect() as connection:
        return await connection.scalar(text("SELECT count(*) FROM cases WHERE overdue_at IS NOT NULL")) or 0


def settings_of(running: RunningSystem) -> Settings:
    """The settings of the running system."""
    environment = running.system.environment
    return Settings.model_validate(
        {
            "database_url": environment["GRIDLOOP_DATABASE_URL"],
            "token_secret": "0" * 64,
            "case_queue": environment.get("GRIDLOOP_CASE_QUEUE", Settings.model_fields["case_queue"].default),
        }
    )
