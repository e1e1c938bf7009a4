"""A town for each test; the sends of a database of its own for the tests of a file."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from infra.database import open_database
from infra.keys.ring import create_ring
from infra.settings import Settings
from infra.temporal import make_converter
from tests.servers import Servers
from tests.town import Town, running_town, town_settings
from tests.workflows.post import Post, running_post


@pytest.fixture
async def town(engine: AsyncEngine, database_url: str, temporal_client: Client) -> AsyncIterator[Town]:
    """The tiny park, its worker running, on a database of this test's own."""
    async with running_town(engine, temporal_client, town_settings(database_url)) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def post(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory, time_skipping_binary: str
) -> AsyncIterator[Post]:
    """Sends with their worker, on the server whose clock jumps."""
    folder: Path = tmp_path_factory.mktemp("post")
    name = f"test_{uuid4().hex}"
    url = servers.create_database(name)
    settings = Settings(database_url=SecretStr(url), token_secret=SecretStr("0" * 64), data_dir=folder)
    create_ring(settings.key_ring)
    engine = open_database(settings)
    async with (
        await WorkflowEnvironment.start_time_skipping(
            test_server_existing_path=time_skipping_binary, data_converter=make_converter(settings.key_ring)
        ) as environment,
        running_post(engine, environment) as running,
    ):
        yield running
    await engine.dispose()
    servers.drop_database(name)
