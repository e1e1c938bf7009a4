"""Cases of one place that fall due together: each step is recorded, and the head is told once."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from models.enums import Level, Role
from models.policy.notifications import NotificationPolicy, StormRule
from models.policy.standard import Ladder, Rung, Target
from services.measure.storm import measure_storm, tell_everybody
from services.measure.timers import measure_lateness, open_waiting_cases
from tests.builders import MICRO, a_policy, publish
from tests.town import running_town, town_settings

CASES = 30


async def test_a_storm_is_measured(engine: AsyncEngine, database_url: str, temporal_client: Client) -> None:
    head = (Target(role=Role.SUPERVISOR, level=Level.COMMUNITY),)
    ladder = Ladder(code="climb", rungs=tuple(Rung(fraction=part, targets=head) for part in (0.5, 1, 1.5)))
    rules = NotificationPolicy(gather_seconds=5, storm=StormRule(settle_seconds=3, settle_most_seconds=30))
    async with running_town(engine, temporal_client, town_settings(database_url)) as town:
        async with engine.begin() as connection:
            await publish(connection, a_policy(ladders=(ladder,), notifications=rules), 2)
        await tell_everybody(engine)
        since = datetime.now(UTC) + timedelta(seconds=6)
        dues = [since + timedelta(milliseconds=10 * number) for number in range(CASES)]
        reporter = await town.person("worker")
        opened = await open_waiting_cases(town.resources, reporter, MICRO, "0201", dues, step=3)
        late = await measure_lateness(engine, opened, timedelta(seconds=60))
        told = await measure_storm(engine, opened, since, dues[-1])
    assert (late.count, late.missing, late.repeated) == (CASES, 0, 0)
    assert (told.heads, told.items, told.told, told.messages, told.summaries) == (1, CASES, CASES, 1, 1)
    assert (told.amounts, told.named, told.waiting) == ((CASES,), (5,), 0)
    assert (told.most_a_minute, told.over_caps) == (1, 0)
