"""The worker is killed while people are being told. Afterwards everything was told once, or is on the list of what
somebody has to look at; nothing is left waiting.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from sqlalchemy import text

from models.ids import derived_id
from services.runtime.resources import Resources
from tests.builders import person_id
from tests.fakes.far_side import FarSide, Reply, running_far_side
from tests.faults.conftest import RunningSystem
from tests.faults.test_many_due import settings_of
from tests.town import Town
from tests.workflows.letters import add_channel

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]

TOLD = ("duty", "duty_2", "community_duty", "fire_handler", "fire_head", "labour_handler", "labour_head",
        "environment_handler", "environment_head", "supervisor")  # fmt: skip
CASES = 9
_ADDRESS = text("""
    INSERT INTO mail_addresses (id, person, channel, hint, rank, created_at, verified_at, tries)
    VALUES (:id, :p, 'hook', '', 0, now(), now(), 0)
""")


@pytest.fixture(autouse=True, scope="module")
def far_side_allowed() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRIDLOOP_OUTGOING_PRIVATE", "127.0.0.0/8")
        yield


@pytest_asyncio.fixture(loop_scope="module")
async def side(running: RunningSystem) -> AsyncIterator[FarSide]:
    """A far side that takes its time, so that a kill finds sends under way; its lost answers are held, not repeated."""
    async with running_far_side(lambda _: Reply(body=b"{}" * 4, drip=0.1)) as far_side:
        await add_channel(running.engine, "hook", far_side.url("/in"), on_lost="hold")
        async with running.engine.begin() as connection:
            for name in TOLD:
                await connection.execute(_ADDRESS, {"id": derived_id("a", name), "p": person_id(name)})
        yield far_side


async def count(running: RunningSystem, query: str) -> int:
    async with running.engine.connect() as connection:
        return int(await connection.scalar(text(query)) or 0)


async def work(running: RunningSystem) -> None:
    """Report, accept and dispatch; a command that meets the dead worker is given again under the same id."""
    town = Town(Resources(settings=settings_of(running), engine=running.engine, temporal=await running.temporal()))
    for number in range(CASES):
        category, host = (("0201", "labour"), ("0302", "environment"), ("0103", "fire"))[number % 3]
        no = await town.report(category=category)
        await town.do("duty", no, "accept")
        await town.do("duty", no, "dispatch", host=host)


async def kill_amid(running: RunningSystem, side: FarSide) -> None:
    """Kill the worker when the first messages are on their way."""
    await side.wait_for(2, seconds=180)
    running.kill("worker-1")


async def test_everything_is_told_once_or_on_the_list(running: RunningSystem, side: FarSide) -> None:
    await work(running)
    await kill_amid(running, side)
    async with asyncio.timeout(240):
        while await count(
            running,
            "SELECT (SELECT count(*) FROM mail_intake) + (SELECT count(*) FROM mail_items WHERE state = 'new')"
            " + (SELECT count(*) FROM mail_messages WHERE started_at IS NULL)"
            " + (SELECT count(*) FROM sends WHERE status = 'waiting')",
        ) or not await count(running, "SELECT count(*) FROM mail_messages"):
            await asyncio.sleep(0.5)
    came = Counter(json.loads(received.body)["id"] for received in side.received)
    async with running.engine.connect() as connection:
        messages = (await connection.execute(text("SELECT id, person FROM mail_messages"))).all()
        rows = (await connection.execute(text("SELECT key, status FROM sends WHERE key LIKE 'mail:%'"))).all()
    sends = {row.key: row.status for row in rows}
    assert sends.keys() == {f"mail:{row.id}" for row in messages}
    assert {row.person for row in messages} <= {person_id(name) for name in TOLD}
    assert all(number == 1 for number in came.values()), came
    for key, status in sends.items():
        assert (status, came[key]) in {("delivered", 1), ("unclear", 1), ("unclear", 0)}, (key, status)
    told = "SELECT count(*) FROM mail_items WHERE state = 'told'"
    assert await count(running, f"{told} AND message IS NULL") == 0
    assert await count(running, told) > 0
