"""The hash of every fact, for cases and matters, and the anchors. Facts from before get their hashes.

Revision ID: 0023
Revises: 0022
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from rules.history.chain import fact_record, link_records

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_COLUMNS = "seq, at, kind, version, actor, command_id, command, digest, body"
#: Facts fetched at a time.
_CHUNK = 2_000


def upgrade() -> None:
    """Adds the tables and fills the hashes."""
    op.create_table(
        "fact_hashes",
        sa.Column("origin", sa.Uuid, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "anchors",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_anchors_day", "anchors", ["day"])
    connection = op.get_bind()
    for table, origin in (("facts", "report_id"), ("matter_facts", "matter_id")):
        _fill(connection, table, origin)
    # After filling, which is quicker without it.
    op.create_primary_key("fact_hashes_pkey", "fact_hashes", ["origin", "seq"])
    op.execute("""
        CREATE TRIGGER fact_hashes_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON fact_hashes
        FOR EACH STATEMENT EXECUTE FUNCTION facts_stay()
    """)
    op.execute("""
        CREATE TRIGGER anchors_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON anchors
        FOR EACH STATEMENT EXECUTE FUNCTION facts_stay()
    """)


def _fill(connection: sa.Connection, table: str, origin: str) -> None:
    """Copy the hashes of all facts of `table` in, chunk by chunk."""
    query = sa.text(f"SELECT {origin} AS origin, {_COLUMNS} FROM {table} ORDER BY {origin}, seq").execution_options(
        yield_per=_CHUNK
    )
    batch: list[dict[str, Any]] = []
    for hashed in _hashes(connection.execute(query)):
        batch.append(hashed)
        if len(batch) >= _CHUNK:
            _insert(connection, batch)
    _insert(connection, batch)


def _hashes(rows: Any) -> Iterator[dict[str, Any]]:
    for origin, group in groupby(rows, key=lambda row: row.origin):
        for link in link_records((_record(origin, row) for row in group), None):
            yield {"origin": origin, "seq": link.seq, "hash": link.hash}


def _record(origin: UUID, row: Any) -> dict[str, Any]:
    return fact_record(
        origin=origin, seq=row.seq, at=row.at, kind=row.kind, version=row.version, actor=row.actor,
        command_id=row.command_id, command=row.command, digest=row.digest, body=row.body,
    )  # fmt: skip


def _insert(connection: sa.Connection, batch: list[dict[str, Any]]) -> None:
    if batch:
        connection.execute(
            sa.text("INSERT INTO fact_hashes (origin, seq, hash) VALUES (:origin, :seq, :hash)"), list(batch)
        )
        batch.clear()


def downgrade() -> None:
    """Drops them."""
    op.drop_table("anchors")
    op.drop_table("fact_hashes")
