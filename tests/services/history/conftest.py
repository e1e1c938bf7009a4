"""A town with a few cases, of which an anchor was made."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from services.history.anchors import make_anchors
from tests.scenarios import hard_life
from tests.town import Town, running_town, town_settings


@pytest.fixture
async def town(engine: AsyncEngine, database_url: str, temporal_client: Client, tmp_path: Path) -> AsyncIterator[Town]:
    """Three cases and an enterprise, anchored; its anchors lie in a folder of the test."""
    settings = town_settings(database_url).model_copy(update={"data_dir": tmp_path})
    async with running_town(engine, temporal_client, settings) as running:
        await hard_life(running)
        await running.report(title="夜间噪声扰民")
        await running.report(title="拖欠工资两个月")
        await running.enterprise()
        await make_anchors(engine, settings, today=True)
        yield running
