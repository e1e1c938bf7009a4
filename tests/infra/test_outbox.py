"""The outbox goes by the clock of the database: a process whose own clock is wrong keeps no effect from the others."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from infra.store.outbox import FIRST_DELAY, LEASE, insert_effects, next_due, put_back, retry_refused, take_effects
from models.commands import Inform
from models.ids import new_id
from models.matters.effects import TellCase


async def written(engine: AsyncEngine, at: datetime) -> UUID:
    """An effect of a fact with that moment."""
    origin = new_id()
    effect = TellCase(case_no="1", command=Inform(matter_kind="topic", code="T1", name="停车", what="note"))
    async with engine.begin() as connection:
        await insert_effects(connection, ("topic", origin), 1, [effect], at)
    return origin


async def test_a_wrong_clock_delays_no_effect(engine: AsyncEngine) -> None:
    ahead, behind = timedelta(hours=1), timedelta(hours=-2)
    for wrong in (ahead, behind):
        await written(engine, datetime.now(UTC) + wrong)
        async with engine.begin() as connection:
            (taken,) = await take_effects(connection, 5)
            lease = await next_due(connection)
            assert lease is not None
            assert LEASE - timedelta(seconds=10) < lease <= LEASE, "whoever took it has its time, and no more"
            assert await take_effects(connection, 5) == (), "nobody else takes it meanwhile"
            await put_back(connection, taken, "away")
            again = await next_due(connection)
            assert again is not None
            assert again <= FIRST_DELAY
            await retry_refused(connection)
            assert [one.id for one in await take_effects(connection, 5)] == [taken.id]
        async with engine.begin() as connection:
            await connection.exec_driver_sql("DELETE FROM outbox")
