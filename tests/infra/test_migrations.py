"""The migrations create exactly the tables of the code, and drop them again."""

from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg import errors
from sqlalchemy import create_engine

from infra.migrate import downgrade, upgrade
from models.tables import metadata
from models.tables.columns import Ltree

TABLES = (
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    " AND table_name <> 'alembic_version' ORDER BY 1"
)
LEFT_BEHIND = """
    SELECT 'type ' || typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
       AND typname NOT LIKE '%alembic_version'
    UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


# Alembic can't compare an index on an expression with an operator class; the search test covers it.
pytestmark = pytest.mark.filterwarnings("ignore:Expression #1 .* in index 'cases_search':UserWarning")


def rows(url: str, query: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def differences(url: str) -> list[Any]:
    """The changes that alembic would make to match the database to the code."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.connect() as connection:
            connection.dialect.ischema_names["ltree"] = Ltree  # type: ignore[attr-defined]
            context = MigrationContext.configure(connection, opts={"compare_server_default": True})
            return list(compare_metadata(context, metadata))
    finally:
        engine.dispose()


def test_up_down_up(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    built = rows(empty_database_url, TABLES)
    assert {name for (name,) in built} == set(metadata.tables)

    downgrade(empty_database_url, "base")
    assert rows(empty_database_url, TABLES) == []
    assert rows(empty_database_url, LEFT_BEHIND) == []

    upgrade(empty_database_url)
    assert rows(empty_database_url, TABLES) == built


def test_the_migrated_schema_is_the_one_the_code_knows(database_url: str) -> None:
    assert differences(database_url) == []


def test_a_missing_index_would_be_seen(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("DROP INDEX cases_search, cases_due")
    assert {change[1].name for change in differences(database_url)} == {"cases_search", "cases_due"}


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    upgrade(database_url)
    assert differences(database_url) == []


def test_a_database_that_went_through_the_other_form_of_0010_and_0011_ends_the_same(empty_database_url: str) -> None:
    upgrade(empty_database_url, "0011")
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("DROP INDEX facts_overdue")
        connection.execute("ALTER TABLE cases SET (autovacuum_vacuum_scale_factor = 0.02)")
        connection.execute("ALTER TABLE tasks SET (autovacuum_vacuum_scale_factor = 0.02)")
    upgrade(empty_database_url)
    assert differences(empty_database_url) == []
    shares = "SELECT relname, unnest(reloptions) FROM pg_class WHERE relname IN ('cases', 'tasks') ORDER BY 1"
    set_ = {row for row in rows(empty_database_url, shares) if row[1].startswith("autovacuum_vacuum_scale")}
    assert set_ == {(name, "autovacuum_vacuum_scale_factor=0.01") for name in ("cases", "tasks")}
    downgrade(empty_database_url, "base")
    assert rows(empty_database_url, LEFT_BEHIND) == []


@pytest.mark.parametrize(
    "statement", ["UPDATE facts SET kind = 'x'", "DELETE FROM facts", "TRUNCATE facts", "TRUNCATE cases CASCADE"]
)
def test_facts_can_only_be_appended(database_url: str, statement: str) -> None:
    with (
        psycopg.connect(database_url) as connection,
        pytest.raises(errors.RestrictViolation, match="facts are appended, never changed"),
    ):
        connection.execute(statement.encode())


def test_search_finds_chinese_text(database_url: str) -> None:
    [(trigrams,)] = rows(database_url, "SELECT cardinality(show_trgm('道路积水'))")
    assert trigrams > 0
    [(index,)] = rows(database_url, "SELECT pg_get_indexdef('cases_search'::regclass)")
    assert "USING gin (((((title)::text || ' '::text) || description)) gin_trgm_ops)" in index
