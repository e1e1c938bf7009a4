"""Fixtures for all tests: databases, the Temporal server, paths.

Under xdist the controller starts the servers and its workers find them by an environment variable; without
xdist they start with the first test that needs them. Each test has a database of its own.
"""

import gc
import os
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
import structlog
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.database import open_database
from infra.embedded.temporal_server import find_program
from infra.event_loop import freeze_garbage_collector
from infra.keys.ring import create_ring
from infra.settings import Settings
from infra.temporal import make_converter
from tests.s3 import S3Server, running_s3
from tests.servers import VARIABLE, Servers, from_json, running_servers, to_json

gc.disable()  # until everything is imported
_STACK = pytest.StashKey[ExitStack]()
_VARIABLES = pytest.StashKey[dict[str, str]]()
#: A traceback with local variables takes seconds on a busy machine, in the middle of a test.
PLAIN_LOGS: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
]
#: The slowest files, the slowest first. `make test` gives whole files to its processes in this order, so that none of
#: these starts last while the other processes are idle. All other files follow as collected.
LONGEST = (
    "system/test_rebuild.py", "faults/test_mixed_load.py", "system/test_up.py", "faults/test_mail.py",
    "faults/test_duties.py", "faults/test_rolling_upgrade.py", "faults/test_reconcile.py", "matrix/test_matrix.py",
    "faults/test_many_due.py", "system/test_two_of_each.py", "faults/test_store_away.py",
    "api/test_numbers_everywhere.py", "faults/test_readings.py", "faults/test_crash.py", "faults/test_working_day.py",
    "services/demo/test_past.py", "api/test_bad_matters.py", "ui/test_case.py", "system/test_workers.py",
    "services/demo/test_cases.py", "system/test_moving.py", "hostile/test_slow_clients.py", "hostile/test_fuzz.py",
    "ui/test_supervision.py", "cli/test_attachments_cli.py", "workflows/test_once.py", "ui/test_field.py",
)  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers in the controller of an xdist run, before its workers."""
    structlog.configure(processors=PLAIN_LOGS)
    # The small park of the tests has no second factors; those that test them say which roles need one.
    os.environ.setdefault("GRIDLOOP_SECOND_FACTOR_ROLES", "")
    controls_workers = config.getoption("numprocesses", None) and not hasattr(config, "workerinput")
    if controls_workers and not config.option.collectonly:
        config.stash[_STACK] = stack = ExitStack()
        os.environ[VARIABLE] = to_json(stack.enter_context(running_servers()))
        stack.callback(os.environ.pop, VARIABLE, None)
    config.stash[_VARIABLES] = our_variables()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the slowest files first."""
    place = {Path(__file__).parent / name: at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(LONGEST)))


def pytest_collection_finish() -> None:
    """Exclude imported objects from garbage collection, and collect as seldom as our own processes do."""
    gc.enable()
    freeze_garbage_collector()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """Collect garbage between files. In the middle of a workflow task, so much of it could take longer than the two
    seconds after which Temporal reports the task as deadlocked. Fail a file that leaves other settings behind."""
    ended = yield
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
        assert our_variables() == item.config.stash[_VARIABLES], "settings for the tests that follow were changed"
    return ended


def our_variables() -> dict[str, str]:
    """The settings in the environment of this process."""
    return {name: value for name, value in os.environ.items() if name.startswith(("GRIDLOOP_", "TEMPORAL_"))}


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what `pytest_configure` started; also after Ctrl-C."""
    if (stack := config.stash.get(_STACK, None)) is not None:
        stack.close()


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The shared servers."""
    if (known := os.environ.get(VARIABLE)) is not None:
        yield from_json(known)
        return
    with running_servers() as started:
        yield started


@pytest.fixture
def database_url(servers: Servers) -> Iterator[str]:
    """The `postgresql://` URL of this test's own database, migrated and empty."""
    name = f"test_{uuid4().hex}"
    yield servers.create_database(name)
    servers.drop_database(name)


@pytest.fixture
def empty_database_url(servers: Servers) -> Iterator[str]:
    """The URL of this test's own database without any tables."""
    name = f"test_{uuid4().hex}"
    yield servers.create_database(name, "template0")
    servers.drop_database(name)


@pytest.fixture
async def engine(database_url: str, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """An engine on this test's own database, with master keys of its own."""
    settings = Settings(
        database_url=SecretStr(database_url),
        token_secret=SecretStr("0" * 64),
        key_file=tmp_path / "engine-keys.json",
        vault_folder=str(tmp_path / "engine-vault"),
    )
    create_ring(settings.key_ring)
    opened = open_database(settings)
    yield opened
    await opened.dispose()


@pytest.fixture(scope="session")
def temporal_address(servers: Servers) -> str:
    """The shared Temporal server, `host:port`. Use task queues and workflow ids of your own."""
    return servers.temporal_address


@pytest.fixture(scope="session")
def temporal_namespace(servers: Servers) -> str:
    """The namespace of the shared Temporal server."""
    return servers.temporal_namespace


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Master keys for what the tests of this process store in Temporal."""
    path = tmp_path_factory.mktemp("keys") / "master.json"
    create_ring(path)
    return path


@pytest.fixture
async def temporal_client(temporal_address: str, temporal_namespace: str, key_file: Path) -> Client:
    """A client of the shared Temporal server with our converter."""
    return await Client.connect(
        temporal_address, namespace=temporal_namespace, data_converter=make_converter(key_file), tls=False
    )


@pytest.fixture(scope="session")
def time_skipping_binary() -> str:
    """The Java test server, whose clock jumps; give it as `test_server_existing_path`."""
    return find_program("temporal-test-server")


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """An S3 server with a bucket. Each test has a folder of its own in it."""
    with running_s3() as server:
        yield server
