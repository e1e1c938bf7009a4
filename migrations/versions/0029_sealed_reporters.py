"""Reporters' records encrypted, each under a key of its own.

The master key is not the database's: rows in clear are encrypted by the first process that starts (`keys encrypt`).

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_CLEAR_OR_SEALED = "ciphertext IS NULL OR (name IS NULL AND phone IS NULL)"


def upgrade() -> None:
    """Adds the columns of the sealed record."""
    for name in ("nonce", "ciphertext", "wrapped_key"):
        op.add_column("reporters", sa.Column(name, sa.LargeBinary))
    op.add_column("reporters", sa.Column("key_id", sa.Text))
    op.add_column("reporters", sa.Column("erased_at", sa.TIMESTAMP(timezone=True)))
    op.create_check_constraint("reporters_clear_or_sealed", "reporters", _CLEAR_OR_SEALED)
    op.create_index(
        "reporters_key", "reporters", ["key_id", "id"], postgresql_where=sa.text("wrapped_key IS NOT NULL")
    )
    op.create_index("reporters_clear", "reporters", ["id"], postgresql_where=sa.text("ciphertext IS NULL"))


def downgrade() -> None:
    """Drops them, and with them every record that is sealed: they can't be opened here."""
    op.drop_index("reporters_clear", "reporters")
    op.drop_index("reporters_key", "reporters")
    op.drop_constraint("reporters_clear_or_sealed", "reporters")
    for name in ("erased_at", "key_id", "wrapped_key", "ciphertext", "nonce"):
        op.drop_column("reporters", name)
