"""A report is not acknowledged by a process whose Temporal no longer has the workflows of the database."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.store.place import Place, here, move, take
from models.errors import WorkflowsElsewhere
from services.runtime.resources import Resources
from tests.builders import small_park
from tests.town import Town, town_settings


async def test_what_nobody_will_record_is_not_acknowledged(
    engine: AsyncEngine, database_url: str, temporal_client: Client
) -> None:
    await small_park(engine)
    town = Town(Resources(town_settings(database_url, answer_seconds=0.3), engine, temporal_client))
    ours = await here(temporal_client)
    await take(engine, ours)
    accepted = await town.submit()  # the workers are away, and will come
    assert (accepted.receipt, accepted.created) == (None, True)
    await move(engine, Place("theirs", "gridloop", "new:7233"))
    with pytest.raises(WorkflowsElsewhere):
        await town.submit()
    await move(engine, ours)
    assert (await town.submit()).created
