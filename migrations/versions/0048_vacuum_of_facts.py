"""When the tables that are only appended to are vacuumed, also on servers whose settings nobody chose.

Revision ID: 0048
Revises: 0047
"""

from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

_TABLES = ("facts", "fact_hashes", "matter_facts")
#: After this share of new rows: else a fifth of a large table is read at once, and frozen, on some later day. And after
#: this share of deleted ones, so that new rows take the room of retired cases.
_INSERTED, _DELETED = 0.02, 0.05


def upgrade() -> None:
    """Sets them. It waits for no reader and no writer."""
    for table in _TABLES:
        op.execute(
            f"ALTER TABLE {table} SET (autovacuum_vacuum_insert_scale_factor = {_INSERTED},"
            f" autovacuum_vacuum_scale_factor = {_DELETED})"
        )


def downgrade() -> None:
    """Takes them back."""
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} RESET (autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_scale_factor)")
