"""The demonstration park, loaded once per test process and copied for each test that starts from it; and audits that
look again soon."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.auditing import looking
from infra.database import open_database
from services.demo.park import load_demo
from tests.servers import Servers
from tests.town import town_settings


@pytest.fixture(autouse=True)
def looks_soon_again(monkeypatch: pytest.MonkeyPatch) -> timedelta:
    """Let an audit look at a difference again after a tenth of a second: in a town of a test nothing goes on meanwhile.
    Returns the pause that it makes otherwise, for a test where much goes on."""
    usual = looking.PAUSE
    monkeypatch.setattr(looking, "PAUSE", timedelta(milliseconds=100))
    return usual


@pytest.fixture(scope="session")
def demo_template(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The name of a database with the park, and the folder with its accounts. To be copied, never changed."""
    name, folder = f"demo_{uuid4().hex}", tmp_path_factory.mktemp("demo")
    url = servers.create_database(name)

    async def load() -> None:
        engine = open_database(town_settings(url))
        await load_demo(engine, folder)
        await engine.dispose()

    with ThreadPoolExecutor(1) as elsewhere:  # this thread's event loop belongs to the tests
        elsewhere.submit(asyncio.run, load()).result()
    yield name, folder
    servers.drop_database(name)


@pytest.fixture
def demo_url(servers: Servers, demo_template: tuple[str, Path], tmp_path: Path) -> Iterator[str]:
    """A database of this test alone with the park; its accounts are in `tmp_path`."""
    template, folder = demo_template
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    name = f"test_{uuid4().hex}"
    yield servers.create_database(name, template)
    servers.drop_database(name)


@pytest.fixture
async def demo(demo_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on that database."""
    engine = open_database(town_settings(demo_url))
    yield engine
    await engine.dispose()
