"""Many cases fall due in the same minute, and a worker dies in the middle of them."""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from infra.settings import Settings
from infra.store.context import read_person
from services.measure.timers import measure_lateness, open_waiting_cases
from services.runtime.resources import Resources
from tests.builders import MICRO, person_id
from tests.faults.conftest import RunningSystem

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1200), pytest.mark.asyncio(loop_scope="module")]

#: Most of the time goes into opening them, some twenty a second.
CASES = int(os.environ.get("GRIDLOOP_TEST_DUE", "1200"))


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
    # The first cases wait on their timers; the later ones are opened when their moment has passed.
    due_at = datetime.now(UTC) + timedelta(seconds=10)
    dues = [due_at + timedelta(milliseconds=number * 10) for number in range(CASES)]
    async with asyncio.TaskGroup() as group:
        opening = group.create_task(open_waiting_cases(resources, reporter, MICRO, "0302", dues))
        group.create_task(kill_amid(running))
    opened = opening.result()
    late = await measure_lateness(running.engine, opened, timedelta(seconds=900))
    assert (late.count, late.missing, late.repeated) == (CASES, 0, 0)
    async with running.engine.connect() as connection:
        rows = (await connection.execute(text("SELECT report_id, seq, kind FROM facts ORDER BY report_id, seq"))).all()
    assert Counter(row.kind for row in rows) == {"received": CASES, "overdue": CASES}
    assert all((row.seq, row.kind) in {(1, "received"), (2, "overdue")} for row in rows), "in order"


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
