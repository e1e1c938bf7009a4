"""A worker of an earlier version records beside the migrated database: it leaves columns added later out of its
statements, and writes NULL into them where a statement fills whole rows from records."""

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.migrate import upgrade
from tests.builders import FIRE
from tests.servers import ROOT
from tests.town import running_town, town_settings

#: The newest revision that every earlier version knows which may still run beside this one.
BASE = "0022"
_COLUMNS = """
    SELECT table_name, column_name, is_nullable = 'YES', column_default IS NOT NULL OR is_identity = 'YES'
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
"""

Column = tuple[str, str]
#: Whether a column takes NULL by itself, and whether it has a default.
Columns = dict[Column, tuple[bool, bool]]


def columns(url: str) -> Columns:
    """The columns of all tables."""
    with psycopg.connect(url) as connection:
        return {(table, name): (null, default) for table, name, null, default in connection.execute(_COLUMNS)}


def filled_tables(folder: Path = ROOT / "infra") -> frozenset[str]:
    """The tables that some statement of a worker fills with whole rows from records, as our code has it."""
    said = "\n".join(path.read_text() for path in folder.rglob("*.py"))
    return frozenset(re.findall(r"jsonb_populate_record(?:set)?\(NULL::\"?(\w+)", said))


@pytest.fixture
def later(empty_database_url: str) -> Columns:
    """The columns that were added after `BASE` to tables that it has."""
    upgrade(empty_database_url, BASE)
    before = columns(empty_database_url)
    upgrade(empty_database_url)
    tables = {table for table, _ in before}
    return {
        name: kind for name, kind in columns(empty_database_url).items() if name[0] in tables and name not in before
    }


def test_the_tables_that_are_filled_from_records_are_found() -> None:
    assert filled_tables() >= {"cases", "case_words", "facts", "tasks", "matters", "matter_facts", "duties", "notices"}


def test_a_column_added_later_may_be_left_out(later: Columns) -> None:
    assert later, "nothing was added since the base: raise it"
    assert [name for name, (null, default) in later.items() if not null and not default] == []


def filling(url: str) -> set[Column]:
    """The columns in which the trigger `fill_default` puts the default in place of NULL."""
    query = """
        SELECT c.relname, encode(t.tgargs, 'escape')
        FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid
        WHERE p.proname = 'fill_default'
    """
    with psycopg.connect(url) as connection:
        return {(table, said.removesuffix("\\000")) for table, said in connection.execute(query)}


def test_a_column_added_later_to_a_table_filled_from_records_takes_null(later: Columns, database_url: str) -> None:
    refusing = {name for name, (null, _) in later.items() if name[0] in filled_tables() and not null}
    assert refusing <= filling(database_url), "make them nullable, or give them the trigger fill_default"


async def test_the_default_takes_the_place_of_null(
    engine: AsyncEngine, database_url: str, temporal_client: Client, later: Columns
) -> None:
    """Each row of a recorded case once more, as a version of before would write it."""
    async with running_town(engine, temporal_client, town_settings(database_url)) as town:
        no = await town.report()
        await town.do("duty", no, "accept")
        await town.do("duty", no, "dispatch", host=FIRE)
    tables = {table for table, _ in later} & filled_tables()
    assert "cases" in tables
    new = {"report_id": "00000000-0000-4000-8000-000000000001", "case_no": "K-1"}
    written: dict[str, dict[str, Any]] = {}
    with psycopg.connect(database_url) as connection:
        for table in sorted(tables, key=lambda name: name != "cases"):
            unknown = [name for name in later if name[0] == table]
            query = sql.SQL("""
                INSERT INTO {table} SELECT n.* FROM (SELECT * FROM {table} LIMIT 1) t,
                    jsonb_populate_record(NULL::{table}, (to_jsonb(t) - %(unknown)s::text[]) || %(new)s) n
                RETURNING to_jsonb({table}.*)
            """).format(table=sql.Identifier(table))
            values = {"unknown": [name for _, name in unknown], "new": Jsonb(new)}
            (row,) = connection.execute(query, values).fetchone() or ({},)
            written[table] = {name: row[name] for _, name in unknown}
    for (table, name), (null, _) in later.items():
        if table in tables:
            assert null or written[table][name] is not None, (table, name)
    assert written["cases"]["recused"] == []
