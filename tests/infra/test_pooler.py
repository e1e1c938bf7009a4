"""A real PgBouncer before the database: one that keeps sessions serves, one that lends them per transaction is
refused, by each new connection and at the start of each process."""

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

import cli.app
import worker
from api.__main__ import serve
from infra.database import is_away, open_database, open_recording_engine, reason
from infra.embedded.ports import free_ports
from infra.pooler import TransactionPooler
from infra.settings import Settings, settings as process_settings
from infra.starting import EXIT_CONFIG
from tests.debian import program
from tests.servers import temporary_directory

#: Starts a pooler in a mode and returns the address of the test's database behind it.
Pooler = Callable[..., str]


@pytest.fixture
def pooler(database_url: str) -> Iterator[Pooler]:
    running: list[subprocess.Popen[bytes]] = []
    real = conninfo_to_dict(database_url)
    with temporary_directory() as folder:

        def start(mode: str, more: str = "") -> str:
            port = free_ports(1)[0]
            (folder / "users").write_text(f'"{real["user"]}" "{real["password"]}"\n')
            file = folder / f"{port}.ini"
            file.write_text(
                f"[databases]\n* = host={real['host']} port={real['port']}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
                f"listen_port = {port}\nauth_type = scram-sha-256\nauth_file = {folder / 'users'}\n"
                f"pool_mode = {mode}\nunix_socket_dir =\n{more}\n"
            )
            for made in (folder / "users", file):
                made.chmod(0o644)
            as_other = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
            command = [program("pgbouncer", "pgbouncer"), "-q", str(file)]
            running.append(subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=folder, **as_other))  # type: ignore[call-overload]
            _wait_for(port)
            return f"postgresql://{real['user']}:{real['password']}@127.0.0.1:{port}/{real['dbname']}"

        yield start
        for process in running:
            process.terminate()
            process.wait(10)


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            assert time.monotonic() < until, "PgBouncer did not start"
            time.sleep(0.02)


def settings(address: str, **more: object) -> Settings:
    known = {"database_url": SecretStr(address), "token_secret": SecretStr("0" * 64), "database_pool": 3}
    return Settings.model_validate({**known, **more})


@pytest.mark.parametrize("mode", ["transaction", "statement"])
@pytest.mark.parametrize(
    "more",
    ["", "ignore_startup_parameters = options", "ignore_startup_parameters = options\nserver_round_robin = 1"],
    ids=["options-refused", "options-ignored", "going-round"],
)
async def test_a_pooler_of_transactions_is_refused_by_each_connection(pooler: Pooler, mode: str, more: str) -> None:
    address = pooler(mode, more)
    for engine in (open_database(settings(address)), open_recording_engine(settings(address))):
        with pytest.raises(OperationalError) as told:
            async with engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        assert isinstance(told.value.orig, TransactionPooler)
        assert is_away(told.value)
        assert reason(told.value) == TransactionPooler.en
        await engine.dispose()


@pytest.mark.parametrize("more", ["", "ignore_startup_parameters = options", "default_pool_size = 1"])
async def test_a_pooler_of_sessions_serves_with_our_settings_of_the_session(
    pooler: Pooler, more: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.pooler._ANSWER_SECONDS", 0.2)
    config = settings(pooler("session", more), database_pool=1 if "size = 1" in more else 3)
    engine = open_recording_engine(config)
    try:
        async with engine.connect() as connection:
            assert await connection.scalar(text("SHOW plan_cache_mode")) == "force_generic_plan"
            assert await connection.scalar(text("SHOW timezone")) == "UTC"
    finally:
        await engine.dispose()


@pytest.fixture
def pooled(pooler: Pooler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of a process before a pooler of transactions that looks fine."""
    monkeypatch.setenv("GRIDLOOP_DATABASE_URL", pooler("transaction", "ignore_startup_parameters = options"))
    monkeypatch.setenv("GRIDLOOP_TOKEN_SECRET", "0" * 64)
    monkeypatch.setenv("GRIDLOOP_DATA_DIR", str(tmp_path))
    process_settings.cache_clear()
    yield
    process_settings.cache_clear()


@pytest.mark.usefixtures("pooled")
@pytest.mark.parametrize("start", [lambda: serve(FastAPI()), lambda: asyncio.run(worker.main())], ids=["api", "worker"])
def test_a_process_says_so_in_one_sentence_and_ends(
    start: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        start()
    assert ended.value.code == EXIT_CONFIG
    assert capsys.readouterr().err == f"gridloop: {TransactionPooler.en}\n"


@pytest.mark.usefixtures("pooled")
@pytest.mark.parametrize(("language", "sentence"), [("en", TransactionPooler.en), ("zh", TransactionPooler.zh)])
def test_a_command_says_so(language: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDLOOP_LANG", language)
    told = CliRunner().invoke(cli.app.app, ["grids", "list"])
    assert (told.exit_code, told.stderr) == (1, f"{sentence}\n")
