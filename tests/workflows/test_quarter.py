"""A quarter in seconds: what is undertaken, posted and submitted is missed and climbs while nobody acts."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from models.matters.base import MatterKind
from tests.builders import FIRE, GRID, a_policy, publish
from tests.rules.calendars import PARK
from tests.services.matters.hall import Hall
from tests.workflows.test_due_moments import Jumping, town as town

DAYS = 95


@pytest.fixture
async def hall(town: Jumping, engine: AsyncEngine) -> Hall:
    """The tiny park on the time-skipping server, its calendar that of the demonstration."""
    async with transaction(engine) as connection:
        await publish(connection, a_policy(calendars=(PARK,)), 2)
    return Hall(town)


async def test_a_quarter_in_which_nobody_acts(hall: Hall) -> None:
    assert isinstance(hall.town, Jumping)
    today = (await hall.town.now()).date()
    undertaken = await hall.begin(
        "supervisor", MatterKind.UNDERTAKING, name="路灯", grid=GRID, type="pledge", statement="装灯",
        owner_name="市政科", department=FIRE, due_on=str(today + timedelta(days=80)),
        milestones=[{"key": "m", "name": "立项", "due_on": str(today + timedelta(days=20))}],
    )  # fmt: skip
    posted = await hall.begin(
        "supervisor", MatterKind.CLAIM, name="溯源", grid=GRID, text="12 处", due_on=str(today + timedelta(days=60)),
        claim_by=str(today + timedelta(days=10)),
    )  # fmt: skip
    submitted = await hall.begin("worker", MatterKind.TOPIC, name="停车", grid=GRID, text="占道")
    await hall.town.wait(days=DAYS)
    climbs = ["climbed"] * 3
    assert await hall.kinds(MatterKind.UNDERTAKING, undertaken.receipt.code) == [
        "undertaken", "milestone_missed", *climbs, "overdue", *climbs,
    ]  # fmt: skip
    assert await hall.kinds(MatterKind.CLAIM, posted.receipt.code) == [
        "posted", "unclaimed", *climbs, "overdue", *climbs,
    ]  # fmt: skip
    assert await hall.kinds(MatterKind.TOPIC, submitted.receipt.code) == ["submitted", "overdue", *climbs]
    facts = await hall.facts(MatterKind.UNDERTAKING, undertaken.receipt.code)
    overdue = next(fact for fact in facts if fact.kind == "overdue")
    late = overdue.at - (await hall.look(MatterKind.UNDERTAKING, undertaken.receipt.code)).due_at  # type: ignore[operator]
    assert timedelta() <= late < timedelta(minutes=1), "the timer fired when the day ended"
