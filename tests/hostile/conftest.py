"""A system for hostile input: API and pages on the tiny park, with a worker."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import text

from infra.database import transaction
from tests.api.harness import ApiHarness, open_harness
from tests.servers import Servers
from web.app import create_app, run_hub


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def system(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    """One for each file of tests."""
    async with open_harness(servers, tmp_path_factory.mktemp("hostile"), create_app) as harness, run_hub(harness.app):
        yield harness


@pytest_asyncio.fixture(loop_scope="module")
async def harness(system: ApiHarness) -> ApiHarness:
    """The system, with no limit used."""
    async with transaction(system.engine) as connection:
        await connection.execute(text("DELETE FROM rate_limits"))
    return system
