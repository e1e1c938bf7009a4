"""The files for PostgreSQL, its pooler, its backups and Temporal, read by the programs that they are for."""

import asyncio
import mmap
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr
from sqlalchemy import text
from temporalio.envconfig import ClientConfig

from infra.database import open_database
from infra.embedded.ports import free_ports
from infra.embedded.postgres_user import BIN
from infra.embedded.temporal_server import find_program
from infra.embedded.temporal_tls import CA, CLIENT, CLIENT_KEY, make_certificates
from infra.settings import Settings
from infra.temporal import RETENTION
from tests.deploy import tools
from tests.deploy.sample import DEPLOY, sample_environment
from tests.deploy.test_nginx import listens, replaced
from tests.servers import Servers, temporary_directory
from tests.system.processes import until

POSTGRES, TEMPORAL = DEPLOY / "postgres", DEPLOY / "temporal"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_postgresql_takes_its_settings(tmp_path: Path) -> None:
    lines = re.findall(r"^(\w+) = '?([^'\n]*)'?$", (POSTGRES / "gridloop.conf").read_text("utf-8"), re.MULTILINE)
    assert len(lines) > 20
    for wrong in ("", "\nmax_conections = 3\n"):
        made = tmp_path / f"{len(wrong)}.conf"
        made.write_text((POSTGRES / "gridloop.conf").read_text("utf-8") + wrong)
        read = run(str(BIN / "postgres"), "-C", "max_connections", "-D", str(tmp_path), f"--config-file={made}")
        assert (read.returncode == 0) is not bool(wrong), read.stderr
        assert wrong or read.stdout.strip() == dict(lines)["max_connections"]
    assert dict(lines)["fsync"] == dict(lines)["synchronous_commit"] == "on"


