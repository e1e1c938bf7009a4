"""Addresses of the database as providers hand them out, and what is said of those that can't be read."""

import os
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr, ValidationError
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from infra.database import is_away, open_database, reason
from infra.database_url import parse_address, shown_address, with_database
from infra.settings import Settings
from infra.settings_faults import setting_faults


def settings(address: str, **more: object) -> Settings:
    known = {"database_url": SecretStr(address), "token_secret": SecretStr("0" * 64), "database_pool": 1}
    return Settings.model_validate({**known, **more})


async def ask(config: Settings, query: str = "SELECT current_database()") -> object:
    engine = open_database(config)
    try:
        async with engine.connect() as connection:
            return await connection.scalar(text(query))
    finally:
        await engine.dispose()


@pytest.fixture
def parts(database_url: str) -> dict[str, str]:
    return {name: str(value) for name, value in conninfo_to_dict(database_url).items()}


@pytest.mark.parametrize(
    "form",
    [
        "postgresql://{user}:{password}@{host}:{port}/{dbname}",
        "postgres://{user}:{password}@{host}:{port}/{dbname}",
        "postgres://{user}:{password}@{host}:{port}/{dbname}?sslmode=prefer&application_name=ours",
        "postgresql://{user}:{password}@127.0.0.1:1,{host}:{port}/{dbname}?target_session_attrs=read-write",
        "postgresql:///{dbname}?host={host}&port={port}&user={user}&password={password}",
        "host={host} port={port} user={user} password={password} dbname={dbname}",
        "postgresql:///?service=of_ours",
    ],
)
async def test_every_form_connects(
    parts: dict[str, str], form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = tmp_path / "services"
    service.write_text("[of_ours]\n" + "".join(f"{name}={value}\n" for name, value in parts.items()))
    monkeypatch.setenv("PGSERVICEFILE", str(service))
    assert await ask(settings(form.format(**parts))) == parts["dbname"]
    assert await ask(settings(form.format(**parts)), "SHOW timezone") == "UTC"


async def test_of_several_hosts_the_one_that_writes_is_chosen(parts: dict[str, str], database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {parts['dbname']} SET default_transaction_read_only = on".encode())
    with pytest.raises(OperationalError) as told:
        await ask(settings(f"{database_url}?target_session_attrs=read-write"))
    assert is_away(told.value)
    assert "read-only" in reason(told.value)


async def test_the_password_is_read_from_its_file_at_each_connection(parts: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "password"
    address = "postgresql://{user}@{host}:{port}/{dbname}".format(**parts)
    config = settings(address, database_password_file=file)
    file.write_text("not this one\n")
    with pytest.raises(OperationalError) as told:
        await ask(config)
    assert 'password authentication failed for user "gridloop"' in reason(told.value)
    file.write_text(f"{parts['password']}\nanother line\n")
    assert await ask(config) == parts["dbname"]
    with psycopg.connect(config.database) as connection:
        assert connection.info.dbname == parts["dbname"]


async def test_a_certificate_that_must_be_checked_is_checked(database_url: str, tmp_path: Path) -> None:
    """The server of the tests has no TLS: it is not taken where the address asks for it."""
    root = tmp_path / "root.crt"
    root.write_text("")
    with pytest.raises(OperationalError) as told:
        await ask(settings(f"{database_url}?sslmode=verify-full&sslrootcert={root}"))
    assert "SSL" in reason(told.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"dbname": "nowhere"}, 'database "nowhere" does not exist'),
        ({"password": "wrong"}, "password authentication failed"),
        ({"port": "1"}, "Connection refused"),
        ({"host": "no.such.host.invalid"}, "no.such.host.invalid"),
    ],
)
async def test_the_servers_own_sentence_is_told(parts: dict[str, str], change: dict[str, str], sentence: str) -> None:
    address = "postgresql://{user}:{password}@{host}:{port}/{dbname}".format(**{**parts, **change})
    with pytest.raises(OperationalError) as told:
        await ask(settings(address))
    assert is_away(told.value)
    assert sentence in reason(told.value)
    assert parts["password"] not in reason(told.value)


async def test_too_many_connections_are_told(parts: dict[str, str], database_url: str) -> None:
    role = f"few_{os.getpid()}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x' CONNECTION LIMIT 0".encode())
    try:
        with pytest.raises(OperationalError) as told:
            await ask(settings("postgresql://{}:x@{host}:{port}/{dbname}".format(role, **parts)))
        assert f'too many connections for role "{role}"' in reason(told.value)
    finally:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(f"DROP ROLE {role}".encode())


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("mysql://u:zebra@h/db", "GRIDLOOP_DATABASE_URL: the address of the database begins with postgresql://"),
        ("postgresql+psycopg://u:zebra@h/db", "not with postgresql+psycopg://"),
        ("h/db", "is like postgresql://user:password@host:5432/gridloop"),
        ("postgresql://u:zebra@h/db?ssl=on", "unknown parameter ssl"),
        ("postgresql://u:ze/bra@h:5432/db", "in percent-encoding"),
        ("postgresql://u:zebra%@h/db", "in percent-encoding"),
        ("host=h pasword=zebra", "unknown parameter pasword"),
    ],
)
def test_an_address_that_cannot_be_read_is_told_without_its_password(address: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as told:
        settings(address)
    (en,), (zh,) = (setting_faults(told.value, language) for language in ("en", "zh"))
    assert sentence in en
    assert zh.startswith("GRIDLOOP_DATABASE_URL: 数据库地址")
    assert "bra" not in f"{en} {zh} {told.value}"


def test_other_settings_are_told_in_one_sentence() -> None:
    with pytest.raises(ValidationError) as told:
        Settings.model_validate({"database_url": "postgresql://h/d", "public_url": "grid.example.gov.cn"})
    assert set(setting_faults(told.value, "en")) == {
        "GRIDLOOP_TOKEN_SECRET is not set",
        "GRIDLOOP_PUBLIC_URL: the public URL is an origin like https://grid.example.gov.cn, with its scheme and without"
        " a path",
    }
    assert "GRIDLOOP_PUBLIC_URL: 公开地址须写成" in " ".join(setting_faults(told.value, "zh"))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgres://u:p@h/d", "postgresql://u@h/d"),
        ("postgresql://u:p@a:1,b:2/d?sslmode=require", "postgresql://u@a:1,b:2/d"),
        ("postgresql:///?service=s", "postgresql:///?service=s"),
    ],
)
def test_an_address_is_shown_without_password(address: str, shown: str) -> None:
    assert shown_address(address) == shown


def test_another_database_of_the_same_servers() -> None:
    other = parse_address(with_database("postgres://u:p%20w@a:1,b:2/d?sslmode=require", "e"))
    assert other == {
        "user": "u", "password": "p w", "host": "a,b", "port": "1,2", "dbname": "e", "sslmode": "require"
    }  # fmt: skip
