"""The embedded PostgreSQL starts again after every kind of exit, with its data."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from infra.embedded.child import ChildFailed
from infra.embedded.ports import free_ports, is_free
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.postgres_leftover import postmaster_pid
from infra.embedded.postgres_user import change_owner, server_user
from infra.embedded.secrets import KeysUnreadable, load_keys
from infra.embedded.supervisor import Supervisor
from infra.embedded.waiting import wait_until
from tests.infra.test_supervisor import alive
from tests.servers import ROOT, temporary_directory


@pytest.fixture(scope="module")
def made_once() -> Iterator[Path]:
    """A data directory with a database and one row; the tests work on copies."""
    with temporary_directory() as place:
        asyncio.run(make(place))
        yield place


async def make(place: Path) -> None:
    """Start for the first time, store something, and stop."""
    async with started(server(place)) as said:
        pass
    assert said == ["postgres stopped"]


@pytest.fixture
def place(made_once: Path) -> Iterator[Path]:
    """A copy of that data directory."""
    with temporary_directory() as fresh:
        subprocess.run(["cp", "-a", f"{made_once}/.", str(fresh)], check=True)
        yield fresh


def server(place: Path, port: int = 0) -> EmbeddedPostgres:
    """The server on `place`, with fsync as in production."""
    return EmbeddedPostgres(
        directory=place / "postgres",
        port=port or free_ports(1)[0],
        password=load_keys(place).database_password,
    )


@asynccontextmanager
async def started(postgres: EmbeddedPostgres) -> AsyncIterator[list[str]]:
    """Run the server under a supervisor, with one row stored; yields the supervisor's messages."""
    said: list[str] = []
    supervisor = Supervisor(postgres.directory.parent / "logs", said.append)
    try:
        await supervisor.start(postgres.child())
        await postgres.create_database()
        store(postgres)
        yield said
    finally:
        await supervisor.stop()


def store(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text PRIMARY KEY)")
        connection.execute("INSERT INTO kept VALUES ('stored') ON CONFLICT DO NOTHING")


def stored(postgres: EmbeddedPostgres) -> list[str]:
    with psycopg.connect(postgres.url()) as connection:
        return [word for (word,) in connection.execute("SELECT word FROM kept")]


def answers(postgres: EmbeddedPostgres) -> bool:
    try:
        return stored(postgres) == ["stored"]
    except psycopg.OperationalError:
        return False


async def test_it_keeps_what_is_stored_over_a_restart_and_is_safe_by_default(place: Path) -> None:
    postgres = server(place)
    async with started(postgres):
        with psycopg.connect(postgres.url()) as connection:
            shown = {
                name: connection.execute(f"SHOW {name}".encode()).fetchone()
                for name in ("fsync", "synchronous_commit", "listen_addresses", "password_encryption")
            }
        assert shown == {
            "fsync": ("on",),
            "synchronous_commit": ("on",),
            "listen_addresses": ("127.0.0.1",),
            "password_encryption": ("scram-sha-256",),
        }
        wrong = postgres.url().replace(postgres.password, "guessed")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)


async def test_a_killed_server_is_started_again_with_all_that_was_stored(place: Path) -> None:
    postgres = server(place)
    async with started(postgres) as said:
        first = postmaster_pid(postgres.directory)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await wait_until(lambda: "postgres is back" in said, seconds=30, what=f"postgres back: {said}")
        assert said[0] == "postgres ended (killed by SIGKILL); starting it again"
        assert stored(postgres) == ["stored"]


PARENT = """
import asyncio, pathlib, sys
from tests.infra.test_postgres import server, started

async def main():
    async with started(server(pathlib.Path(sys.argv[1]), int(sys.argv[2]))):
        print("started", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_it_ends_with_a_killed_parent_and_starts_again(place: Path) -> None:
    (port,) = free_ports(1)
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(place), str(port)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert await asyncio.to_thread(parent.stdout.readline) == "started\n"
        parent.kill()
    # At once, while the old one may still be writing its last checkpoint.
    again = server(place, port)
    async with started(again):
        assert stored(again) == ["stored"]


async def test_a_stale_pid_file_naming_another_process_harms_nobody(place: Path) -> None:
    # Of the same user, so that PostgreSQL by itself would take it for a running server.
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, user=server_user()) as stranger:
        postgres = server(place)
        pid_file = place / "postgres" / "postmaster.pid"
        pid_file.write_text(
            f"{stranger.pid}\n{postgres.directory}\n1700000000\n{postgres.port}\n\n127.0.0.1\n\nready\n"
        )
        change_owner(pid_file, server_user())
        assert postmaster_pid(postgres.directory) is None
        try:
            async with started(postgres):
                assert stored(postgres) == ["stored"]
            assert alive(stranger.pid)
        finally:
            stranger.kill()


async def test_a_leftover_server_is_stopped_first(place: Path) -> None:
    left = server(place)
    child = left.child()
    # Without the launcher, as on a system without a parent death signal.
    with subprocess.Popen(
        child.command, user=child.user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as leftover:
        try:
            await wait_until(lambda: answers(left), seconds=20, what="the leftover's answer")
            assert postmaster_pid(left.directory) == leftover.pid
            postgres = server(place)
            async with started(postgres):
                assert stored(postgres) == ["stored"]
                assert leftover.wait(10) == 0  # a clean shutdown
                assert is_free(left.port)
        finally:
            leftover.kill()


async def test_a_first_start_that_was_cut_short_begins_anew() -> None:
    with temporary_directory() as place:
        half = place / "postgres.new"
        half.mkdir()
        (half / "PG_VERSION").write_text("18\n")
        async with started(server(place)):
            assert not half.exists()


async def test_a_directory_of_another_version_is_refused(place: Path) -> None:
    (place / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(ChildFailed, match=r"written by PostgreSQL 17, and this is 18: dump it"):
        await server(place).prepare()


def test_keys_are_made_once_and_kept_to_their_owner(tmp_path: Path) -> None:
    keys = load_keys(tmp_path)
    assert load_keys(tmp_path) == keys
    assert len(bytes.fromhex(keys.token_secret)) == 32
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_damaged_keys_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{}")
    with pytest.raises(KeysUnreadable, match="database_password"):
        load_keys(tmp_path)
    assert (tmp_path / "secrets.json").read_text() == "{}"
