"""A town for each test, with calls of the services of matters."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from tests.services.matters.hall import Hall
from tests.town import running_town, town_settings


@pytest.fixture
async def hall(engine: AsyncEngine, database_url: str, temporal_client: Client) -> AsyncIterator[Hall]:
    """The tiny park, its worker and relay running, on a database of this test's own."""
    async with running_town(engine, temporal_client, town_settings(database_url)) as town:
        yield Hall(town)
