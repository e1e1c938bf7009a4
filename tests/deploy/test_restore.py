"""The drill of the guide: PostgreSQL with our settings is lost, restored to a moment, and brought forward again."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from temporalio.client import Client

from doors.dependencies import Services
from infra.database import open_database
from infra.embedded.ports import free_ports
from infra.embedded.postgres_user import BIN, allow_running_binaries, server_user
from infra.keys.ring import create_ring
from infra.settings import Settings
from infra.temporal import make_converter
from services.runtime.resources import Resources
from services.setup.tables import upgrade_tables
from tests.api.harness import ApiHarness
from tests.builders import small_park
from tests.deploy.sample import DEPLOY, ROOT
from tests.deploy.test_nginx import replaced
from tests.servers import Servers, in_memory, temporary_directory
from tests.system.processes import environment, until
from web.app import create_app
from worker import running_worker

#: Cases before the backup, between it and the moment, and after the moment.
EACH = 5


@dataclass
class Cluster:
    """A PostgreSQL whose log is archived into a folder, as pgbackrest would archive it elsewhere."""

    folder: Path
    port: int
    user: str | None
    process: "subprocess.Popen[bytes] | None" = None

    def run(self, program: str, *words: str) -> None:
        subprocess.run(
            [str(BIN / program), *words], user=self.user, cwd="/", check=True, capture_output=True, text=True
        )

    def url(self, user: str = "postgres", password: str = "", database: str = "gridloop") -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def start(self, data: Path, more: str = "") -> None:
        """Start on a data directory with our settings, and wait until it takes changes."""
        own = f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n{more}"
        (data / "postgresql.auto.conf").write_text(f"include '{self.folder}/gridloop.conf'\n{own}")
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(BIN / "postgres"), "-D", str(data)], user=self.user, cwd="/", stderr=log, stdout=log
            )
        until(self._takes_changes, (self.folder / "log").read_text()[-2_000:])

    def _takes_changes(self) -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(self.url(database="postgres")) as connection:
            return connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
        return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)
            until(lambda: not self._takes_changes(), "it is gone")

    def count(self) -> tuple[int, int]:
        """How many facts and cases there are."""
        with psycopg.connect(self.url()) as connection:
            found = connection.execute("SELECT (SELECT count(*) FROM facts), (SELECT count(*) FROM cases)").fetchone()
        assert found is not None
        return found[0], found[1]


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A cluster of its own, made by the files in `deploy/postgres/`."""
    allow_running_binaries()
    with temporary_directory(in_memory()) as folder:
        made = Cluster(folder, free_ports(1)[0], server_user())
        (folder / "log_archive").mkdir()
        settings = replaced((DEPLOY / "postgres" / "gridloop.conf").read_text("utf-8"), {
            "shared_buffers = 4GB": "shared_buffers = 64MB", "max_wal_size = 8GB": "max_wal_size = 256MB",
            "pgbackrest --stanza=gridloop archive-push %p": f"cp %p {folder}/log_archive/%f",
            "archive_timeout = 60s": "archive_timeout = 1s",
        })  # fmt: skip
        (folder / "gridloop.conf").write_text(settings)
        if made.user is not None:
            for owned in (folder, folder / "log_archive"):
                shutil.chown(owned, made.user)
        made.run(
            "initdb", "-D", str(folder / "data"), "-U", "postgres", "--auth=trust", "--locale=C.UTF-8", "-E", "UTF8"
        )
        made.start(folder / "data")
        passwords = ("--set=owner_password=o", "--set=app_password=a")
        command = [str(BIN / "psql"), made.url(database="postgres"), "-q", "--set=ON_ERROR_STOP=1", *passwords]
        subprocess.run([*command, "--file", str(DEPLOY / "postgres" / "roles.sql")], check=True)
        try:
            yield made
        finally:
            made.kill()


def command(surroundings: dict[str, str], *words: str) -> str:
    """Run a command of the guide; it must find nothing wrong."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "starter.py"), *words],
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(300)
def test_a_database_restored_to_a_moment_gets_back_what_came_after(
    cluster: Cluster, servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, owner = f"drill-{uuid4().hex}", cluster.url("gridloop_owner", "o")
    surroundings = environment(
        servers, cluster.url("gridloop_app", "a"), tmp_path, queue, database_owner_url=owner, lang="en"
    )
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    create_ring(settings.key_ring)
    upgrade_tables(settings)

    moment, before = asyncio.run(live(cluster, servers, settings))
    assert before[1] == 3 * EACH
    cluster.kill()
    shutil.rmtree(cluster.folder / "data")

    backup = cluster.folder / "backup"
    (backup / "recovery.signal").touch()
    if cluster.user is not None:
        shutil.chown(backup / "recovery.signal", cluster.user)
    cluster.start(
        backup,
        f"restore_command = 'cp {cluster.folder}/log_archive/%f %p'\n"
        f"recovery_target_time = '{moment.isoformat()}'\nrecovery_target_action = 'promote'\n",
    )
    assert cluster.count()[1] == 2 * EACH, "what came after the moment is gone"
    asyncio.run(bring_forward(servers, settings, surroundings))
    assert cluster.count() == before


async def connect(servers: Servers, settings: Settings) -> Client:
    converter = make_converter(settings.key_ring)
    return await Client.connect(
        servers.temporal_address, namespace=servers.temporal_namespace, data_converter=converter, tls=False
    )


async def live(cluster: Cluster, servers: Servers, settings: Settings) -> tuple[datetime, tuple[int, int]]:
    """Cases, a backup, more cases, the moment, more cases; the moment, and what there is at the end."""
    owner = open_database(settings.as_owner())
    await small_park(owner)
    await owner.dispose()
    engine, temporal, app = open_database(settings), await connect(servers, settings), create_app()
    app.state.services = Services(Resources(settings, engine, temporal))
    async with running_worker(temporal, engine, settings):
        harness = ApiHarness(app, settings, engine, temporal)
        async with harness.http:

            async def cases() -> None:
                for _ in range(EACH):
                    await harness.do("duty", str((await harness.report())["case_no"]), "accept")

            await cases()
            where = ("-d", cluster.url(database=""), "-D", str(cluster.folder / "backup"), "-X", "stream", "-c", "fast")
            await asyncio.to_thread(cluster.run, "pg_basebackup", *where)
            await cases()
            moment = datetime.now(UTC)
            await cases()
    await engine.dispose()
    with psycopg.connect(cluster.url(database="postgres"), autocommit=True) as connection:
        row = connection.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
        connection.execute("SELECT pg_switch_wal()")
    assert row is not None
    archived = cluster.folder / "log_archive" / row[0]
    await asyncio.to_thread(until, archived.exists, "the log is archived")
    return moment, cluster.count()


async def bring_forward(servers: Servers, settings: Settings, surroundings: dict[str, str]) -> None:
    """What the guide says to do, with a worker running."""
    engine, temporal = open_database(settings), await connect(servers, settings)
    async with running_worker(temporal, engine, settings):
        for words in (("rebuild", "--database"), ("verify",), ("reconcile",)):
            await asyncio.to_thread(command, surroundings, *words)
    await engine.dispose()
