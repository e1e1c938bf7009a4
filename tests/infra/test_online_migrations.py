"""Revisions run while others work: none keeps them waiting for long."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import OperationalError

from infra.migrate import upgrade
from migrations.online import create_index, drop_index

#: From here on revisions are held to the rules for a running system; those before were made for small databases.
BASE = "0037"
#: What squawk says of style, and what `migrations.env` sees to for all revisions.
NOT_ASKED = (
    "prefer-robust-stmts", "prefer-bigint-over-int", "prefer-bigint-over-smallint", "prefer-text-field",
    "prefer-timestamptz", "prefer-identity", "require-statement-timeout", "require-lock-timeout", "ban-drop-table",
    "ban-drop-column",
)  # fmt: skip
#: A revision that stops everybody, as nobody should write it.
STOPS_EVERYBODY = "CREATE INDEX all_wait ON cases (updated_at);\nALTER TABLE cases ALTER COLUMN due_at SET NOT NULL;"


def complaints(script: str, place: Path) -> list[str]:
    """What the linter of migrations says of a script."""
    file = place / "revisions.sql"
    file.write_text(script)
    linter = Path(sys.executable).with_name("squawk")
    command = [str(linter), "--reporter", "gcc", "--exclude", ",".join(NOT_ASKED), str(file)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    return [line.partition("warning: ")[2] or line for line in said.stdout.splitlines()]


@contextmanager
def written_down() -> Iterator[list[str]]:
    """Every statement that is executed in the block."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(re.sub(r"%\(\w+\)s(::\w+)?", "NULL", statement).strip().rstrip(";") + ";")

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_no_later_revision_stops_those_who_work(empty_database_url: str, tmp_path: Path) -> None:
    upgrade(empty_database_url, BASE)
    with written_down() as statements:
        upgrade(empty_database_url)
    changes = [one for one in statements if re.match(r"CREATE|ALTER|DROP|UPDATE|DELETE|INSERT", one, re.IGNORECASE)]
    assert complaints("\n".join(changes), tmp_path) == []


def test_a_revision_that_would_is_named(tmp_path: Path) -> None:
    assert [line.split()[0] for line in complaints(STOPS_EVERYBODY, tmp_path)] == [
        "require-concurrent-index-creation",
        "adding-not-nullable-field",
    ]


def test_a_revision_waits_for_a_long_transaction_without_keeping_others(empty_database_url: str) -> None:
    upgrade(empty_database_url, "0036")
    url = empty_database_url
    with psycopg.connect(url) as long, psycopg.connect(url, autocommit=True) as other:
        long.execute("LOCK TABLE cases IN ROW EXCLUSIVE MODE")
        with pytest.raises(OperationalError, match="lock timeout"):
            upgrade(url, BASE, patience=timedelta(0))
        upgrading = threading.Thread(target=upgrade, args=(url, BASE))
        upgrading.start()
        # Whoever comes after the waiting revision waits no longer than its lock timeout.
        other.execute("SET statement_timeout = '20s'")
        other.execute("UPDATE cases SET updated_at = now()")
        assert upgrading.is_alive()
        long.rollback()
        upgrading.join(60)
        revision = other.execute("SELECT version_num FROM alembic_version").fetchone()
    assert revision == (BASE,)


def test_an_index_is_made_beside_writers_and_after_a_try_that_failed(empty_database_url: str) -> None:
    url = empty_database_url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE told (number int)")
        connection.execute("INSERT INTO told VALUES (1), (1)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("CREATE UNIQUE INDEX CONCURRENTLY told_number ON told (number)")
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        with engine.connect() as migrating, Operations.context(MigrationContext.configure(migrating)):
            create_index("told_number", "told", "(number)")
            create_index("told_number", "told", "(number)")
            valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('told_number')"
            assert connection.execute(valid).fetchall() == [(True,)]
            drop_index("told_number")
            assert connection.execute(valid).fetchall() == []
        engine.dispose()
