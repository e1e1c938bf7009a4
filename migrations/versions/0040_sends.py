"""Channels, web hooks, browsers that take pushes; sends and their attempts.

Revision ID: 0040
Revises: 0039
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from migrations.online import create_index

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
#: Columns that are not written down, and one of which a digest is.
_SECRETS = "'wrapped_key key_id', 'sealed'"
_EVENTS = (
    ("INSERT", "NEW TABLE AS fresh"),
    ("UPDATE", "OLD TABLE AS stale NEW TABLE AS fresh"),
    ("DELETE", "OLD TABLE AS stale"),
)


def upgrade() -> None:
    """Adds the tables; changes of channels and of web hooks are written down with the other changes."""
    op.create_table(
        "channels",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("config", JSONB(none_as_null=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("wrapped_key", sa.LargeBinary()),
        sa.Column("key_id", sa.String()),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "hook_subscriptions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("channel", sa.String(), sa.ForeignKey("channels.id"), nullable=False),
        sa.Column("kinds", ARRAY(sa.Text()), nullable=False),
        sa.Column("grid", sa.String(), sa.ForeignKey("grid_units.code"), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "push_subscriptions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("person", sa.Uuid(), sa.ForeignKey("people.id"), nullable=False),
        sa.Column("digest", sa.String(), nullable=False, unique=True),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "sends",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("about", sa.String()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT),
        sa.Column("channel", sa.String()),
        sa.Column("far_id", sa.String()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("wrapped_key", sa.LargeBinary()),
        sa.Column("key_id", sa.String()),
    )
    op.create_table(
        "send_attempts",
        sa.Column("send", sa.String(), sa.ForeignKey("sends.key", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("route", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("begun_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT),
        sa.Column("outcome", sa.String()),
        sa.Column("status", sa.Integer()),
        sa.Column("code", sa.String()),
        sa.Column("answer", sa.String()),
        sa.Column("far_id", sa.String()),
        sa.Column("again_at", _MOMENT),
    )
    for table, hidden in (("channels", _SECRETS), ("hook_subscriptions", "'', ''")):
        for event, rows in _EVENTS:
            op.execute(
                f"CREATE TRIGGER {table}_noted_{event.lower()} AFTER {event} ON {table} REFERENCING {rows}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION note_admin_action('id', {hidden})"
            )
    create_index("ix_hook_subscriptions_channel", "hook_subscriptions", "(channel)")
    create_index("ix_push_subscriptions_person", "push_subscriptions", "(person)")
    create_index("sends_created", "sends", "(created_at, key)")
    create_index("sends_open", "sends", "(created_at) WHERE status IN ('waiting', 'unclear')")
    create_index("sends_about", "sends", "(about) WHERE about IS NOT NULL")
    create_index("send_attempts_channel", "send_attempts", "(channel, begun_at)")


def downgrade() -> None:
    """Drops them."""
    for table in ("send_attempts", "sends", "push_subscriptions", "hook_subscriptions", "channels"):
        op.drop_table(table)
