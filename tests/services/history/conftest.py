"""A town with a few cases, of which an anchor was made: lived once per test process, and copied for each test."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client

from infra.database import open_database
from infra.keys.ring import create_ring
from infra.temporal import make_converter
from services.history.anchors import make_anchors
from services.history.export import export_history
from services.runtime.resources import Resources
from tests.scenarios import hard_life
from tests.servers import Servers
from tests.town import Town, running_town, town_settings


@pytest.fixture(scope="session")
def lived(servers: Servers, key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The name of a database with three cases and an enterprise, anchored, and a folder.

    In its `kept` are keys and anchors, in its `export` an export of the same town one report and one anchor later.
    """
    name, folder = f"lived_{uuid4().hex}", tmp_path_factory.mktemp("lived")
    settings = town_settings(servers.create_database(name), data_dir=folder / "kept")
    later_name, later = f"later_{uuid4().hex}", folder / "later"

    async def live() -> None:
        client = await Client.connect(
            servers.temporal_address,
            namespace=servers.temporal_namespace,
            data_converter=make_converter(key_file),
            tls=False,
        )
        create_ring(settings.key_ring)
        engine = open_database(settings)
        async with running_town(engine, client, settings) as running:
            await hard_life(running)
            await running.report(title="夜间噪声扰民")
            await running.report(title="拖欠工资两个月")
            await running.enterprise()
            await make_anchors(engine, settings, today=True)
        await engine.dispose()
        shutil.copytree(settings.data_dir, later)
        more = town_settings(servers.create_database(later_name, name), data_dir=later)
        engine = open_database(more)
        async with running_town(engine, client, more, fill=False) as running:
            await running.report(title="第二个锚之前")
            await make_anchors(engine, more, today=True)
            await export_history(engine, more, folder / "export")
        await engine.dispose()

    with ThreadPoolExecutor(1) as elsewhere:  # this thread's event loop belongs to the tests
        elsewhere.submit(asyncio.run, live()).result()
    servers.drop_database(later_name)
    yield name, folder
    servers.drop_database(name)


@pytest.fixture
async def anchored(
    servers: Servers, lived: tuple[str, Path], temporal_client: Client, tmp_path: Path
) -> AsyncIterator[Town]:
    """The town on a database of this test's own, without a worker; keys and anchors lie in a folder of the test."""
    template, folder = lived
    shutil.copytree(folder / "kept", tmp_path, dirs_exist_ok=True)
    name = f"test_{uuid4().hex}"
    settings = town_settings(servers.create_database(name, template), data_dir=tmp_path)
    engine = open_database(settings)
    yield Town(Resources(settings=settings, engine=engine, temporal=temporal_client))
    await engine.dispose()
    servers.drop_database(name)


@pytest.fixture
async def town(anchored: Town, temporal_client: Client) -> AsyncIterator[Town]:
    """The same with a worker, so that the town goes on."""
    settings = anchored.resources.settings
    async with running_town(anchored.engine, temporal_client, settings, fill=False) as running:
        yield running
