"""A town for each test."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from tests.town import Town, running_town, town_settings


@pytest.fixture
async def town(engine: AsyncEngine, database_url: str, temporal_client: Client) -> AsyncIterator[Town]:
    """The tiny park, its worker running, on a database of this test's own."""
    async with running_town(engine, temporal_client, town_settings(database_url)) as running:
        yield running
