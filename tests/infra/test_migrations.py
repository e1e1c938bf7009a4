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


# Alembic can't compare an index on an expression with an operator class.
pytestmark = pytest.mark.filterwarnings("ignore:Expression #1 .* in index 'case_words_.*':UserWarning")

#: A case as revision 0013 stores it, without its park and people: only its text matters.
OLD_CASE = """
    SET session_replication_role = replica;
    INSERT INTO cases (report_id, case_no, seq, state, stage, round, category, severity, source, title, description,
        grid, grid_path, level, departments, reported_by, anonymous, external_number, content_hash, occurred_at,
        reported_at, received_at, updated_at, policy_version, provisional, late_stages, failed_reviews, returns,
        extended, exempt)
    VALUES (gen_random_uuid(), 'K1', 1, '{}', 'receive', 1, '0103', 'ordinary', 'grid_worker', 'ＬＥＤ灯', '發現積水',
        'g', 'g', 4, '{}', gen_random_uuid(), false, 'LT-1', '', now(), now(), now(), now(), 1, false, '{}', 0, 0,
        false, false)
"""


#: Open tasks of two cases as revision 0051 stores them; the second was reopened before.
OLD_TASKS = """
    SET session_replication_role = replica;
    INSERT INTO cases (report_id, case_no, seq, state, stage, round, category, severity, source, title, description,
        grid, grid_path, level, departments, reported_by, anonymous, content_hash, occurred_at, reported_at,
        received_at, updated_at, policy_version, provisional, late_stages, failed_reviews, returns, extended, exempt)
    SELECT md5('K' || n)::uuid, 'K' || n, 1, jsonb_build_object('reopenings', n), 'closed', 1, '0103', 'ordinary',
        'grid_worker', '', '', 'g', 'g', 4, '{}', gen_random_uuid(), false, '', now(), now(), now(), now(), 1, false,
        '{}', 0, 0, false, false
    FROM generate_series(0, 1) n;
    INSERT INTO tasks (report_id, key, kind, assignee_kind, assignee_id)
    SELECT md5('K' || n)::uuid, kind, kind, 'unit', 'g' FROM generate_series(0, 1) n,
        unnest(ARRAY['decide_return', 'decide_extension', 'decide_suspension', 'decide_reopen', 'decide_appeal']) kind
"""


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
        connection.execute("DROP INDEX cases_closed, cases_due")
    assert {change[1].name for change in differences(database_url)} == {"cases_closed", "cases_due"}


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


def test_words_of_cases_are_found_by_pairs_of_characters(database_url: str) -> None:
    query = "SELECT search_pairs('道路 led灯 灯')::text, search_pairs('')::text"
    assert rows(database_url, query) == [("'d灯' 'ed' 'le' '灯' '路' '道路'", "")]
    indexes = rows(database_url, "SELECT indexdef FROM pg_indexes WHERE tablename = 'case_words'")
    assert any("USING gin (search_pairs(words))" in index for (index,) in indexes)


def test_cases_from_before_get_their_words(empty_database_url: str) -> None:
    upgrade(empty_database_url, "0013")
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(OLD_CASE)
    upgrade(empty_database_url)
    assert rows(empty_database_url, "SELECT case_no, words FROM case_words") == [("K1", "led灯 发现积水 lt-1")]


def test_open_tasks_that_take_a_supervisor_say_so(empty_database_url: str) -> None:
    upgrade(empty_database_url, "0051")
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(OLD_TASKS)
    upgrade(empty_database_url)
    found = rows(
        empty_database_url,
        "SELECT case_no, kind FROM tasks JOIN cases USING (report_id) WHERE role = 'supervisor' ORDER BY 1, 2",
    )
    always = ("decide_appeal", "decide_suspension")
    assert found == [
        *(("K0", kind) for kind in always),
        *(("K1", kind) for kind in (always[0], "decide_reopen", always[1])),
    ]
    assert rows(empty_database_url, "SELECT count(*) FROM tasks WHERE role IS NULL") == [(5,)]