def test_the_roles_and_databases_are_made(servers: Servers, tmp_path: Path) -> None:
    mark = f"_{uuid4().hex[:8]}"
    names = {
        name: name + mark for name in ("gridloop_owner", "gridloop_app", "gridloop", "temporal", "temporal_visibility")
    }
    made = []
    for file in ("roles.sql", "temporal.sql"):
        renamed = re.sub(
            r"\b(gridloop_owner|gridloop_app|gridloop|temporal_visibility|temporal)\b(?=[ ;\n])",
            lambda found: names[found[1]], (POSTGRES / file).read_text("utf-8"),
        )  # fmt: skip
        (tmp_path / file).write_text(renamed)
        passwords = [f"--set={name}_password=s3cret" for name in ("owner", "app", "temporal")]
        made.append(run(
            str(BIN / "psql"), servers.postgres_url, "--no-psqlrc", "--set=ON_ERROR_STOP=1", *passwords,
            "--file", str(tmp_path / file),
        ))  # fmt: skip
    try:
        assert [one.returncode for one in made] == [0, 0], made[0].stderr + made[1].stderr
        url = servers.database_url(names["gridloop"])
        with psycopg.connect(url, user=names["gridloop_owner"], password="s3cret") as owner:
            owner.execute("CREATE TABLE a (b text)")
            owner.execute("CREATE EXTENSION pg_trgm")
            assert owner.execute("SELECT show_trgm('消防通道') <> '{}'").fetchone() == (True,), (
                "Chinese counts as letters"
            )
        with (
            psycopg.connect(url, user=names["gridloop_app"], password="s3cret") as app,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            app.execute("CREATE TABLE c (d text)")
    finally:
        with psycopg.connect(servers.postgres_url, autocommit=True) as connection:
            for name in ("gridloop", "temporal", "temporal_visibility"):
                connection.execute(f"DROP DATABASE IF EXISTS {names[name]}".encode())
            for name in ("gridloop_owner", "gridloop_app", "temporal"):
                connection.execute(f"DROP ROLE IF EXISTS {names[name]}".encode())


@contextmanager
def pooler(database_url: str) -> Iterator[str]:
    """A real PgBouncer with our file before the database; its address is given."""
    real, (port,) = conninfo_to_dict(database_url), free_ports(1)
    with temporary_directory() as folder:
        (folder / "users").write_text(f'"{real["user"]}" "{real["password"]}"\n')
        (folder / "pgbouncer.ini").write_text(
            replaced((POSTGRES / "pgbouncer.ini").read_text("utf-8"), {
                "gridloop = host=127.0.0.1 port=5432": f"{real['dbname']} = host={real['host']} port={real['port']}",
                "listen_port = 6432": f"listen_port = {port}", "/etc/pgbouncer/userlist.txt": f"{folder}/users",
            })
        )  # fmt: skip
        command = [tools.need("pgbouncer"), str(folder / "pgbouncer.ini")]
        as_other: dict[str, Any] = (
            {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        )
        with (
            (folder / "said").open("w") as file,
            subprocess.Popen(command, stderr=file, cwd=folder, **as_other) as running,
        ):
            try:
                until(lambda: running.poll() is not None or listens(port), "the pooler listens")
                yield f"postgresql://{real['user']}:{real['password']}@127.0.0.1:{port}/{real['dbname']}"
            finally:
                running.terminate()
                running.wait()
        said = (folder / "said").read_text("utf-8")
    assert "unrecognized" not in said
    assert "ERROR" not in said


def test_the_pooler_serves(database_url: str) -> None:
    async def ask(address: str) -> None:
        engine = open_database(Settings(database_url=SecretStr(address), token_secret=SecretStr("0" * 64)))
        try:
            async with engine.connect() as connection:
                assert await connection.scalar(text("SHOW timezone")) == "UTC"
        finally:
            await engine.dispose()

    with pooler(database_url) as address:
        asyncio.run(ask(address))


def test_pgbackrest_takes_its_file(tmp_path: Path) -> None:
    given = (POSTGRES / "pgbackrest.conf").read_text("utf-8")
    for wrong in ("", "repo1-retention-ful=4\n"):
        local = re.sub(
            r"repo1-(type|s3-\w+(-\w+)*|cipher-\w+)=.*\n", "", given.replace("[global]\n", f"[global]\n{wrong}")
        )
        local = local.replace("repo1-path=/pgbackrest", f"repo1-path={tmp_path}")
        (tmp_path / "local.conf").write_text(local)
        said = run(
            tools.need("pgbackrest"), f"--config={tmp_path}/local.conf", f"--lock-path={tmp_path}",
            "--log-level-file=off", "--stanza=gridloop", "info",
        )  # fmt: skip
        assert said.returncode == 0, said.stderr
        assert ("invalid option" in said.stdout + said.stderr) is bool(wrong)
    command = run(tools.need("pgbackrest"), "help", "info").stdout
    options = set(re.findall(r"^  --(repo-[\w-]+)", command, re.MULTILINE))
    used = {f"repo-{name}" for name in re.findall(r"^repo1-([\w-]+)=", given, re.MULTILINE)}
    assert {name for name in used if name.startswith(("repo-s3", "repo-cipher"))} - options <= {"repo-cipher-pass"}


def test_temporal_knows_the_limits() -> None:
    keys = yaml.safe_load((TEMPORAL / "dynamicconfig.yaml").read_text("utf-8"))
    program = Path(find_program("temporal"))
    with program.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        assert content.find(b"frontend.namespaceRPS.visibilitee") == -1
        assert [key for key in keys if content.find(key.encode()) == -1] == []


def test_retention_and_shards_are_the_same_everywhere() -> None:
    hours = f"{int(RETENTION.total_seconds() // 3600)}h"
    temporal = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["temporal"]["environment"]
    server = yaml.safe_load((TEMPORAL / "server.yaml").read_text("utf-8"))
    assert temporal["DEFAULT_NAMESPACE_RETENTION"] == hours
    assert f"--retention {hours}" in (TEMPORAL / "README.md").read_text("utf-8")
    assert int(temporal["NUM_HISTORY_SHARDS"]) == server["persistence"]["numHistoryShards"] == 512


@pytest.mark.parametrize("name", ["mtls.env", "cloud.env"])
def test_the_client_takes_its_variables(name: str, tmp_path: Path) -> None:
    given = dict(re.findall(r"^(\w+)=(.*)$", (TEMPORAL / name).read_text("utf-8"), re.MULTILINE))
    assert set(given) <= set(sample_environment())
    make_certificates(tmp_path)
    places = {"temporal-client.pem": CLIENT, "temporal-client-key.pem": CLIENT_KEY, "temporal-ca.pem": CA}
    real = {
        key: str(tmp_path / places.get(Path(value).name, "")) if value.startswith("/") else value
        for key, value in given.items()
    }
    read = ClientConfig.load_client_connect_config(override_env_vars=real)
    assert (read["target_host"], read["namespace"]) == (given["TEMPORAL_ADDRESS"], given["TEMPORAL_NAMESPACE"])
    tls = read["tls"]
    assert tls
    if name == "mtls.env":
        assert not isinstance(tls, bool)
        assert (tls.domain, bool(tls.client_cert), bool(tls.server_root_ca_cert)) == ("temporal.example", True, True)
    else:
        assert read["api_key"] == "KEY"
