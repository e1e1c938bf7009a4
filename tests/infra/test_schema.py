"""A process knows its tables, says which way they differ, and a worker waits for what is missing."""

import asyncio
from uuid import uuid4

import psycopg
import pytest
import structlog.testing
from alembic.config import Config
from alembic.script import ScriptDirectory
from google.protobuf.duration_pb2 import Duration
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client

from infra import awaiting
from infra.awaiting import await_place
from infra.database import open_database
from infra.migrate import SCRIPTS_DIR, upgrade
from infra.schema import Schema, compare, known_revisions, read_revision, read_schema
from infra.settings import Settings
from infra.store.place import Place, here, release, take
from infra.temporal import connect


def test_the_revisions_are_those_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS_DIR))
    steps = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    assert known_revisions() == tuple(reversed(steps))


@pytest.mark.parametrize(
    ("revision", "schema", "serves"),
    [
        (None, Schema.MISSING, False),
        ("0001", Schema.OLDER, False),
        (known_revisions()[-1], Schema.OK, True),
        ("9999", Schema.NEWER, True),
    ],
)
def test_newer_tables_serve_and_older_ones_do_not(revision: str | None, schema: Schema, serves: bool) -> None:
    assert compare(revision) is schema
    assert schema.serves is serves


async def test_the_revision_is_read(engine: AsyncEngine, empty_database_url: str) -> None:
    async with engine.connect() as connection:
        assert await read_schema(connection) is Schema.OK
    empty = open_database(Settings(database_url=SecretStr(empty_database_url), token_secret=SecretStr("0" * 64)))
    try:
        async with empty.connect() as connection:
            assert await read_revision(connection) is None
            assert await read_schema(connection) is Schema.MISSING
    finally:
        await empty.dispose()


async def test_a_worker_waits_until_all_is_there(
    empty_database_url: str, servers: object, temporal_client: Client, key_file: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables, the namespace, and the place, one after the other; each is named once, and nothing is started again."""
    namespace = f"later-{uuid4().hex[:12]}"
    monkeypatch.setattr(awaiting, "AGAIN_SECONDS", 0.05)
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal_client.service_client.config.target_host)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", namespace)
    settings = Settings.model_validate(
        {"database_url": SecretStr(empty_database_url), "token_secret": SecretStr("0" * 64), "key_file": key_file}
    )
    elsewhere = Place("another-id", "gridloop", "another:7233")
    engine = open_database(settings)
    with structlog.testing.capture_logs() as logs:

        async def waits_for(words: str) -> None:
            async with asyncio.timeout(30):
                while words not in (logs[-1]["reason"] if logs else ""):
                    await asyncio.sleep(0.02)

        waiting = asyncio.create_task(await_place(settings, asyncio.Event()))
        await waits_for("has no tables yet: gridloop db upgrade")
        await asyncio.to_thread(upgrade, empty_database_url, known_revisions()[-2])
        await waits_for("are older than this program: gridloop db upgrade")
        await asyncio.to_thread(upgrade, empty_database_url)
        await waits_for("the namespace does not exist in Temporal: gridloop setup makes it")
        await take(engine, elsewhere)
        await temporal_client.workflow_service.register_namespace(
            RegisterNamespaceRequest(namespace=namespace, workflow_execution_retention_period=Duration(seconds=86_400))
        )
        await waits_for("namespace gridloop of the Temporal at another:7233")
        await release(engine, elsewhere)
        place = await asyncio.wait_for(waiting, 30)
    assert place == await here(await connect(settings))
    assert place.namespace == namespace
    assert len({log["reason"] for log in logs}) == len(logs)
    await engine.dispose()


async def test_a_waiting_worker_stops_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        database_url=SecretStr("postgresql://nobody@127.0.0.1:9/none"), token_secret=SecretStr("0" * 64)
    )
    stop = asyncio.Event()
    with structlog.testing.capture_logs() as logs:
        waiting = asyncio.create_task(await_place(settings, stop))
        async with asyncio.timeout(10):
            while not logs:
                await asyncio.sleep(0.02)
        stop.set()
        assert await asyncio.wait_for(waiting, 10) is None
    assert "Connection refused" in logs[0]["reason"]
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(settings.database)
