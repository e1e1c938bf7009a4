"""The workflows of a database move to another Temporal: a copy of the database holds the same, the old worker records
nothing more, however late it wakes, and refuses when it is started again.
"""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from pydantic import SecretStr
from temporalio.client import Client

from infra.database import open_database
from infra.embedded.postgres_user import BIN
from infra.keys.ring import create_ring
from infra.settings import Settings
from infra.store.place import Place, take
from infra.temporal import make_converter
from services.auditing.audit import audit
from services.runtime.resources import Resources
from services.setup.report import State
from services.setup.run import run_setup
from tests.builders import small_park
from tests.servers import Servers
from tests.system.processes import environment, running, until
from tests.town import Town

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(query.encode())
        return found.fetchall() if found.description else []


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    made = Settings(
        database_url=SecretStr(database_url), token_secret=SecretStr("0" * 64), data_dir=tmp_path,
        case_queue=f"moving-{uuid4().hex[:8]}", answer_seconds=30,
    )  # fmt: skip
    create_ring(made.key_ring)
    return made


async def client_of(servers: Servers, settings: Settings, namespace: str) -> Client:
    return await Client.connect(
        servers.temporal_address, namespace=namespace, data_converter=make_converter(settings.key_ring)
    )


@pytest.fixture
async def town(servers: Servers, settings: Settings) -> AsyncIterator[Town]:
    """The small park, whose services are connected to the old namespace; nobody works yet."""
    engine = open_database(settings)
    await small_park(engine)
    client = await client_of(servers, settings, servers.temporal_namespace)
    yield Town(Resources(settings=settings, engine=engine, temporal=client))
    await engine.dispose()


async def test_the_workflows_move_and_the_old_worker_is_out(
    servers: Servers, settings: Settings, town: Town, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = f"cluster-{uuid4().hex[:8]}"
    old_place = environment(servers, database_url, tmp_path, settings.case_queue, worker_grace="PT1S")
    new_place = {**old_place, "TEMPORAL_NAMESPACE": fresh}
    monkeypatch.setenv("TEMPORAL_ADDRESS", servers.temporal_address)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", fresh)
    facts = "SELECT count(*), max(at) FROM facts"

    with running(["worker.py"], old_place, tmp_path / "old.log", "") as old:
        until(lambda: "worker started" in old.said(), "the old worker starts")
        case_no = await town.report()
        before = rows(database_url, facts)

        old.started.send_signal(signal.SIGSTOP)
        rows(database_url, "UPDATE workers SET seen_at = seen_at - interval '1 minute'")  # as if silent for so long
        report = await run_setup(settings, move_here=True)
        assert report.fine, report
        assert {item.part: item.state for item in report.items}["place"] is State.MADE

        with running(["worker.py"], new_place, tmp_path / "new.log", "") as new:
            until(lambda: "worker started" in new.said(), "the new worker starts")
            there = await client_of(servers, settings, fresh)
            moved = Town(Resources(settings=settings, engine=town.engine, temporal=there))
            assert (await audit(moved.resources, fix=True)).repaired == 1
            assert rows(database_url, facts) == before

            # The old worker wakes with work at hand: it finds that the workflows have moved, records nothing and ends.
            late = asyncio.create_task(town.do("duty", case_no, "accept"))
            old.started.send_signal(signal.SIGCONT)
            await asyncio.to_thread(until, lambda: old.started.poll() is not None, "the old worker ends")
            assert "the workflows have moved" in old.said()
            late.cancel()
            await asyncio.wait({late})
            assert rows(database_url, facts) == before

            with running(["worker.py"], old_place, tmp_path / "again.log", "") as again:
                until(lambda: "worker waits" in again.said(), "the old worker refuses")
                assert f"are in the namespace {fresh}" in again.said()
                assert "gridloop setup --move-here" in again.said()
                assert again.started.poll() is None
            await moved.do("duty", case_no, "accept")
            assert rows(database_url, facts) != before


def test_a_copy_of_the_database_holds_the_same(
    settings: Settings, database_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    """As docs/operations/moving.md has it copied."""

    async def fill() -> None:
        engine = open_database(settings)
        await small_park(engine)
        await take(engine, Place("ours", "gridloop", "127.0.0.1:7233"))
        await engine.dispose()

    asyncio.run(fill())
    file = tmp_path / "gridloop.dump"
    subprocess.run(
        [BIN / "pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--file={file}", database_url], check=True
    )
    subprocess.run(
        [BIN / "pg_restore", "--no-owner", "--no-acl", "--exit-on-error", f"--dbname={empty_database_url}", file],
        check=True,
    )
    for query in (
        "SELECT username, name, password_hash FROM people ORDER BY 1",
        "SELECT code, path::text FROM grid_units ORDER BY 1",
        "SELECT * FROM workflow_place",
        "SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    ):
        assert rows(empty_database_url, query) == rows(database_url, query) != []
    with pytest.raises(psycopg.DatabaseError, match="are in the namespace gridloop"):
        rows(f"{empty_database_url}?options=-c%20gridloop.place%3Dother", "INSERT INTO facts SELECT * FROM facts")
