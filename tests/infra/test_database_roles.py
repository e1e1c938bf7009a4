"""The role that runs the system can do its work, and can't change what was recorded."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.archive import open_archive
from infra.database import open_database
from infra.database_roles import grant_runtime
from infra.embedded.postgres_roles import OWNER_ROLE, RUNTIME_ROLE, ensure_roles, role_password
from infra.migrate import downgrade, upgrade
from models.tables import metadata
from services.archive.retire import BUNDLED_FOR, retire_cases
from services.auditing.audit import audit
from services.history.anchors import make_anchors
from services.history.verify import verify_store
from tests.builders import small_park
from tests.old_cases import put_old_cases
from tests.scenarios import hard_life, passed_on, plain_life
from tests.town import Town, running_town, town_settings

PASSWORD = "for-tests"


def as_role(url: str, role: str) -> str:
    """The URL of the same database for a role."""
    head, _, tail = url.rpartition("@")
    return f"postgresql://{role}:{role_password(PASSWORD, role)}@{tail}" if head else url


@pytest.fixture
async def urls(database_url: str) -> dict[str, str]:
    """The database, migrated by a superuser as an earlier version did it, taken over by the roles."""
    name = database_url.rpartition("/")[2]
    await ensure_roles(database_url, PASSWORD, name)
    await ensure_roles(database_url, PASSWORD, name)
    owner = as_role(database_url, OWNER_ROLE)
    await asyncio.to_thread(grant_runtime, owner, RUNTIME_ROLE)
    return {"owner": owner, "runtime": as_role(database_url, RUNTIME_ROLE)}


@pytest.fixture
async def town(
    engine: AsyncEngine, urls: dict[str, str], temporal_client: Client, tmp_path: Path
) -> AsyncIterator[Town]:
    """The tiny park with worker and services that use the runtime role."""
    settings = town_settings(urls["runtime"]).model_copy(update={"data_dir": tmp_path})
    runtime = open_database(settings)
    try:
        async with running_town(runtime, temporal_client, settings) as running:
            yield running
    finally:
        await runtime.dispose()


async def test_the_runtime_role_is_enough_for_every_command(town: Town) -> None:
    for play in (plain_life, hard_life, passed_on):
        await play(town)
    settings = town.resources.settings
    await make_anchors(town.engine, settings, today=True)
    assert (await verify_store(town.engine, settings)).findings == ()
    await audit(town.resources)


async def test_the_runtime_role_removes_facts_of_retired_cases_only(
    engine: AsyncEngine, urls: dict[str, str], tmp_path: Path
) -> None:
    await small_park(engine)
    numbers = await put_old_cases(engine, [{}, {}])
    (young,) = await put_old_cases(engine, [{}], years=1)
    with psycopg.connect(urls["runtime"], autocommit=True) as connection:
        ids = {row[1]: row[0] for row in connection.execute("SELECT report_id, case_no FROM cases")}
        retire = "SELECT retire_cases(%s)"
        for number in (*numbers, young):  # not without a row of the same last hash
            with pytest.raises(psycopg.Error, match="may not be retired"):
                connection.execute(retire, ([ids[number]],))
        copy = (
            "INSERT INTO retired_cases SELECT c.report_id, c.case_no, c.seq, {}, 'x', c.grid, '{{}}', c.category,"
            " c.source, NULL, NULL, '{{}}', NULL, '{{}}', false, c.reported_by, 'h', NULL, NULL, '{{}}', now(), now(),"
            " now()"
            " FROM cases c JOIN fact_hashes h ON h.origin = c.report_id AND h.seq = c.seq WHERE c.case_no = %s"
        )
        connection.execute(copy.format("sha256(h.hash)").encode(), (numbers[0],))
        connection.execute(copy.format("h.hash").encode(), (young,))
        for number in (numbers[0], young):  # not of another one, and not before its time
            with pytest.raises(psycopg.Error, match="may not be retired"):
                connection.execute(retire, ([ids[number]],))
        for statement in ("DELETE FROM facts", "DELETE FROM fact_hashes", "DELETE FROM retired_cases",
                          "UPDATE retired_cases SET head = ''"):  # fmt: skip
            connection.execute("SELECT set_config('gridloop.retiring', 'on', false)")
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement.encode())
    settings = town_settings(urls["runtime"]).model_copy(update={"data_dir": tmp_path})
    runtime = open_database(settings)
    now = datetime.now(UTC)
    try:
        for at in (now, now + BUNDLED_FOR):
            done = await retire_cases(runtime, open_archive(settings), 2, at, pause=timedelta(0))
    finally:
        await runtime.dispose()
    assert (done.retired, done.faults) == (1, (numbers[0],))


@pytest.mark.parametrize("table", ["facts", "matter_facts", "fact_hashes", "anchors", "retired_cases"])
def test_the_runtime_role_can_t_change_facts(urls: dict[str, str], table: str) -> None:
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}", f"ALTER TABLE {table} DISABLE TRIGGER USER",
                      f"UPDATE {table} SET {'number' if table == 'anchors' else 'seq'} = 1"):  # fmt: skip
        with psycopg.connect(urls["runtime"]) as connection, pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement.encode())


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (a int)",
        "COPY people TO PROGRAM 'cat'",
        "CREATE ROLE other",
        "SELECT pg_read_file('/etc/passwd')",
        "DROP TABLE notices",
        "UPDATE alembic_version SET version_num = '0001'",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_the_runtime_role_is_no_more_than_it_must_be(urls: dict[str, str], statement: str) -> None:
    with psycopg.connect(urls["runtime"]) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_the_owner_migrates_and_is_no_superuser(urls: dict[str, str], empty_database_url: str) -> None:
    asyncio.run(ensure_roles(empty_database_url, PASSWORD, empty_database_url.rpartition("/")[2]))
    fresh = as_role(empty_database_url, OWNER_ROLE)
    # Extensions that a superuser has made stay: the owner can't drop those.
    for url, revision in ((fresh, "base"), (urls["owner"], "0022")):
        upgrade(url)
        downgrade(url, revision)
        upgrade(url)
        grant_runtime(url, RUNTIME_ROLE)
        with psycopg.connect(url) as connection:
            roles = connection.execute("SELECT bool_or(rolsuper) FROM pg_roles WHERE rolname LIKE 'gridloop\\_%'")
            assert roles.fetchone() == (False,)
            owners = connection.execute(
                "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
            assert owners == [(OWNER_ROLE,)]


def test_every_table_can_be_read_and_added_to(urls: dict[str, str]) -> None:
    with psycopg.connect(urls["runtime"]) as connection:
        for table in metadata.tables:
            for right in ("SELECT", "INSERT"):
                row = connection.execute("SELECT has_table_privilege(%s, %s)", (table, right)).fetchone()
                assert row == (True,), (table, right)
