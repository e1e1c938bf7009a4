"""`gridloop setup` and `gridloop db` against servers of one's own: what is made, what is told, and nothing twice."""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from temporalio.client import Client

from infra.embedded.ports import free_ports
from infra.schema import known_revisions
from services.setup.database import clock_item
from services.setup.report import State
from services.setup.temporal import _is_cloud, _namespace
from tests.cli.conftest import Run, refusal
from tests.debian import program
from tests.infra.test_pooler import Pooler, pooler as pooler
from tests.servers import Servers, temporary_directory

HEAD = known_revisions()[-1]
States = dict[str, tuple[str, str]]


@pytest.fixture
def own(run: Run, servers: Servers, empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """An empty database and a namespace that is not there yet, as a new operator has them."""
    monkeypatch.setenv("GRIDLOOP_DATABASE_URL", empty_database_url)
    monkeypatch.setenv("GRIDLOOP_TOKEN_SECRET", "0" * 64)
    monkeypatch.setenv("GRIDLOOP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TEMPORAL_ADDRESS", servers.temporal_address)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", f"own-{uuid4().hex[:12]}")
    return run


def states(run: Run, *words: str) -> tuple[int, States]:
    """The exit code of `setup`, and of each part the state and the English sentence."""
    told = run("setup", "--json", *words)
    assert told.exception is None or isinstance(told.exception, SystemExit), told.exception
    items = json.loads(told.stdout)["items"]
    return told.exit_code, {item["part"]: (item["state"], item["en"]) for item in items}


def test_what_is_missing_is_made_once(own: Run, empty_database_url: str) -> None:
    code, found = states(own, "--check")
    assert code == 1
    assert {part for part, (state, _) in found.items() if state == "mend"} == {"tables", "namespace", "keys"}
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT to_regclass('cases')").fetchone() == (None,), "it only looked"

    code, found = states(own)
    assert code == 1
    assert (found["tables"][0], found["namespace"][0], found["keys"][0]) == ("made", "made", "mend")
    assert "gridloop keys create" in found["keys"][1]
    assert own("keys", "create").exit_code == 0

    code, found = states(own)
    assert code == 0
    assert {state for state, _ in found.values()} == {"ok", "advice"}
    assert found["roles"][0] == "advice", "one role for all"
    assert states(own) == states(own, "--check") == (0, found)
    assert "✓ 已就绪" in own("setup", env={"GRIDLOOP_LANG": "zh"}).stdout


def test_the_tables_are_upgraded_and_compared(own: Run, empty_database_url: str) -> None:
    assert "there are none yet: gridloop db upgrade" in own("db", "check").stdout
    assert own("db", "check").exit_code == 1
    assert f"— → {HEAD}" in own("db", "upgrade").stdout
    assert f"unchanged, revision {HEAD}" in own("db", "upgrade").stdout
    assert json.loads(own("db", "current", "--json").stdout) == {"revision": HEAD, "known": HEAD, "state": "ok"}
    for revision, code, words in (("0001", 1, "older than this program"), ("9999", 0, "newer than this program")):
        with psycopg.connect(empty_database_url) as connection:
            connection.execute("UPDATE alembic_version SET version_num = %s", (revision,))
        told = own("db", "check")
        assert told.exit_code == code
        assert words in told.stdout
        state, sentence = states(own, "--check")[1]["tables"]
        assert state == ("mend" if code else "ok")
        assert ("gridloop db upgrade" in sentence) == bool(code)


@pytest.fixture
def roles(empty_database_url: str) -> Iterator[Callable[[str], str]]:
    """Addresses of roles of this test alone, by their last letter; they are dropped at the end."""
    parts, mark = conninfo_to_dict(empty_database_url), uuid4().hex[:8]
    names: set[str] = set()

    def address(letter: str) -> str:
        names.add(name := f"role_{mark}_{letter}")
        return f"postgresql://{name}:word@{parts['host']}:{parts['port']}/{parts['dbname']}"

    yield address
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        for name in names:
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone():
                connection.execute(f"DROP OWNED BY {name}; DROP ROLE {name}".encode())


def test_the_running_role_is_made_with_its_rights(
    own: Run, empty_database_url: str, roles: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDLOOP_DATABASE_OWNER_URL", empty_database_url)
    monkeypatch.setenv("GRIDLOOP_DATABASE_URL", roles("a"))
    role = roles("a").split(":")[1].removeprefix("//")
    _, found = states(own, "--check")
    assert found["roles"] == (
        "mend",
        f"there is no role {role}: a superuser runs CREATE ROLE {role} LOGIN PASSWORD '…'",
    )
    assert states(own)[1]["roles"][0] in ("made", "ok")
    assert states(own)[1]["roles"] == ("ok", f"gridloop owns the tables, {role} runs the system")
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(f"GRANT UPDATE ON facts TO {role}".encode())
    assert states(own, "--check")[1]["roles"][0] == "mend"
    assert states(own)[1]["roles"] == ("made", f"the role {role} has its rights")
    with psycopg.connect(roles("a")) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE facts SET kind = 'x'")


def test_a_role_without_rights_makes_nothing(
    own: Run, empty_database_url: str, roles: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = roles("b")
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {conninfo_to_dict(address)['user']} LOGIN PASSWORD 'word'".encode())
    monkeypatch.setenv("GRIDLOOP_DATABASE_URL", address)
    told = refusal(own("db", "upgrade"))
    assert "set GRIDLOOP_DATABASE_OWNER_URL to the role that owns the tables (permission denied" in told
    assert "GRIDLOOP_DATABASE_OWNER_URL" in states(own)[1]["tables"][1]
    with psycopg.connect(empty_database_url) as connection:
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        assert connection.execute(tables).fetchone() == (0,)


def _changed(address: str, **parts: str) -> str:
    known = {**conninfo_to_dict(address), **parts}
    return "postgresql://{user}:{password}@{host}:{port}/{dbname}".format(**known)


@pytest.mark.parametrize(
    ("change", "part", "sentence"),
    [
        ({"password": "wrong"}, "database", "password authentication failed"),
        ({"dbname": "nowhere"}, "database", "make it: createdb --template=template0 --encoding=UTF8"),
        ({"port": "1"}, "database", "Connection refused"),
    ],
)
def test_a_database_that_is_not_reached_is_told_with_the_remedy(
    own: Run, empty_database_url: str, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], part: str, sentence: str
) -> None:
    monkeypatch.setenv("GRIDLOOP_DATABASE_URL", _changed(empty_database_url, **change))
    code, found = states(own, "--check")
    assert code == 1
    assert found[part][0] == "mend"
    assert sentence in found[part][1]
    assert "namespace" in found, "the other parts are looked at all the same"
    assert sentence.split(":")[0].split(";")[0] in f"{found[part][1]}"
    told = refusal(own("db", "upgrade"))
    assert "the database cannot be reached" in told


def test_a_pooler_of_transactions_is_told(
    own: Run, database_url: str, pooler: Pooler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDLOOP_DATABASE_URL", pooler("transaction", "ignore_startup_parameters = options"))
    _, found = states(own, "--check")
    assert found["pooler"][0] == "mend"
    assert "or the pooler to pool_mode=session" in found["pooler"][1]
    assert "pool_mode=session" in refusal(own("db", "upgrade"))


def test_a_database_that_finds_no_chinese_is_told(own: Run, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"test_{uuid4().hex}"
    with psycopg.connect(servers.postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'".encode())
    try:
        monkeypatch.setenv("GRIDLOOP_DATABASE_URL", servers.database_url(name))
        for words in (["--check"], []):  # before and after there are tables
            state, sentence = states(own, *words)[1]["text"]
            assert state == "mend"
            assert "encoding UTF8 and ctype C find no Chinese text: make the database anew with createdb" in sentence
        assert states(own, "--check")[1]["text"][0] == "mend"
    finally:
        servers.drop_database(name)


@pytest.mark.parametrize(
    ("variable", "value", "part", "sentence"),
    [
        ("TEMPORAL_ADDRESS", "127.0.0.1:9", "temporal", "cannot be reached"),
        ("GRIDLOOP_KEY_FILE", "/dev/null", "keys", "can't be read: put back a copy"),
        ("GRIDLOOP_ARCHIVE", "s3://none/at/all", "archive", "GRIDLOOP_S3_*"),
        ("GRIDLOOP_ANCHORS_FOLDER", "/proc/1/anchors", "anchors", "can't be written"),
        ("GRIDLOOP_DATABASE_POOL", "200", "connections", "before there are more processes"),
    ],
)
def test_the_other_parts_are_told(
    own: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, part: str, sentence: str
) -> None:
    monkeypatch.setenv("GRIDLOOP_S3_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv(variable, value)
    found = states(own, "--check")[1]
    assert found[part][0] in ("mend", "advice"), found[part]
    assert sentence in found[part][1], found[part]


def test_a_full_disk_is_told(own: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.setup.files.LEAST_FREE", 2**62)
    state, sentence = states(own, "--check")[1]["attachments"]
    assert state == "mend"
    assert sentence.endswith("MB left: make room")


def test_settings_that_cannot_be_read_are_told(own: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDLOOP_PUBLIC_URL", "grid.example.gov.cn")
    assert "GRIDLOOP_PUBLIC_URL: the public URL is an origin like https://" in refusal(own("setup"))


def test_a_place_elsewhere_is_told_and_moved(own: Run, empty_database_url: str) -> None:
    assert own("keys", "create").exit_code == 0
    states(own)
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO workflow_place VALUES (1, 'theirs', 'gridloop', 'old:7233', now())")
        connection.execute(
            "INSERT INTO workers (id, place, host, pid, started_at, seen_at)"
            " VALUES (gen_random_uuid(), 'theirs', 'there', 7, now(), now())"
        )
        code, found = states(own)
        assert (code, found["place"][0]) == (1, "mend")
        assert "stop all its workers and run gridloop setup --move-here" in found["place"][1]
        for command in (["reconcile", "--fix"], ["rebuild", "--workflows"], ["rebuild", "--database"]):
            assert "this one must not write to it" in refusal(own(*command)), command
        assert "alive: there (7): theirs; stop it first" in states(own, "--move-here")[1]["place"][1]
        connection.execute("UPDATE workers SET seen_at = now() - interval '1 minute'")
    assert states(own, "--move-here", "--check")[1]["place"][0] == "mend"
    code, found = states(own, "--move-here")
    assert (code, found["place"][0]) == (0, "made")
    assert "next: gridloop reconcile --fix" in found["place"][1]
    assert states(own, "--move-here")[1]["place"][0] == "ok"
    assert "0 cases not archived" in own("reconcile", "--fix").output, "it is taken, and finds no worker yet"


async def test_in_temporal_cloud_it_only_looks(temporal_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not _is_cloud("temporal.internal:7233")
    assert _is_cloud("ns.acct.tmprl.cloud:7233")
    monkeypatch.setenv("TEMPORAL_API_KEY", "x")
    assert _is_cloud("proxy.internal:7233")
    missing = await Client.connect(temporal_client.service_client.config.target_host, namespace="not-there")
    item = await _namespace(missing, check=True, cloud=True)
    assert item.state is State.MEND
    assert item.en == "there is no namespace not-there: make it in Temporal Cloud's console, retention 90 days"


def test_clocks_that_are_apart_are_told() -> None:
    now = datetime.now(UTC)
    for apart, state in ((0, State.OK), (1.9, State.OK), (3, State.MEND), (-3, State.MEND)):
        item = clock_item("clock-postgres", "PostgreSQL", now + timedelta(seconds=apart), now, now)
        assert item.state is state
    assert item.en.startswith("the clocks of PostgreSQL and this machine are 3.0 s apart")


@pytest.fixture
def postgres_15() -> Iterator[str]:
    """The address of a server of the oldest supported version, with an empty database."""
    folder_of = Path(program("/usr/lib/postgresql/15/bin/postgres", "postgresql-15")).parent
    as_other = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    with temporary_directory() as place:
        data = place / "data"
        data.mkdir()
        if as_other:
            shutil.chown(data, "nobody", "nogroup")
            shutil.chown(place, "nobody", "nogroup")
        (port,) = free_ports(1)
        quiet = {"cwd": place, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **as_other}
        subprocess.run(
            [folder_of / "initdb", "-D", data, "-U", "owner", "--auth=trust", "--locale=C.UTF-8", "--no-sync"],
            check=True, **quiet,  # type: ignore[call-overload]
        )  # fmt: skip
        options = f"-p {port} -h 127.0.0.1 -k {place} -F"
        server = subprocess.Popen([folder_of / "postgres", "-D", data, *options.split()], **quiet)  # type: ignore[call-overload]
        address = f"postgresql://owner@127.0.0.1:{port}/postgres"
        try:
            asyncio.run(_answering(address))
            yield address
        finally:
            server.terminate()
            server.wait(30)


async def _answering(address: str) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                return await (await psycopg.AsyncConnection.connect(address)).close()
            except psycopg.OperationalError:
                await asyncio.sleep(0.05)


def test_the_oldest_supported_server_takes_the_tables(
    own: Run, postgres_15: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDLOOP_DATABASE_URL", postgres_15)
    found = states(own)[1]
    assert found["database"][1].startswith("PostgreSQL 15")
    assert found["tables"] == ("made", f"revision — → {HEAD} of the tables")
    assert found["text"][0] == "ok"
    assert states(own, "--check")[1]["tables"][0] == "ok"
