"""Mailboxes: what people are told outside the pages.

Revision ID: 0043
Revises: 0042
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.online import create_index

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = postgresql.JSONB(none_as_null=True)
TEXTS = postgresql.ARRAY(sa.Text)
PERSON = "people.id"


def upgrade() -> None:
    """Adds the tables."""
    op.create_table(
        "mail_intake",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("receiver_kind", sa.String, nullable=False),
        sa.Column("receiver", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=True),
        sa.Column("origin_kind", sa.String, nullable=False),
        sa.Column("origin_id", sa.Uuid, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("ground", sa.String, nullable=True),
        sa.Column("place", sa.String, nullable=False),
        sa.Column("path", TEXTS, nullable=False),
        sa.Column("actor", sa.Uuid, nullable=True),
        sa.Column("detail", JSON, nullable=False),
    )
    op.create_table(
        "mail_items",
        sa.Column("person", sa.Uuid, sa.ForeignKey(PERSON), primary_key=True),
        sa.Column("origin_id", sa.Uuid, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("origin_kind", sa.String, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("ground", sa.String, nullable=True),
        sa.Column("place", sa.String, nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("why", sa.String, nullable=True),
        sa.Column("until", MOMENT, nullable=True),
        sa.Column("message", sa.Uuid, nullable=True),
        sa.Column("read_at", MOMENT, nullable=True),
        sa.Column("woken_at", MOMENT, nullable=True),
    )
    op.create_table(
        "mail_messages",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person", sa.Uuid, sa.ForeignKey(PERSON), nullable=False),
        sa.Column("form", sa.String, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("opening", sa.Boolean, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("channels", TEXTS, nullable=False),
        sa.Column("place", sa.String, nullable=True),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.Column("named", JSON, nullable=False),
        sa.Column("repeats", sa.Uuid, nullable=True),
        sa.Column("started_at", MOMENT, nullable=True),
    )
    op.create_table(
        "mailboxes",
        sa.Column("person", sa.Uuid, sa.ForeignKey(PERSON), primary_key=True),
        sa.Column("storms", JSON, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("wake_at", MOMENT, nullable=True),
    )
    op.create_table(
        "mail_settings",
        sa.Column("person", sa.Uuid, sa.ForeignKey(PERSON), primary_key=True),
        sa.Column("content", JSON, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
    )
    op.create_table(
        "mail_addresses",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person", sa.Uuid, sa.ForeignKey(PERSON), nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("hint", sa.String, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary, nullable=True),
        sa.Column("key_id", sa.String, nullable=True),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("off", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("verified_at", MOMENT, nullable=True),
        sa.Column("code", sa.LargeBinary, nullable=True),
        sa.Column("code_until", MOMENT, nullable=True),
        sa.Column("tries", sa.Integer, nullable=False),
    )

    create_index("mail_items_new", "mail_items", "(at) WHERE state = 'new'")
    create_index("mail_items_waiting", "mail_items", "(person) WHERE state IN ('new', 'waiting')")
    create_index("mail_items_person", "mail_items", "(person, at)")
    create_index("mail_items_message", "mail_items", "(message) WHERE message IS NOT NULL")
    create_index("mail_messages_person", "mail_messages", "(person, at)")
    create_index("mail_messages_unstarted", "mail_messages", "(at) WHERE started_at IS NULL")
    create_index("mailboxes_wake", "mailboxes", "(wake_at) WHERE wake_at IS NOT NULL")
    create_index("mail_addresses_person", "mail_addresses", "(person, rank)")


def downgrade() -> None:
    """Takes them away again."""
    for table in ("mail_addresses", "mail_settings", "mailboxes", "mail_messages", "mail_items", "mail_intake"):
        op.drop_table(table)
